// The answer of an upstream to a mock store: the same in any pieces, unchanged where no fault changes
// it, and well-formed where faults of data have made it.
#include "mockstore/store/upstream_answer.h"

#include <optional>

#include "fuzz/framing.h"
#include "fuzz/harness.h"
#include "model/matcher.h"
#include "wire/request/read_request.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"

namespace {

using namespace mread;  // NOLINT: a program of its own
using namespace mread::mockstore;

constexpr size_t limit_bytes = size_t{1} << 30;

enum class Faults { none, of_bytes, of_data, of_order };

struct Answer {
  int status = 0;
  std::string body;
  bool ends = false;
  bool operator==(const Answer&) const = default;
};

AnswerShape shape_of(Faults faults) {
  AnswerShape shape;
  if (faults == Faults::of_data) {
    shape.data.lag = std::chrono::seconds(30);
    shape.data.skew = std::chrono::seconds(-7);
    shape.data.factor = 2;
  }
  if (faults == Faults::of_order) shape.order = AnswerShape::Order::reversed;
  return shape;
}

std::string request(bool is_streamed) {
  model::Query all;
  all.start_ms = INT64_MIN;
  all.end_ms = INT64_MAX;
  all.matchers = *model::parse_selector("{__name__=~\".+\"}");
  std::vector<model::ResponseType> accepted;
  if (is_streamed) accepted.push_back(model::ResponseType::streamed_xor_chunks);
  return wire::encode_read_request({{all, all}, accepted});
}

void take(UpstreamAnswer& answer, Answer& out) {
  while (auto step = answer.next()) {
    FUZZ_CHECK(!out.ends);
    if (const auto* head = std::get_if<HeadStep>(&*step)) {
      FUZZ_CHECK(out.status == 0);
      out.status = head->head.status;
    } else if (const auto* body = std::get_if<BodyStep>(&*step)) {
      FUZZ_CHECK(out.status != 0);
      out.body += body->bytes;
    } else {
      FUZZ_CHECK(std::holds_alternative<EndStep>(*step));
      out.ends = true;
    }
  }
}

Answer run(const std::string& body, uint32_t seed, bool is_streamed, Faults faults) {
  UpstreamAnswer answer("upstream:9090", {}, shape_of(faults), faults != Faults::none,
                        request(is_streamed));
  net::ResponseHead head;
  head.headers.set("Content-Type",
                   is_streamed ? "application/x-streamed-protobuf" : "application/x-protobuf");
  Answer out;
  answer.on_head(head);
  take(answer, out);
  for (const auto& piece : fuzz::cut(body, seed)) {
    FUZZ_CHECK(answer.needs_input());
    answer.on_bytes(*piece);
    take(answer, out);
  }
  answer.on_end();
  take(answer, out);
  FUZZ_CHECK(out.ends && !answer.needs_input());
  return out;
}

void check_well_formed(const std::string& body, bool is_streamed) {
  if (!is_streamed) {
    const auto plain = wire::uncompress(body, limit_bytes);
    FUZZ_CHECK(plain.has_value() && wire::parse_read_response(*plain).has_value());
    return;
  }
  wire::FrameSplitter frames(limit_bytes);
  frames.feed(body);
  wire::ChunkedResponse response;
  for (;;) {
    const auto frame = frames.next();
    FUZZ_CHECK(frame.has_value());
    if (!*frame) break;
    FUZZ_CHECK(wire::parse_chunked_response((*frame)->data, response).has_value());
  }
  FUZZ_CHECK(frames.finish().has_value());
}

}  // namespace

MREAD_FUZZ(upstream_answer) {
  const uint32_t seed = input.number();
  const uint8_t settings = input.byte();
  const auto faults = static_cast<Faults>(settings & 3);
  const bool is_streamed = (settings & 4) != 0;
  const bool raw = (settings & 8) != 0;
  const std::string bytes = input.rest();
  const std::string body = raw           ? bytes
                           : is_streamed ? fuzz::with_checksums(bytes)
                                         : wire::compress(bytes);
  const Answer whole = run(body, 0, is_streamed, faults);
  FUZZ_CHECK(run(body, seed, is_streamed, faults) == whole);
  if (faults == Faults::none || faults == Faults::of_bytes) {
    FUZZ_CHECK(whole.status == 200 && whole.body == body);
  } else if (whole.status == 200) {
    check_well_formed(whole.body, is_streamed);
  } else {
    FUZZ_CHECK(whole.status == 502 || whole.status == 500);
    FUZZ_CHECK(whole.body.ends_with("\n"));
  }
}
