#include "wire/proto/proto_reader.h"

#include <bit>

namespace mread::wire {

static_assert(std::endian::native == std::endian::little,
              "fixed fields are read with little-endian loads");

Error ProtoReader::error(std::string_view what) const {
  return {Errc::malformed,
          std::string(what) + ": malformed protobuf at byte " + std::to_string(offset())};
}

}  // namespace mread::wire
