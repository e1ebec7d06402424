#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "merger/source/reorder_window.h"

namespace mread::merger {

/// For a source whose frames are coming in: which fragment of another source of the same read the
/// next frame may be the same as, byte for byte. Replicas with the same data mostly send the same
/// frames in the same order, so what follows on the last twin is the next.
///
/// It only guesses; whether it is the same the caller finds out, by comparing. Where that fails
/// again and again it gives up for a while, each time for longer, so replicas that differ and
/// shards pay next to nothing. Not thread-safe.
class TwinFinder {
 public:
  /// The windows of all sources of the read, in any order; `own` is this source's, and is not
  /// looked at. They are looked at for as long as frames come.
  void start(const std::vector<const ReorderWindow*>* windows, const ReorderWindow* own);

  /// The fragment that the next frame may be the same as; null: none is known.
  const Fragment* guess() const {
    if (peer_ == nullptr || pause_ > 0 || !aligned_) return nullptr;
    const Fragment* const fragment = peer_->pushed(number_);
    return fragment == nullptr || fragment->is_samples || fragment->whole.empty() ? nullptr
                                                                                  : fragment;
  }
  /// The next frame was the same as guess().
  void matched() {
    ++number_;
    follows_ = true;
    misses_ = 0;
    next_pause_ = first_pause;
  }
  /// It was not, or there was no guess; it holds the series of these labels.
  void missed(std::string_view labels) {
    follows_ = false;
    if (pause_ > 0) {
      --pause_;
    } else if (peer_ != nullptr) {
      align(labels);
    }
  }

  /// Whether guess() follows on what matched() was called for last, with nothing between.
  bool follows_match() const { return follows_; }

 private:
  static constexpr uint32_t first_pause = 64;

  void choose_peer(size_t place);
  void align(std::string_view labels);
  void give_up();

  const std::vector<const ReorderWindow*>* windows_ = nullptr;
  const ReorderWindow* own_ = nullptr;
  const ReorderWindow* peer_ = nullptr;  // Null where there is no other.
  size_t place_ = 0;                     // Of the peer, in the list.
  uint64_t number_ = 0;                  // Of the next guess, in the peer's window.
  bool aligned_ = true;
  bool follows_ = false;
  uint32_t misses_ = 0;  // In a row.
  uint32_t pause_ = 0;   // Frames to let pass.
  uint32_t next_pause_ = first_pause;
};

}  // namespace mread::merger
