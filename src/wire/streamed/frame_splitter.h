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

/// One frame of a streamed answer. The views live as long as FrameSplitter::pin() of that moment.
struct Frame {
  std::string_view wire;  ///< length, checksum and data, as they came
  std::string_view data;  ///< a ChunkedReadResponse
};

/// Cuts a streamed answer into frames: uvarint length, CRC-32C of the data (4 bytes, big-endian),
/// data. Source: Prometheus, storage/remote/chunked.go.
///
/// Input    the body in blocks of any size, in order.
/// Output   the frames in order, checksums verified. A frame inside one block is a view of it; one
///          that straddles blocks is copied once.
/// Memory   the blocks not yet consumed, and one partly received frame; never a length that is only
///          claimed.
/// Errors   Errc::limit for a frame above the limit, Errc::checksum, Errc::malformed for a length
///          that is no varint, Errc::truncated from finish(). Each names the frame (from 0) and the
///          byte; where text was appended to the stream, as Prometheus does with an error in
///          mid-stream, the text is quoted. After an error nothing but errors comes.
///
/// Stricter than Prometheus in one point: an end after a frame's length, or after its checksum, is
/// an error here, and a silent end of the stream there.
///
/// Not thread-safe.
class FrameSplitter {
 public:
  explicit FrameSplitter(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void feed(std::shared_ptr<const std::string> block);
  void feed(std::string block) { feed(std::make_shared<const std::string>(std::move(block))); }

  /// The next whole frame; nullopt where more bytes are needed.
  Result<std::optional<Frame>> next();
  /// The same where the next frame stands whole in one block, as nearly all do, and is good; false
  /// says nothing: ask next().
  bool next_whole(Frame& out);
  /// What the views of the frame that was given last point into.
  const std::shared_ptr<const std::string>& pin() const { return pin_; }

  /// Whether that is memory of its own, for a frame that straddled blocks.
  bool pin_is_own() const { return pin_is_own_; }

  /// Takes the next frame if it is, byte for byte, this one, which was checked elsewhere: that
  /// costs a comparison in place of a checksum. False, with nothing taken, where it is another or
  /// does not stand whole in one block.
  bool skip_known(std::string_view wire);

  /// To be called at the end of the body, after next() has given nullopt.
  Result<void> finish() const;

  uint64_t frames() const { return frames_; }  ///< given out so far
  uint64_t offset() const { return offset_; }  ///< of the next frame in the body
  size_t buffered() const;                     ///< bytes held that were not given out yet
  /// What it takes itself, without the blocks.
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
