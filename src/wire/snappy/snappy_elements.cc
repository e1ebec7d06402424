#include "wire/snappy/snappy_elements.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "wire/bytes/large_memory.h"

namespace mread::wire {

void SnappyElements::close_piece() {
  if (pieces_.empty()) return;
  pieces_.back().size = static_cast<size_t>(cursor_.p_ - begin_);
  closed_bytes_ += pieces_.back().size;
}

// A pending copy moves with the cursor.
void SnappyElements::next_piece() {
  close_piece();
  const size_t bytes = std::bit_ceil(std::clamp(closed_bytes_, least_piece, most_piece));
  pieces_.push_back({large_memory(bytes), 0, large_memory_bytes(bytes)});
  memory_ += pieces_.back().room;
  begin_ = pieces_.back().memory.get();
  cursor_.p_ = begin_;
  cursor_.end_ = begin_ + bytes;
}

size_t SnappyElements::begin_piece() {
  if (pieces_.empty()) {
    next_piece();
    return 0;
  }
  // The rest of the memory serves the new piece, so that many small pieces do not take large memory
  // each.
  begin_ = open().p_;
  const size_t written = static_cast<size_t>(begin_ - pieces_.back().memory.get());
  pieces_.back().size = written;
  closed_bytes_ += written;
  pieces_.push_back({std::shared_ptr<char[]>(pieces_.back().memory, begin_), 0});
  return pieces_.size() - 1;
}

SnappyCursor SnappyElements::open() {
  if (!cursor_.has_room()) next_piece();
  cursor_.flush();
  if (!cursor_.has_room()) next_piece();
  return cursor_;
}

SnappyCursor SnappyElements::with_room(SnappyCursor cursor) {
  cursor_ = cursor;
  next_piece();
  return cursor_;
}

void SnappyElements::copy(uint32_t offset, size_t length) {
  if (offset < SnappyCursor::offset_limit) {
    while (length > 0) {
      if (!cursor_.has_room()) next_piece();
      const size_t portion = std::min(length, 2 * SnappyCursor::pending_limit);
      cursor_.copy(offset, portion);
      length -= portion;
    }
    return;
  }
  while (length > 0) {
    open();
    const auto portion = static_cast<uint32_t>(std::min<size_t>(length, 64));
    *cursor_.p_++ = static_cast<char>(3 | (portion - 1) << 2);
    std::memcpy(cursor_.p_, &offset, 4);
    cursor_.p_ += 4;
    length -= portion;
  }
}

void SnappyElements::literal(std::string_view bytes) {
  while (!bytes.empty()) {
    open();
    const size_t size = std::min({bytes.size(), cursor_.left() - 3, element_limit});
    if (size <= 60) {
      *cursor_.p_++ = static_cast<char>((size - 1) << 2);
    } else {
      *cursor_.p_++ = static_cast<char>(61 << 2);  // Two bytes of length follow.
      *cursor_.p_++ = static_cast<char>(size - 1);
      *cursor_.p_++ = static_cast<char>((size - 1) >> 8);
    }
    std::memcpy(cursor_.p_, bytes.data(), size);
    cursor_.p_ += size;
    bytes.remove_prefix(size);
  }
}

void SnappyElements::elements(std::string_view written) {
  while (!written.empty()) {
    open();
    const size_t size = std::min(written.size(), cursor_.left());
    std::memcpy(cursor_.p_, written.data(), size);
    cursor_.p_ += size;
    written.remove_prefix(size);
  }
}

std::vector<SnappyElements::Piece> SnappyElements::take() {
  if (!pieces_.empty()) open();
  close_piece();
  cursor_ = {};
  begin_ = nullptr;
  closed_bytes_ = 0;
  memory_ = 0;
  return std::exchange(pieces_, {});
}

}  // namespace mread::wire
