#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread::wire {

/// One frame of a streamed answer. The views are valid as long as the FrameSplitter::pin() of that
/// moment.
struct Frame {
  std::string_view wire;  ///< length, checksum and data, as they came
  std::string_view data;  ///< a ChunkedReadResponse
};

/// Cuts a streamed answer into frames. Source: Prometheus, storage/remote/chunked.go.
///
///   [length: uvarint][CRC-32C of the data: 4 bytes, big-endian][data] [length]…
///
/// Input    the body in blocks of any size, in order.
/// Output   the frames in order, with verified checksums. A frame inside one block is a view of it;
///          a frame across blocks is copied once.
/// Memory   the blocks not yet consumed, and one partly received frame; never a length that is only
///          claimed.
/// Errors   Errc::limit for a frame above the limit, Errc::checksum, Errc::malformed for a length
///          that is no varint, Errc::truncated from finish(). Each names the frame (from 0) and the
///          byte. If text was appended to the stream, as Prometheus does with an error in
///          mid-stream, the error quotes it. After an error, every call fails.
///
/// Stricter than Prometheus in one point: an end after a frame's length or checksum is an error
/// here, and a silent end of the stream there.
///
/// Not thread-safe.
class FrameSplitter {
 public:
  explicit FrameSplitter(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void feed(std::shared_ptr<const std::string> block);
  void feed(std::string block) { feed(std::make_shared<const std::string>(std::move(block))); }

  /// The next whole frame; nullopt if more bytes are needed.
  Result<std::optional<Frame>> next();
  /// Gives the next frame if it is valid and whole in one block, as nearly all are. False means
  /// only that next() has to be asked.
  bool next_whole(Frame& out);
  /// Keeps the memory that the views of the last frame point into.
  const std::shared_ptr<const std::string>& pin() const { return pin_; }

  /// Whether pin() is separate memory, for a frame across blocks.
  bool pin_is_own() const { return pin_is_own_; }

  /// Takes the next frame if it equals, byte for byte, this frame that was checked before: a
  /// comparison instead of a checksum. Returns false and takes nothing if the next frame differs or
  /// is not whole in one block.
  bool skip_known(std::string_view wire);

  /// Must be called at the end of the body, after next() has returned nullopt.
  Result<void> finish() const;

  uint64_t frames() const { return frames_; }  ///< given out so far
  uint64_t offset() const { return offset_; }  ///< of the next frame in the body
  size_t buffered() const;                     ///< bytes held that were not given out yet
  /// The memory that it takes itself, without the blocks [bytes].
  size_t memory() const { return straddling_.capacity(); }

 private:
  struct Header {
    size_t size = 0;    // Of the length's varint and the checksum.
    size_t length = 0;  // Of the data.
    uint32_t crc = 0;
  };

  Result<std::optional<Header>> read_header(std::string_view available) const;
  Result<std::optional<Frame>> next_in_block();
  Result<std::optional<Frame>> next_straddling();
  Result<std::optional<Frame>> cut(std::string_view wire, const Header& header);
  void drop(size_t bytes);
  Error error_here(Errc errc, std::string_view what) const;

  size_t limit_bytes_;
  std::deque<std::shared_ptr<const std::string>> blocks_;
  size_t consumed_ = 0;  // Of blocks_.front().
  size_t queued_ = 0;    // Bytes in blocks_, without what is consumed.
  std::shared_ptr<const std::string> pin_;
  bool pin_is_own_ = false;
  std::string straddling_;  // The beginning of a frame whose blocks are gone.
  uint64_t frames_ = 0;
  uint64_t offset_ = 0;
  std::optional<Error> error_;
};

/// Appends `data` as a frame.
void append_frame(std::string& out, std::string_view data);

}  // namespace mread::wire
