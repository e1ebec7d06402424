#include "wire/chunk/chunk_encoding.h"

namespace mread::wire {

const char* to_string(ChunkEncoding encoding) {
  switch (encoding) {
    case ChunkEncoding::unknown:
      break;
    case ChunkEncoding::xor_:
      return "xor";
    case ChunkEncoding::histogram:
      return "histogram";
    case ChunkEncoding::float_histogram:
      return "float_histogram";
    case ChunkEncoding::xor2:
      return "xor2";
    case ChunkEncoding::histogram_st:
      return "histogram_st";
    case ChunkEncoding::float_histogram_st:
      return "float_histogram_st";
  }
  return "unknown";
}

}  // namespace mread::wire
