#include "mockstore/faults/wrong_crc.h"

#include "mockstore/faults/frame_change.h"
#include "mockstore/faults/staged_fault.h"
#include "wire/bytes/varint.h"

namespace mread::mockstore::faults {
namespace {

std::string with_wrong_checksum(std::string_view bytes) {
  std::string frame(bytes);
  const char* p = frame.data();
  uint64_t length = 0;
  if (wire::get_varint(p, frame.data() + frame.size(), length))
    frame[static_cast<size_t>(p - frame.data())] ^= 1;
  return frame;
}

using WrongCrcStage = FrameChange<std::string (*)(std::string_view)>;

}  // namespace

std::shared_ptr<const Fault> parse_wrong_crc(const yaml::Node& settings) {
  uint64_t frame = 0;
  if (!settings.is_null()) {
    yaml::Mapping mapping = settings.mapping();
    if (const auto number = mapping.find("frame")) frame = number->count();
    mapping.finish();
  }
  return staged_fault<WrongCrcStage>("wrong_crc", frame, with_wrong_checksum);
}

}  // namespace mread::mockstore::faults
