#include "wire/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace mread::wire {

namespace {

constexpr uint32_t polynomial = 0x82f63b78;  // Castagnoli, bits reversed.

using Table = std::array<uint32_t, 256>;

// slices[k][b] is the CRC of the byte b followed by k zero bytes: eight bytes at a time with eight lookups.
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
// The crc32 instruction takes three cycles, but one can start every cycle: three runs of `run_bytes` go side by side,
// and are put together by moving a CRC over that many zero bytes, which is linear in its bits.
constexpr size_t run_bytes = 1024;

struct Shift {
  std::array<Table, 4> tables{};

  Shift() {
    for (uint32_t bit = 0; bit < 32; ++bit) {
      uint32_t crc = uint32_t{1} << bit;
      for (size_t i = 0; i < run_bytes; ++i) crc = (crc >> 8) ^ slices[0][crc & 0xff];
      Table& table = tables[bit / 8];
      const uint32_t mask = 1U << (bit % 8);
      for (uint32_t byte = 0; byte < 256; ++byte) {
        if ((byte & mask) != 0) table[byte] ^= crc;
      }
    }
  }

  uint32_t operator()(uint32_t crc) const {
    return tables[0][crc & 0xff] ^ tables[1][crc >> 8 & 0xff] ^ tables[2][crc >> 16 & 0xff] ^ tables[3][crc >> 24];
  }
};

uint64_t load64(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}
#endif

}  // namespace

uint32_t crc32c_software(std::string_view bytes, uint32_t crc) {
  const char* p = bytes.data();
  size_t left = bytes.size();
  const auto byte_at = [](const char* q) { return static_cast<uint32_t>(static_cast<unsigned char>(*q)); };
  crc = ~crc;
  for (; left >= 8; left -= 8, p += 8) {
    crc ^= byte_at(p) | byte_at(p + 1) << 8 | byte_at(p + 2) << 16 | byte_at(p + 3) << 24;
    crc = slices[7][crc & 0xff] ^ slices[6][crc >> 8 & 0xff] ^ slices[5][crc >> 16 & 0xff] ^ slices[4][crc >> 24] ^
          slices[3][byte_at(p + 4)] ^ slices[2][byte_at(p + 5)] ^ slices[1][byte_at(p + 6)] ^ slices[0][byte_at(p + 7)];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8) ^ slices[0][(crc ^ byte_at(p)) & 0xff];
  return ~crc;
}

#if defined(__x86_64__)

bool crc32c_has_hardware() { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2"))) uint32_t crc32c_hardware(std::string_view bytes, uint32_t crc) {
  const char* p = bytes.data();
  size_t left = bytes.size();
  uint64_t a = ~crc;
  if (left >= 3 * run_bytes) {
    static const Shift shift;
    do {
      uint64_t b = 0;
      uint64_t c = 0;
      for (size_t i = 0; i < run_bytes; i += 8) {
        a = _mm_crc32_u64(a, load64(p + i));
        b = _mm_crc32_u64(b, load64(p + run_bytes + i));
        c = _mm_crc32_u64(c, load64(p + 2 * run_bytes + i));
      }
      a = shift(shift(static_cast<uint32_t>(a)) ^ static_cast<uint32_t>(b)) ^ static_cast<uint32_t>(c);
      p += 3 * run_bytes;
      left -= 3 * run_bytes;
    } while (left >= 3 * run_bytes);
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
uint32_t crc32c_hardware(std::string_view bytes, uint32_t crc) { return crc32c_software(bytes, crc); }
uint32_t crc32c(std::string_view bytes, uint32_t crc) { return crc32c_software(bytes, crc); }

#endif

}  // namespace mread::wire
