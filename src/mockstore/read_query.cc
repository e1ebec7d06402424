#include "mockstore/read_query.h"

#include "wire/proto_reader.h"
#include "wire/read_request.h"
#include "wire/snappy_block.h"
#include "wire/varint.h"

namespace mread::mockstore {
namespace {

using wire::ProtoReader;
using wire::WireType;

bool is_well_formed(std::string_view query) {
  ProtoReader reader(query);
  while (reader.next()) {
    if (reader.type() != WireType::bytes || (reader.field() != 3 && reader.field() != 4)) continue;
    ProtoReader inner(reader.bytes());
    while (inner.next()) {
    }
    if (!inner.ok()) return false;
  }
  return reader.ok();
}

// The part of an error's context that is RE2's: what stands behind the last "query N: …" prefix.
ReadQueries::One failed_query(std::string_view query, const std::string& context) {
  ProtoReader reader(query);
  while (reader.next()) {
    if (!reader.is(3, WireType::bytes)) continue;
    ProtoReader matcher(reader.bytes());
    while (matcher.next())
      if (matcher.is(1, WireType::varint) && matcher.varint() > 3) return {std::nullopt, "invalid matcher type"};
  }
  const size_t prefix = context.starts_with("query ") ? context.find(": ") : std::string::npos;
  return {std::nullopt, "error parsing regexp: " + (prefix == std::string::npos ? context : context.substr(prefix + 2))};
}

bool read_accepted(const ProtoReader& reader, std::vector<int64_t>& accepted) {
  if (reader.type() == WireType::varint) {
    accepted.push_back(static_cast<int32_t>(reader.varint()));
  } else if (reader.type() == WireType::bytes) {
    const char* p = reader.bytes().data();
    const char* end = p + reader.bytes().size();
    uint64_t value = 0;
    while (p != end) {
      if (!wire::get_varint(p, end, value)) return false;
      accepted.push_back(static_cast<int32_t>(value));
    }
  }
  return true;
}

}  // namespace

Result<ReadQueries> parse_read_queries(std::string_view body, size_t limit_bytes) {
  auto bytes = wire::uncompress(body, limit_bytes);
  if (!bytes) return fail(Errc::malformed, "snappy: corrupt input");
  ReadQueries result;
  ProtoReader reader(*bytes);
  while (reader.next()) {
    if (reader.field() == 2 && !read_accepted(reader, result.accepted)) return fail(Errc::malformed, "unexpected EOF");
    if (!reader.is(1, WireType::bytes)) continue;
    if (!is_well_formed(reader.bytes())) return fail(Errc::malformed, "unexpected EOF");
    auto decoded = wire::decode_read_request(wire::compress(reader.entry()), limit_bytes);
    if (decoded && decoded->queries.size() == 1)
      result.queries.push_back({std::move(decoded->queries.front()), {}});
    else
      result.queries.push_back(failed_query(reader.bytes(), decoded ? "" : decoded.error().context));
  }
  if (!reader.ok()) return fail(Errc::malformed, "unexpected EOF");
  return result;
}

std::string unsupported_types_text(const std::vector<int64_t>& accepted) {
  std::string text = "server does not support any of the requested response types: [";
  for (size_t i = 0; i < accepted.size(); ++i) text += (i == 0 ? "" : " ") + std::to_string(accepted[i]);
  return text + "]; supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]";
}

}  // namespace mread::mockstore
