#include "wire/samples/samples_block_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "wire/bytes/varint.h"

namespace mread::wire {

SamplesBlockReader::State SamplesBlockReader::next() {
  if (state_ == State::series) state_ = find_next();
  return state_;
}

SamplesBlockReader::State SamplesBlockReader::find_next() {
  if (!begun_) {
    begun_ = true;
    if (!begin_field(left_) || left_ > reader_.length() ||
        1 + varint_size(left_) + left_ != reader_.length())
      return State::irregular;
  }
  if (left_ == 0) {
    // The reader knows whether the block ends here only after it asks for more.
    return !hold(1) && all_read_ && !broken_ && reader_.written() == reader_.length()
               ? State::end
               : State::irregular;
  }
  uint64_t size = 0;
  if (!begin_field(size)) return State::irregular;
  const uint64_t whole = 1 + varint_size(size) + size;
  if (whole > left_ || !hold(size)) return State::irregular;
  left_ -= whole;
  series_ = {};
  if (!parse_time_series({at_, static_cast<size_t>(size)}, series_)) return State::irregular;
  at_ += size;
  return State::series;
}

// Lengths must be written as Go writes them, in as few bytes as possible.
bool SamplesBlockReader::begin_field(uint64_t& length) {
  constexpr size_t most = 1 + 5;
  hold(most);  // There may be less.
  if (held() == 0 || *at_ != 0x0a) return false;
  const char* p = at_ + 1;
  if (!get_varint(p, at_ + std::min(held(), most), length)) return false;
  if (static_cast<size_t>(p - at_) != 1 + varint_size(length)) return false;
  at_ = p;
  return true;
}

// Makes `bytes` consecutive bytes available from at_ on.
bool SamplesBlockReader::hold(uint64_t bytes) {
  if (bytes > most_window_ && bytes > window_bytes) return false;
  while (held() < bytes) {
    if (all_read_ || broken_) return false;
    if (output_.at == output_.end) next_window(bytes);
    switch (reader_.read(output_)) {
      case SnappyReader::State::full:
        break;
      case SnappyReader::State::end:
        all_read_ = true;
        break;
      case SnappyReader::State::broken:
      case SnappyReader::State::far:
        broken_ = true;
        break;
    }
    broken_ = broken_ || reader_.written() > reader_.length();
  }
  return true;
}

// Moves the bytes of the next series that are held to the new window. The bytes before them stay in
// the old window for copies:
//
//   old window  [ … copies reach back here … | begin of the next series ]
//   new window                               [ begin of the next series | room … ]
void SamplesBlockReader::next_window(size_t bytes) {
  const size_t size = std::max(bytes, window_bytes);
  Window next;
  for (Window& each : spare_) {
    if (each.memory.use_count() != 1 || each.size < size) continue;
    std::swap(next, each);
    std::swap(each, spare_.back());
    spare_.pop_back();
    break;
  }
  if (!next.memory) next = {std::make_shared_for_overwrite<char[]>(size), size};
  const size_t along = held();
  if (along > 0) std::memcpy(next.memory.get(), at_, along);
  const std::string_view left{output_.begin, static_cast<size_t>(at_ - output_.begin)};
  // A large window serves one series only.
  if (before_.size == window_bytes) spare_.push_back(std::move(before_));
  before_ = std::exchange(window_, std::move(next));
  char* const begin = window_.memory.get();
  output_ = {begin, begin + along, begin + window_.size, left};
  at_ = begin;
}

}  // namespace mread::wire
