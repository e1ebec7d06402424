#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "merger/source/series_fragment.h"

namespace mread::merger {

/// Bytes on their way to the client: pieces of what came in, and of what was rewritten, in
/// order.
class Batch {
 public:
  /// Bytes that `pin` keeps alive.
  void pass_on(std::string_view bytes, Pin pin);
  /// Appends what `own` has got since `begin`; call it after writing into own().
  void add_own(size_t begin);
  std::string& own() { return own_; }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// What it takes itself, without what is pinned.
  size_t memory() const {
    return own_.capacity() + pieces_.capacity() * sizeof(pieces_[0]) +
           pins_.capacity() * sizeof(pins_[0]);
  }
  /// The views live until the batch changes.
  std::vector<std::string_view> pieces() const;
  void clear();

 private:
  struct Piece {
    const char* data;  // Null: in own_, at `offset`.
    size_t offset;
    size_t size;
  };
  std::string own_;
  std::vector<Piece> pieces_;
  std::vector<Pin> pins_;
  size_t size_ = 0;
};

}  // namespace mread::merger
