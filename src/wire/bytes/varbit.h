#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mread::wire {

/// Reads the bit stream of Prometheus's histogram chunks, most significant bit first.
///
/// A read past the end, or of a pattern that no writer makes, sets failed(); all later reads yield
/// zeros. So a caller may check once after several reads. The bytes must outlive the reader.
/// Source: tsdb/chunkenc (bstream, varbit) of Prometheus.
class VarbitReader {
 public:
  VarbitReader() = default;
  explicit VarbitReader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  void fail() { failed_ = true; }
  uint64_t bits_left() const { return failed_ ? 0 : uint64_t{bytes_.size()} * 8 - position_; }
  size_t size() const { return bytes_.size(); }
  size_t byte_position() const { return static_cast<size_t>(position_ / 8); }

  uint64_t bits(unsigned count);  ///< 0 .. 64 of them
  bool bit() { return bits(1) != 0; }
  int64_t varbit_int();
  uint64_t varbit_uint();
  int64_t zigzag_varint();  ///< in bytes, which need not be aligned

 private:
  unsigned varbit_class();  ///< the payload's bits

  std::string_view bytes_;
  uint64_t position_ = 0;
  bool failed_ = false;
};

/// The writer for VarbitReader. finish() pads with zero bits to a whole byte.
class VarbitWriter {
 public:
  explicit VarbitWriter(std::string prefix) : bytes_(std::move(prefix)) {}

  void bits(uint64_t value, unsigned count);
  void bit(bool value) { bits(value ? 1 : 0, 1); }
  void varbit_int(int64_t value);
  void varbit_uint(uint64_t value);
  void zigzag_varint(int64_t value);

  std::string finish() { return std::move(bytes_); }

 private:
  std::string bytes_;
  unsigned free_ = 0;  ///< unused low bits in the last byte
};

/// A float that is stored as the XOR with its predecessor (Gorilla), and the window of significant
/// bits that was used last.
struct XorValue {
  uint64_t bits = 0;
  uint8_t leading = 0;
  uint8_t trailing = 0;
  bool has_window = false;  ///< for writing: whether leading and trailing can be used again

  /// Reads the next value into `bits`. Returns false if the bits are malformed; a window wider than
  /// 64 bits sets the reader's failed() too.
  bool read(VarbitReader& reader);
  void write(VarbitWriter& writer, uint64_t value);
};

}  // namespace mread::wire
