#include "integration/attacks/requests.h"

#include "integration/attacks/raw_socket.h"
#include "wire/bytes/varint.h"
#include "wire/request/read_request.h"
#include "wire/snappy/snappy_block.h"

namespace mread::attacks {

std::string repeated(std::string_view what, size_t times) {
  std::string out;
  out.reserve(what.size() * times);
  for (size_t i = 0; i < times; ++i) out += what;
  return out;
}

void append_bytes_field(std::string& out, int number, std::string_view bytes) {
  wire::append_varint(out, static_cast<uint64_t>(number) << 3 | 2);
  wire::append_varint(out, bytes.size());
  out += bytes;
}

void append_number_field(std::string& out, int number, uint64_t value) {
  wire::append_varint(out, static_cast<uint64_t>(number) << 3);
  wire::append_varint(out, value);
}

std::string matcher_message(int type, std::string_view name, std::string_view value) {
  std::string out;
  append_number_field(out, 1, static_cast<uint64_t>(type));
  append_bytes_field(out, 2, name);
  append_bytes_field(out, 3, value);
  return out;
}

std::string body_with(const std::vector<std::string>& matchers, int64_t start_ms, int64_t end_ms) {
  std::string query;
  append_number_field(query, 1, static_cast<uint64_t>(start_ms));
  append_number_field(query, 2, static_cast<uint64_t>(end_ms));
  for (const auto& matcher : matchers) append_bytes_field(query, 3, matcher);
  std::string request;
  append_bytes_field(request, 1, query);
  append_number_field(request, 2, 1);
  return wire::compress(request);
}

std::string read_body(const model::ReadRequest& request) {
  return wire::encode_read_request(request);
}

std::string read_body(const std::string& metric, int64_t end_ms) {
  return body_with({matcher_message(0, "__name__", metric)}, 1'000'000, end_ms);
}

std::string read_text(const std::string& metric, int64_t end_ms, std::string_view more_fields) {
  return post("/api/v1/read", read_body(metric, end_ms), more_fields);
}

}  // namespace mread::attacks
