#include "wire/snappy_block.h"

#include <utility>

#include <fmt/format.h>
#include <snappy.h>

#include "wire/quoted_text.h"

namespace mread::wire {

namespace {

// A copy of 64 bytes takes three: no block can grow by more. What claims to is refused before memory is taken.
constexpr size_t most_growth = 22;

// What a body is that is no snappy block, where its first bytes tell; else null.
const char* foreign_format(std::string_view body) {
  if (body.starts_with(std::string_view("\xff\x06\x00\x00sNaPpY", 10))) return "framed snappy, not a snappy block";
  if (body.starts_with("\x1f\x8b")) return "gzip, not a snappy block";
  if (body.starts_with("\x28\xb5\x2f\xfd")) return "zstd, not a snappy block";
  return nullptr;
}

Error invalid(std::string_view body, std::string what) {
  const std::string text = quoted_text(body);
  return {Errc::malformed, text.empty() ? std::move(what) : "the body is text, not a snappy block: " + text};
}

}  // namespace

std::string compress(std::string_view bytes) {
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  return out;
}

Result<std::string> uncompress(std::string_view body, size_t limit_bytes) {
  if (body.empty()) return fail(Errc::truncated, "the body is empty, which no snappy block is");
  if (const char* format = foreign_format(body)) return fail(Errc::unsupported, fmt::format("the body is {}", format));
  size_t length = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &length)) {
    return fail(invalid(body, "the body is no valid snappy block: it begins with no length"));
  }
  if (length / most_growth > body.size()) {
    return fail(invalid(
        body, fmt::format("a snappy block of {} bytes cannot hold the {} that it claims", body.size(), length)));
  }
  if (length > limit_bytes) {
    return fail(Errc::limit, fmt::format("a snappy block of {} bytes is above the limit of {}", length, limit_bytes));
  }
  std::string out;
  if (!snappy::Uncompress(body.data(), body.size(), &out))
    return fail(invalid(body, "the body is no valid snappy block"));
  return out;
}

}  // namespace mread::wire
