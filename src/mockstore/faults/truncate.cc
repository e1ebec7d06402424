#include "mockstore/faults/truncate.h"

#include "mockstore/faults/body_limit.h"
#include "mockstore/faults/staged_fault.h"
#include "wire/bytes/varint.h"

namespace mread::mockstore::faults {
namespace {

struct CutPoint {
  enum class Inside { none, after_varint, after_crc, mid_payload } inside = Inside::none;
  BodyPosition limit;  // Whole frames before the one that is cut, or bytes.
  bool clean = true;
};

size_t cut_inside(std::string_view frame, CutPoint::Inside inside) {
  const char* p = frame.data();
  uint64_t length = 0;
  if (!wire::get_varint(p, frame.data() + frame.size(), length)) return 0;
  const size_t varint = static_cast<size_t>(p - frame.data());
  switch (inside) {
    case CutPoint::Inside::none:
      return 0;
    case CutPoint::Inside::after_varint:
      return varint;
    case CutPoint::Inside::after_crc:
      return varint + 4;
    case CutPoint::Inside::mid_payload:
      break;
  }
  return varint + 4 + length / 2;
}

class TruncateStage final : public FaultStage {
 public:
  explicit TruncateStage(const CutPoint& place) : place_(place), limit_(place.limit) {}

  void take(Step step, std::vector<Step>& out) override {
    auto* body = std::get_if<BodyStep>(&step);
    if (!body) {
      // A length that was announced would make every end a cut.
      if (auto* head = std::get_if<HeadStep>(&step); head && place_.clean)
        head->head.headers.remove("Content-Length");
      out.push_back(std::move(step));
      return;
    }
    const BodyStep whole = *body;
    if (place_.limit.unit == BodyPosition::Unit::frames &&
        !whole.is_frame) {  // SAMPLES, or an error's text.
      out.push_back(std::move(step));
      return;
    }
    const bool reached = limit_.reached(*body);
    if (reached && place_.inside != CutPoint::Inside::none)
      body->bytes = whole.bytes.substr(0, cut_inside(whole.bytes, place_.inside));
    if (reached) body->is_frame = false;
    if (!body->bytes.empty()) out.push_back(std::move(step));
    if (reached) out.push_back(place_.clean ? Step(EndStep{}) : Step(AbortStep{false}));
  }

 private:
  CutPoint place_;
  BodyLimit limit_;
};

}  // namespace

std::shared_ptr<const Fault> parse_truncate(const yaml::Node& settings) {
  CutPoint place;
  yaml::Mapping mapping = settings.mapping();
  const auto where = mapping.find("where");
  const auto frame = mapping.find("frame");
  const auto frames = mapping.find("frames");
  const auto bytes = mapping.find("bytes");
  if (const auto end = mapping.find("end")) place.clean = end->one_of({"clean", "cut"}) == "clean";
  mapping.finish();
  if ((where ? 1 : 0) + (frames ? 1 : 0) + (bytes ? 1 : 0) != 1)
    settings.error(
        "say where: {where: after_varint | after_crc | mid_payload}, {frames: 3} or {bytes: 100}");
  if (frame && !where)
    frame->error("'frame' belongs to 'where'; {frames: N} cuts after N whole frames");
  if (bytes) {
    place.limit = {BodyPosition::Unit::bytes, bytes->bytes()};
  } else if (frames) {
    place.limit = {BodyPosition::Unit::frames, frames->count()};
  } else {
    const std::string name = where->one_of({"after_varint", "after_crc", "mid_payload"});
    place.inside = name == "after_varint" ? CutPoint::Inside::after_varint
                   : name == "after_crc"  ? CutPoint::Inside::after_crc
                                          : CutPoint::Inside::mid_payload;
    place.limit = {BodyPosition::Unit::frames, frame ? frame->count() : 0};
  }
  return staged_fault<TruncateStage>("truncate", place);
}

}  // namespace mread::mockstore::faults
