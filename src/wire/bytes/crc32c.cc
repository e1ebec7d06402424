#include "wire/bytes/crc32c.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

#include "wire/bytes/bits.h"

namespace mread::wire {

namespace {

constexpr uint32_t polynomial = 0x82f63b78;  // Castagnoli, bits reversed.

using Table = std::array<uint32_t, 256>;

// slices[k][b] is the CRC of the byte b followed by k zero bytes, so eight lookups process eight
// bytes.
constexpr std::array<Table, 8> make_slices() {
  std::array<Table, 8> slices{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    slices[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = slices[k - 1][byte];
      slices[k][byte] = (before >> 8) ^ slices[0][before & 0xff];
    }
  }
  return slices;
}
constexpr std::array<Table, 8> slices = make_slices();

#if defined(__x86_64__)
// The crc32 instruction takes three cycles, but the processor can start one every cycle. So three
// runs of equal length are processed at the same time:
//
//   [ run a: n words ][ run b: n words ][ run c: n words ]
//     crc a             crc b             crc c
//     moved over 2n     moved over n      xor all three
//
// "Moved over n words" means: the CRC as if n zero words followed. A CRC is a polynomial modulo P,
// so moving it is a multiplication by a power of x. The product of two such polynomials is x^33
// short of what crc32 makes of it: crc32 takes x^32 times its 64 bits, whose lowest bit stands for
// x^63, and the highest power of a product is x^62.
constexpr size_t most_words = 128;
constexpr size_t least_words = 8;  // Below that putting together costs more than it saves.

// powers[n] is x^(64 n - 33) modulo P.
constexpr std::array<uint32_t, 2 * most_words + 1> make_powers() {
  std::array<uint32_t, 2 * most_words + 1> powers{};
  uint32_t power = uint32_t{1} << 31;  // x^0: the lowest bit stands for x^31.
  const auto times_x = [&power](size_t times) {
    for (; times > 0; --times) power = (power >> 1) ^ ((power & 1) != 0 ? polynomial : 0);
  };
  times_x(64 - 33);
  for (size_t n = 1; n < powers.size(); ++n, times_x(64)) powers[n] = power;
  return powers;
}
constexpr auto powers = make_powers();

#endif

}  // namespace

uint32_t crc32c_software(std::string_view bytes, uint32_t crc) {
  const char* p = bytes.data();
  size_t left = bytes.size();
  const auto byte_at = [](const char* q) {
    return static_cast<uint32_t>(static_cast<unsigned char>(*q));
  };
  crc = ~crc;
  for (; left >= 8; left -= 8, p += 8) {
    crc ^= byte_at(p) | byte_at(p + 1) << 8 | byte_at(p + 2) << 16 | byte_at(p + 3) << 24;
    crc = slices[7][crc & 0xff] ^ slices[6][crc >> 8 & 0xff] ^ slices[5][crc >> 16 & 0xff] ^
          slices[4][crc >> 24] ^ slices[3][byte_at(p + 4)] ^ slices[2][byte_at(p + 5)] ^
          slices[1][byte_at(p + 6)] ^ slices[0][byte_at(p + 7)];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8) ^ slices[0][(crc ^ byte_at(p)) & 0xff];
  return ~crc;
}

#if defined(__x86_64__)

bool crc32c_has_hardware() {
  return __builtin_cpu_supports("sse4.2") != 0 && __builtin_cpu_supports("pclmul") != 0;
}

namespace {

// The product of a run's CRC and the factor that moves it over `words` zero words, still to be
// reduced.
__attribute__((target("sse4.2,pclmul"))) __m128i moved(uint64_t run, size_t words) {
  const __m128i power = _mm_cvtsi32_si128(static_cast<int>(powers[words]));
  return _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<int64_t>(run)), power, 0);
}

}  // namespace

__attribute__((target("sse4.2,pclmul"))) uint32_t crc32c_hardware(std::string_view bytes,
                                                                  uint32_t crc) {
  const char* p = bytes.data();
  size_t left = bytes.size();
  uint64_t a = ~crc;
  while (left >= 3 * 8 * least_words) {
    const size_t words = std::min(most_words, left / 24);
    const size_t run_bytes = 8 * words;
    uint64_t b = 0;
    uint64_t c = 0;
    for (const char* const end = p + run_bytes; p != end; p += 8) {
      a = _mm_crc32_u64(a, load64(p));
      b = _mm_crc32_u64(b, load64(p + run_bytes));
      c = _mm_crc32_u64(c, load64(p + 2 * run_bytes));
    }
    const __m128i both = _mm_xor_si128(moved(a, 2 * words), moved(b, words));
    a = _mm_crc32_u64(0, static_cast<uint64_t>(_mm_cvtsi128_si64(both))) ^ c;
    p += 2 * run_bytes;
    left -= 3 * run_bytes;
  }
  for (; left >= 8; left -= 8, p += 8) a = _mm_crc32_u64(a, load64(p));
  auto rest = static_cast<uint32_t>(a);
  for (; left > 0; --left, ++p) rest = _mm_crc32_u8(rest, static_cast<unsigned char>(*p));
  return ~rest;
}

uint32_t crc32c(std::string_view bytes, uint32_t crc) {
  static const bool hardware = crc32c_has_hardware();
  return hardware ? crc32c_hardware(bytes, crc) : crc32c_software(bytes, crc);
}

#else

bool crc32c_has_hardware() { return false; }
uint32_t crc32c_hardware(std::string_view bytes, uint32_t crc) {
  return crc32c_software(bytes, crc);
}
uint32_t crc32c(std::string_view bytes, uint32_t crc) { return crc32c_software(bytes, crc); }

#endif

}  // namespace mread::wire
