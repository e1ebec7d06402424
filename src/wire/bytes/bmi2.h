#pragma once

#include <cstdint>

namespace mread::wire {

// Instructions (BMI2) that most processors of the last ten years have: a shift by a register takes
// one instruction instead of three, and so does the conversion between a number and a varint's
// bytes. Call a function marked with MREAD_BMI2 only if has_bmi2 is true. Functions that it calls
// must be inlined to gain from it.
#if defined(__x86_64__)
inline const bool has_bmi2 =
    __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
#define MREAD_BMI2 __attribute__((target("bmi,bmi2")))
#else
inline constexpr bool has_bmi2 = false;
#define MREAD_BMI2
#endif

inline constexpr uint64_t sevens = 0x7f7f7f7f7f7f;

/// Spreads the lowest 42 bits over six bytes, seven bits each. `bmi2` is true inside a function
/// marked with MREAD_BMI2.
template <bool bmi2>
[[gnu::always_inline]] inline uint64_t spread_sevens(uint64_t x) {
#if defined(__x86_64__)
  if constexpr (bmi2) {
    uint64_t out;
    asm("pdepq %2, %1, %0" : "=r"(out) : "r"(x), "r"(sevens));
    return out;
  }
#endif
  x = (x & 0xfffffff) | (x & 0x3fff0000000) << 4;
  x = (x & 0x00003fff00003fff) | (x & 0x0fffc0000fffc000) << 2;
  return (x & 0x007f007f007f007f) | (x & 0x3f803f803f803f80) << 1;
}

/// Gathers the lowest seven bits of each of six bytes.
template <bool bmi2>
[[gnu::always_inline]] inline uint64_t gather_sevens(uint64_t x) {
#if defined(__x86_64__)
  if constexpr (bmi2) {
    uint64_t out;
    asm("pextq %2, %1, %0" : "=r"(out) : "r"(x), "r"(sevens));
    return out;
  }
#endif
  x = (x & 0x007f007f007f) | (x & 0x7f007f007f00) >> 1;
  return (x & 0x3fff) | (x & 0x3fff0000) >> 2 | (x & 0x3fff00000000) >> 4;
}

}  // namespace mread::wire
