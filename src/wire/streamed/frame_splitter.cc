#include "wire/streamed/frame_splitter.h"

#include <fmt/format.h>

#include "wire/bytes/crc32c.h"
#include "wire/bytes/quoted_text.h"
#include "wire/bytes/varint.h"

namespace mread::wire {

namespace {

constexpr size_t crc_bytes = 4;

uint32_t load_big_endian32(const char* p) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(p[i]);
  return value;
}

// A frame is hardly ever mistaken for text: its checksum would have to be printable, and the fields
// after it begin with control characters.
Error frame_error(Errc errc, uint64_t frame, uint64_t offset, std::string_view start,
                  std::string_view what) {
  const std::string text = quoted_text(start);
  return {errc,
          fmt::format("frame {} at byte {}: {}", frame, offset,
                      text.empty() ? std::string(what)
                                   : fmt::format("not a frame, but text: {} ({})", text, what))};
}

}  // namespace

void FrameSplitter::feed(std::shared_ptr<const std::string> block) {
  if (block == nullptr || block->empty()) return;
  queued_ += block->size();
  blocks_.push_back(std::move(block));
}

size_t FrameSplitter::buffered() const { return queued_ + straddling_.size(); }

Error FrameSplitter::error_here(Errc errc, std::string_view what) const {
  std::string start = straddling_;
  for (size_t i = 0; i < blocks_.size() && start.size() < 256; ++i) {
    start += std::string_view(*blocks_[i]).substr(i == 0 ? consumed_ : 0, 256);
  }
  return frame_error(errc, frames_, offset_, start, what);
}

Result<std::optional<FrameSplitter::Header>> FrameSplitter::read_header(
    std::string_view available) const {
  const char* p = available.data();
  const char* end = p + available.size();
  uint64_t length = 0;
  if (!get_varint(p, end, length)) {
    if (available.size() < max_varint_bytes) return std::nullopt;
    return fail(error_here(Errc::malformed, "its length is no varint"));
  }
  if (length > limit_bytes_) {
    return fail(error_here(
        Errc::limit, fmt::format("{} bytes are more than the limit of {}", length, limit_bytes_)));
  }
  Header header;
  header.length = static_cast<size_t>(length);
  header.size = static_cast<size_t>(p - available.data()) + crc_bytes;
  if (available.size() < header.size) return std::nullopt;
  header.crc = load_big_endian32(p);
  return header;
}

bool FrameSplitter::next_whole(Frame& out) {
  if (error_ || !straddling_.empty() || blocks_.empty()) return false;
  const std::string& block = *blocks_.front();
  const char* const begin = block.data() + consumed_;
  const char* const end = block.data() + block.size();
  const char* p = begin;
  uint64_t length = 0;
  if (!get_varint(p, end, length) || length > limit_bytes_) return false;
  const auto left = static_cast<size_t>(end - p);
  if (left < crc_bytes || left - crc_bytes < length) return false;
  out.data = {p + crc_bytes, static_cast<size_t>(length)};
  if (crc32c(out.data) != load_big_endian32(p)) return false;
  out.wire = {begin, static_cast<size_t>(out.data.data() + out.data.size() - begin)};
  if (pin_ != blocks_.front()) {
    pin_ = blocks_.front();
    pin_is_own_ = false;
  }
  drop(out.wire.size());
  ++frames_;
  offset_ += out.wire.size();
  return true;
}

Result<std::optional<Frame>> FrameSplitter::next() {
  if (error_) return fail(*error_);
  auto frame = straddling_.empty() ? next_in_block() : next_straddling();
  if (!frame) error_ = frame.error();
  return frame;
}

Result<std::optional<Frame>> FrameSplitter::next_in_block() {
  Frame frame;
  if (next_whole(frame)) return frame;
  if (blocks_.empty()) return std::nullopt;
  const std::string_view available = std::string_view(*blocks_.front()).substr(consumed_);
  const auto header = read_header(available);
  if (!header) return fail(header.error());
  if (*header && available.size() - (*header)->size >= (*header)->length) {
    return cut(available.substr(0, (*header)->size + (*header)->length),
               **header);  // Its checksum is wrong.
  }
  if (blocks_.size() == 1) return std::nullopt;
  return next_straddling();
}

Result<std::optional<Frame>> FrameSplitter::next_straddling() {
  while (!blocks_.empty()) {
    const auto header = read_header(straddling_);
    if (!header) return fail(header.error());
    // As long as the header is incomplete, the size of the frame is unknown; so it takes a few more
    // bytes.
    size_t want = 1;
    if (*header) want = (*header)->size + (*header)->length - straddling_.size();
    if (*header && want == 0) break;
    const std::string_view available = std::string_view(*blocks_.front()).substr(consumed_);
    const std::string_view taken = available.substr(0, want);
    straddling_ += taken;
    drop(taken.size());
  }
  const auto header = read_header(straddling_);
  if (!header) return fail(header.error());
  if (!*header || straddling_.size() < (*header)->size + (*header)->length) return std::nullopt;
  auto pin = std::make_shared<const std::string>(std::move(straddling_));
  straddling_ = {};
  auto frame = cut(*pin, **header);
  if (!frame) straddling_ = *pin;
  pin_ = std::move(pin);
  pin_is_own_ = true;
  return frame;
}

bool FrameSplitter::skip_known(std::string_view wire) {
  if (error_ || !straddling_.empty() || blocks_.empty()) return false;
  const std::string_view available = std::string_view(*blocks_.front()).substr(consumed_);
  if (!available.starts_with(wire)) return false;
  drop(wire.size());
  ++frames_;
  offset_ += wire.size();
  return true;
}

void FrameSplitter::drop(size_t bytes) {
  consumed_ += bytes;
  queued_ -= bytes;
  if (consumed_ == blocks_.front()->size()) {
    blocks_.pop_front();
    consumed_ = 0;
  }
}

Result<std::optional<Frame>> FrameSplitter::cut(std::string_view wire, const Header& header) {
  const std::string_view data = wire.substr(header.size);
  if (const uint32_t crc = crc32c(data); crc != header.crc) {
    return fail(frame_error(
        Errc::checksum, frames_, offset_, wire,
        fmt::format("its checksum says {:08x}, its data give {:08x}", header.crc, crc)));
  }
  ++frames_;
  offset_ += wire.size();
  return Frame{wire, data};
}

Result<void> FrameSplitter::finish() const {
  if (error_) return fail(*error_);
  const size_t left = buffered();
  if (left == 0) return {};
  std::string start = straddling_;
  for (size_t i = 0; i < blocks_.size() && start.size() < max_varint_bytes + crc_bytes; ++i) {
    start +=
        std::string_view(*blocks_[i]).substr(i == 0 ? consumed_ : 0, max_varint_bytes + crc_bytes);
  }
  const char* p = start.data();
  uint64_t length = 0;
  if (!get_varint(p, start.data() + start.size(), length)) {
    return fail(error_here(Errc::truncated, "the answer ends in the middle of its length"));
  }
  const auto varint = static_cast<size_t>(p - start.data());
  if (left < varint + crc_bytes) {
    return fail(error_here(Errc::truncated, left == varint ? "the answer ends after its length"
                                                           : "the answer ends in its checksum"));
  }
  return fail(error_here(Errc::truncated, fmt::format("the answer ends after {} of its {} bytes",
                                                      left - varint - crc_bytes, length)));
}

void append_frame(std::string& out, std::string_view data) {
  const uint32_t crc = crc32c(data);
  append_varint(out, data.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(crc >> shift));
  out += data;
}

}  // namespace mread::wire
