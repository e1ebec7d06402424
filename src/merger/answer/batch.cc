#include "merger/answer/batch.h"

namespace mread::merger {

void Batch::pass_on(std::string_view bytes, Pin pin) {
  size_ += bytes.size();
  if (!pieces_.empty() && pieces_.back().data != nullptr &&
      pieces_.back().data + pieces_.back().size == bytes.data() && pins_.back() == pin) {
    pieces_.back().size += bytes.size();  // Neighbours in one block leave as one piece.
    return;
  }
  pieces_.push_back({bytes.data(), 0, bytes.size()});
  if (pins_.empty() || pins_.back() != pin) pins_.push_back(std::move(pin));
}

void Batch::add_own(size_t begin) {
  const size_t size = own_.size() - begin;
  size_ += size;
  if (!pieces_.empty() && pieces_.back().data == nullptr &&
      pieces_.back().offset + pieces_.back().size == begin) {
    pieces_.back().size += size;
  } else if (size > 0) {
    pieces_.push_back({nullptr, begin, size});
  }
}

std::vector<std::string_view> Batch::pieces() const {
  std::vector<std::string_view> views;
  views.reserve(pieces_.size());
  for (const Piece& piece : pieces_) {
    views.emplace_back(piece.data != nullptr ? piece.data : own_.data() + piece.offset, piece.size);
  }
  return views;
}

void Batch::clear() {
  constexpr size_t usual_memory = 1U << 20;
  if (memory() > usual_memory) {
    own_ = {};
    pieces_ = {};
    pins_ = {};
  }
  own_.clear();
  pieces_.clear();
  pins_.clear();
  size_ = 0;
}

}  // namespace mread::merger
