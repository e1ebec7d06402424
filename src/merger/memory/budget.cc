#include "merger/memory/budget.h"

#include <fmt/format.h>

namespace mread::merger {

Error holds_too_much(uint64_t limit) {
  return {Errc::limit, fmt::format("more than {} bytes held (limits.bytes_in_flight)", limit)};
}

}  // namespace mread::merger
