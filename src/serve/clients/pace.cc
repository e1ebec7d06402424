#include "serve/clients/pace.h"

#include <algorithm>
#include <utility>

namespace mread::serve {

bool Pace::observe(TimePoint now, uint64_t taken, bool charged) {
  const std::chrono::duration<double> passed = now - std::exchange(seen_at_, now);
  const auto paid = static_cast<double>(taken - std::exchange(taken_, taken));
  if (charged) charge_ += passed;
  charge_ -= std::chrono::duration<double>(paid / static_cast<double>(limits_.bytes_per_second));
  charge_ = std::max(charge_, std::chrono::duration<double>(0));
  return charge_ < limits_.patience;
}

}  // namespace mread::serve
