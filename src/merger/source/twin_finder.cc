#include "merger/source/twin_finder.h"

#include <algorithm>

#include "wire/labels/labels_view.h"

namespace mread::merger {
namespace {

constexpr uint32_t most_misses = 8;
constexpr uint32_t longest_pause = 4096;

}  // namespace

void TwinFinder::start(const std::vector<const ReorderWindow*>* windows, const ReorderWindow* own) {
  windows_ = windows;
  own_ = own;
  // The one before it in the list: where all are the same, each finds there what came first.
  const auto place = std::find(windows->begin(), windows->end(), own) - windows->begin();
  choose_peer(static_cast<size_t>(place) + windows->size() - 1);
}

// That one in the list, or the next one that is not its own.
void TwinFinder::choose_peer(size_t place) {
  place_ = place % windows_->size();
  if ((*windows_)[place_] == own_) place_ = (place_ + 1) % windows_->size();
  peer_ = (*windows_)[place_] == own_ ? nullptr : (*windows_)[place_];
}

void TwinFinder::give_up() {
  pause_ = next_pause_;
  next_pause_ = std::min(2 * next_pause_, longest_pause);
  misses_ = 0;
  aligned_ = false;
  choose_peer(place_ + 1);
}

// After the series of these labels, which was no twin: what comes next?
void TwinFinder::align(std::string_view labels) {
  if (++misses_ > most_misses) {
    give_up();
    return;
  }
  if (!aligned_) {
    number_ = peer_->find(labels);
    aligned_ = true;
  }
  const Fragment* fragment = peer_->pushed(number_);
  if (fragment == nullptr) {
    ++number_;  // The peer has not come so far: as if it were going to have the same.
    return;
  }
  constexpr int most_steps = 4;
  for (int step = 0; step < most_steps && fragment != nullptr; ++step) {
    const auto order = wire::compare_labels(fragment->labels, labels);
    if (order > 0) return;
    ++number_;
    if (order == 0) return;
    fragment = peer_->pushed(number_);
  }
}

}  // namespace mread::merger
