#pragma once

namespace mread::scenarios {

/// How near two values must be.
enum class Exactness {
  bitwise,   ///< the same bits; all NaNs are the same
  exact,     ///< equal as numbers (0 and -0 too); all NaNs are the same
  last_bit,  ///< exact, or neighbours: promtool's `fuzzy_compare`
  nearly,    ///< within 1e-9 of the larger
  loose,     ///< within 1e-6 of their sum: promqltest
};

}  // namespace mread::scenarios
