#include "merger/members/latency_window.h"

#include <algorithm>
#include <cmath>

namespace mread::merger {

void LatencyWindow::add(std::chrono::nanoseconds latency) {
  latencies_[next_] = latency;
  next_ = (next_ + 1) % kept;
  count_ = std::min(count_ + 1, kept);
}

std::optional<std::chrono::nanoseconds> LatencyWindow::quantile(double q) const {
  if (count_ < enough) return std::nullopt;
  auto sorted = latencies_;
  // The product may come out a little above the whole number that it is.
  const double exact = q * static_cast<double>(count_);
  const auto rank = static_cast<size_t>(std::ceil(exact - 1e-9));
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto at =
      sorted.begin() + static_cast<std::ptrdiff_t>(std::clamp<size_t>(rank, 1, count_) - 1);
  std::nth_element(sorted.begin(), at, end);
  return *at;
}

}  // namespace mread::merger
