#pragma once

#include <string>
#include <string_view>

#include "wire/bytes/varint.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::fuzz {

/// Frames without checksums (uvarint length, data), as a streamed body with them: a mutated byte
/// does not end the way at the checksum. What is no whole frame at the end stands at the body's end
/// as it is.
inline std::string with_checksums(std::string_view bytes) {
  std::string body;
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while (p != end) {
    const char* const begin = p;
    uint64_t length = 0;
    if (!wire::get_varint(p, end, length) || length > static_cast<uint64_t>(end - p)) {
      body.append(begin, end);
      break;
    }
    wire::append_frame(body, {p, static_cast<size_t>(length)});
    p += length;
  }
  return body;
}

}  // namespace mread::fuzz
