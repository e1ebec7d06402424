#pragma once

#include <cstdint>
#include <string_view>

namespace mread::mockstore {

/// The random decisions of one fault for one request. They depend only on (seed, node, request
/// ordinal, salt), so a run can be repeated with any timing and number of threads. The salt is the
/// fault's index in its list: two faults of the same probability are independent.
class Draw {
 public:
  Draw(uint64_t seed, std::string_view node, uint64_t ordinal, uint64_t salt);

  uint64_t next();
  /// In [0, 1).
  double unit();
  /// Standard normal.
  double normal();

 private:
  uint64_t state_;
};

}  // namespace mread::mockstore
