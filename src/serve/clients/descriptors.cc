#include "serve/clients/descriptors.h"

#include <algorithm>
#include <limits>

#include <sys/resource.h>

namespace mread::serve {

uint64_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<uint64_t>::max();
  }
  return limit.rlim_cur;
}

void raise_descriptor_limit() {
  constexpr rlim_t enough = 65536;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) return;
  limit.rlim_cur = std::min(limit.rlim_max, enough);
  // Where that is refused, the old limit stays, and connection_limit() goes by it.
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

uint64_t connection_limit(uint64_t wanted, uint64_t descriptors) {
  const uint64_t half = std::max<uint64_t>(descriptors / 2, 1);
  return wanted == 0 ? half : std::min(wanted, half);
}

}  // namespace mread::serve
