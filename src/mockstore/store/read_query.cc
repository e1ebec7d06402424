#include "mockstore/store/read_query.h"

#include <array>
#include <utility>

#include "wire/bytes/varint.h"
#include "wire/proto/proto_reader.h"
#include "wire/request/read_request.h"
#include "wire/snappy/snappy_block.h"

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

// Go's words for what RE2 refuses. Those that are not here are the same.
std::string in_words_of_go(std::string_view reason) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> words{{
      {"missing )", "missing closing )"},
      {"missing ]", "missing closing ]"},
      {"no argument for repetition operator", "missing argument to repetition operator"},
      {"bad repetition operator", "invalid nested repetition operator"},
      {"trailing \\", "trailing backslash at end of expression"},
      {"invalid perl operator", "invalid or unsupported Perl syntax"},
  }};
  const size_t colon = reason.find(": ");
  std::string_view what = reason.substr(0, colon);
  for (const auto& [re2, go] : words)
    if (what == re2) what = go;
  std::string text = "error parsing regexp: " + std::string(what);
  if (colon != std::string_view::npos) text += ": `" + std::string(reason.substr(colon + 2)) + "`";
  return text;
}

// Why a well-formed query cannot be run: a matcher's type or its regular expression.
ReadQueries::One failed_query(std::string_view query, const std::string& context) {
  ProtoReader reader(query);
  while (reader.next()) {
    if (!reader.is(3, WireType::bytes)) continue;
    ProtoReader matcher(reader.bytes());
    while (matcher.next())
      if (matcher.is(1, WireType::varint) && matcher.varint() > 3)
        return {std::nullopt, "invalid matcher type"};
  }
  constexpr std::string_view before_reason = " is invalid: ";
  const size_t at = context.rfind(before_reason);
  return {std::nullopt,
          in_words_of_go(at == std::string::npos ? context
                                                 : context.substr(at + before_reason.size()))};
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
  auto counted = wire::check_counts(*bytes, wire::DecodeLimits::wide(limit_bytes));
  if (!counted && counted.error().is(Errc::limit)) return fail(std::move(counted).error());
  ReadQueries result;
  model::RegexBudget budget;
  ProtoReader reader(*bytes);
  while (reader.next()) {
    if (reader.field() == 2 && !read_accepted(reader, result.accepted))
      return fail(Errc::malformed, "unexpected EOF");
    if (!reader.is(1, WireType::bytes)) continue;
    if (!is_well_formed(reader.bytes())) return fail(Errc::malformed, "unexpected EOF");
    auto decoded = wire::decode_read_query(reader.bytes(), budget);
    if (decoded) {
      result.queries.push_back({std::move(*decoded), {}});
    } else if (decoded.error().is(Errc::limit)) {
      result.queries.push_back({std::nullopt, decoded.error().context});
    } else {
      result.queries.push_back(failed_query(reader.bytes(), decoded.error().context));
    }
  }
  if (!reader.ok()) return fail(Errc::malformed, "unexpected EOF");
  return result;
}

std::string unsupported_types_text(const std::vector<int64_t>& accepted) {
  std::string text = "server does not support any of the requested response types: [";
  for (size_t i = 0; i < accepted.size(); ++i)
    text += (i == 0 ? "" : " ") + std::to_string(accepted[i]);
  return text + "]; supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]";
}

}  // namespace mread::mockstore
