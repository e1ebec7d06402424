#include "wire/snappy_block.h"

#include <utility>

#include <fmt/format.h>
#include <snappy-sinksource.h>
#include <snappy.h>

#include "wire/large_memory.h"
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

// What the block claims to hold; `start` is the beginning of its `size` bytes.
Result<size_t> uncompressed_length(std::string_view start, size_t size, size_t limit_bytes) {
  if (start.empty()) return fail(Errc::truncated, "the body is empty, which no snappy block is");
  if (const char* format = foreign_format(start)) return fail(Errc::unsupported, fmt::format("the body is {}", format));
  size_t length = 0;
  if (!snappy::GetUncompressedLength(start.data(), start.size(), &length)) {
    return fail(invalid(start, "the body is no valid snappy block: it begins with no length"));
  }
  if (length / most_growth > size) {
    return fail(
        invalid(start, fmt::format("a snappy block of {} bytes cannot hold the {} that it claims", size, length)));
  }
  if (length > limit_bytes) {
    return fail(Errc::limit, fmt::format("a snappy block of {} bytes is above the limit of {}", length, limit_bytes));
  }
  return length;
}

// Enough to see what a body is that is none, and to quote it.
constexpr size_t start_bytes = 1024;

class Pieces final : public snappy::Source {
 public:
  Pieces(std::span<const std::shared_ptr<const std::string>> pieces, size_t size) : pieces_(pieces), left_(size) {}

  size_t Available() const override { return left_; }
  const char* Peek(size_t* size) override {
    if (pieces_.empty()) {
      *size = 0;
      return nullptr;
    }
    *size = pieces_.front()->size() - consumed_;
    return pieces_.front()->data() + consumed_;
  }
  void Skip(size_t size) override {
    left_ -= size;
    consumed_ += size;
    while (!pieces_.empty() && consumed_ >= pieces_.front()->size()) {
      consumed_ -= pieces_.front()->size();
      pieces_ = pieces_.subspan(1);
    }
  }

 private:
  std::span<const std::shared_ptr<const std::string>> pieces_;
  size_t consumed_ = 0;  // Of the first of them.
  size_t left_;
};

}  // namespace

std::string compress(std::string_view bytes) {
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  return out;
}

Result<std::string> uncompress(std::string_view body, size_t limit_bytes) {
  const auto length = uncompressed_length(body, body.size(), limit_bytes);
  if (!length) return fail(length.error());
  std::string out;
  if (!snappy::Uncompress(body.data(), body.size(), &out)) {
    return fail(invalid(body, "the body is no valid snappy block"));
  }
  return out;
}

Result<Uncompressed> uncompress(std::span<const std::shared_ptr<const std::string>> pieces, size_t limit_bytes) {
  std::string start;
  size_t size = 0;
  for (const auto& piece : pieces) {
    if (start.size() < start_bytes) start += std::string_view(*piece).substr(0, start_bytes);
    size += piece->size();
  }
  const auto length = uncompressed_length(start, size, limit_bytes);
  if (!length) return fail(length.error());
  Uncompressed out{large_memory(*length), *length};
  Pieces source(pieces, size);
  if (!snappy::RawUncompress(&source, out.memory.get())) {
    return fail(invalid(start, "the body is no valid snappy block"));
  }
  return out;
}

}  // namespace mread::wire
