#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/bytes/varint.h"

namespace mread::wire {

enum class WireType : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// Walks the fields of one protobuf message without copying.
///
///   for (ProtoReader r(body); r.next();) switch (r.field()) { case 1: labels = r.bytes(); … }
///   if (!r.ok()) return fail(r.error("chunked series"));
///
/// next() reads a field's tag *and* value, so a field that nobody asks for is skipped. It never
/// reads outside the bytes. Groups, unknown wire types, field number 0, and lengths past the end
/// make ok() false and next() false for good.
class ProtoReader {
 public:
  /// `base` is the offset of the message in whatever error offsets are counted in.
  explicit ProtoReader(std::string_view message, size_t base = 0)
      : begin_(message.data()), p_(begin_), end_(begin_ + message.size()), base_(base) {}

  bool next() {
    if (p_ == end_ || !ok_) return false;
    field_begin_ = p_;
    uint64_t tag = 0;
    if (!get_varint(p_, end_, tag) || tag > UINT32_MAX || (tag >> 3) == 0) return bad();
    field_ = static_cast<uint32_t>(tag >> 3);
    type_ = static_cast<WireType>(tag & 7);
    switch (type_) {
      case WireType::varint:
        return get_varint(p_, end_, number_) || bad();
      case WireType::fixed64:
        return fixed(8);
      case WireType::bytes: {
        uint64_t length = 0;
        if (!get_varint(p_, end_, length) || length > static_cast<uint64_t>(end_ - p_))
          return bad();
        bytes_ = {p_, static_cast<size_t>(length)};
        p_ += length;
        return true;
      }
      case WireType::fixed32:
        return fixed(4);
    }
    return bad();
  }

  uint32_t field() const { return field_; }
  WireType type() const { return type_; }
  bool is(uint32_t field, WireType type) const { return field_ == field && type_ == type; }

  uint64_t varint() const { return number_; }   ///< valid for WireType::varint
  uint64_t fixed64() const { return number_; }  ///< valid for WireType::fixed64
  std::string_view bytes() const {
    return bytes_;
  }  ///< valid for WireType::bytes; lives as long as the message
  /// The whole field as it came, tag included.
  std::string_view entry() const { return {field_begin_, static_cast<size_t>(p_ - field_begin_)}; }

  bool ok() const { return ok_; }
  /// The offset of the current field, or of the error.
  size_t offset() const { return base_ + static_cast<size_t>(field_begin_ - begin_); }
  /// The offset of the value of a bytes field.
  size_t bytes_offset() const { return base_ + static_cast<size_t>(bytes_.data() - begin_); }
  /// Errc::malformed: "WHAT: malformed protobuf at byte N".
  Error error(std::string_view what) const;

 private:
  bool bad() {
    ok_ = false;
    p_ = field_begin_;
    return false;
  }
  bool fixed(size_t size) {
    if (static_cast<size_t>(end_ - p_) < size) return bad();
    number_ = 0;
    std::memcpy(&number_, p_, size);  // Little-endian on the wire and, see the .cc, on the machine.
    p_ += size;
    return true;
  }

  const char* begin_;
  const char* p_;
  const char* end_;
  size_t base_;
  const char* field_begin_ = begin_;
  uint64_t number_ = 0;
  std::string_view bytes_;
  uint32_t field_ = 0;
  WireType type_ = WireType::varint;
  bool ok_ = true;
};

}  // namespace mread::wire
