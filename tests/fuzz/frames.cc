// A streamed answer: the same frames in any pieces and by every way of reading them, and their
// content against libprotobuf.
#include <algorithm>
#include <deque>
#include <optional>

#include "fuzz/framing.h"
#include "fuzz/harness.h"
#include "wire/labels/labels_view.h"
#include "wire/proto/remote.pb.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace {

using namespace mread;  // NOLINT: a program of its own

constexpr size_t frame_limit = 1U << 16;

struct Split {
  std::vector<std::string> wires;
  std::vector<std::string> data;
  std::optional<Error> error;
};

// By next() alone, or by next_whole() first, or by skip_known() first with frames that are known to
// come.
enum class Way { plain, whole, known };

Split split(const std::string& body, uint32_t seed, Way way, const Split* known) {
  Split out;
  wire::FrameSplitter splitter(frame_limit);
  const auto take = [&](const wire::Frame& frame) {
    out.wires.emplace_back(frame.wire);
    out.data.emplace_back(frame.data);
    FUZZ_CHECK(frame.data.size() <= frame_limit);
    FUZZ_CHECK(frame.wire.ends_with(frame.data));
  };
  const auto read = [&] {
    while (!out.error) {
      const size_t index = out.wires.size();
      if (way == Way::known && index < known->wires.size() &&
          splitter.skip_known(known->wires[index])) {
        out.wires.push_back(known->wires[index]);
        out.data.push_back(known->data[index]);
        continue;
      }
      wire::Frame frame;
      if (way == Way::whole && splitter.next_whole(frame)) {
        take(frame);
        continue;
      }
      const auto next = splitter.next();
      if (!next) {
        out.error = next.error();
      } else if (*next) {
        take(**next);
      } else {
        return;
      }
    }
  };
  for (const auto& piece : fuzz::cut(body, seed)) {
    splitter.feed(piece);
    read();
    FUZZ_CHECK(splitter.frames() == out.wires.size());
    if (out.error) FUZZ_CHECK(!splitter.next().has_value());
  }
  if (out.error) return out;
  read();
  if (const auto end = splitter.finish(); !end) out.error = end.error();
  return out;
}

void check_same(const Split& a, const Split& b) {
  FUZZ_CHECK(a.wires == b.wires);
  FUZZ_CHECK(a.data == b.data);
  FUZZ_CHECK(a.error.has_value() == b.error.has_value());
  if (a.error)
    FUZZ_CHECK_SHOW(a.error->code == b.error->code,
                    a.error->to_string() + " / " + b.error->to_string());
}

// libprotobuf takes groups as unknown fields, too, so it may read what this does not. The other way
// round only labels differ, which are not looked into here.
void check_content(const std::string& data, const wire::ChunkedResponse& response) {
  prometheus::ChunkedReadResponse message;
  if (!message.ParseFromString(data)) {
    FUZZ_CHECK(std::any_of(response.series.begin(), response.series.end(), [](const auto& series) {
      return !wire::decode_labels(series.labels).has_value();
    }));
    return;
  }
  FUZZ_CHECK(response.query_index == message.query_index());
  FUZZ_CHECK(response.series.size() == static_cast<size_t>(message.chunked_series_size()));
  for (int i = 0; i < message.chunked_series_size(); ++i) {
    const auto& series = response.series[static_cast<size_t>(i)];
    const auto& want = message.chunked_series(i);
    FUZZ_CHECK(series.chunks.size() == static_cast<size_t>(want.chunks_size()));
    for (int k = 0; k < want.chunks_size(); ++k) {
      const auto& chunk = series.chunks[static_cast<size_t>(k)];
      FUZZ_CHECK(chunk.min_time_ms == want.chunks(k).min_time_ms());
      FUZZ_CHECK(chunk.max_time_ms == want.chunks(k).max_time_ms());
      FUZZ_CHECK(static_cast<int>(chunk.encoding) == static_cast<int>(want.chunks(k).type()));
      FUZZ_CHECK(chunk.data == want.chunks(k).data());
    }
    // Labels are views of the wire; libprotobuf says what they are.
    prometheus::ChunkedSeries labels;
    if (!labels.ParseFromArray(series.labels.data(), static_cast<int>(series.labels.size())))
      continue;
    FUZZ_CHECK(labels.labels_size() == want.labels_size());
    for (int k = 0; k < want.labels_size(); ++k) {
      FUZZ_CHECK(labels.labels(k).name() == want.labels(k).name());
      FUZZ_CHECK(labels.labels(k).value() == want.labels(k).value());
    }
  }
}

void check_written_again(const wire::ChunkedResponse& response) {
  wire::ChunkedResponse again;
  for (const auto& series : response.series) {
    std::string data;
    wire::encode_chunked_series(series.labels, series.chunks, response.query_index, data);
    FUZZ_CHECK(wire::parse_chunked_response(data, again).has_value());
    FUZZ_CHECK(again.query_index == response.query_index && again.series.size() == 1);
    FUZZ_CHECK(again.series[0].labels == series.labels);
    FUZZ_CHECK(again.series[0].chunks.size() == series.chunks.size());
    for (size_t i = 0; i < series.chunks.size(); ++i) {
      const wire::ChunkView& a = series.chunks[i];
      const wire::ChunkView& b = again.series[0].chunks[i];
      FUZZ_CHECK(a.min_time_ms == b.min_time_ms && a.max_time_ms == b.max_time_ms);
      FUZZ_CHECK(a.encoding == b.encoding && a.data == b.data && a.wire == b.wire);
    }
  }
}

// Along an answer the stepper goes on from labels to labels, and begins again where it could not
// say the step.
void check_responses(const std::vector<std::string>& frames) {
  wire::ChunkedResponse plain;
  wire::ChunkedResponse stepped;
  wire::LabelsStepper stepper;
  std::deque<std::string> kept{""};  // The stepper looks at the labels that it has come to.
  for (const std::string& data : frames) {
    const auto parsed = wire::parse_chunked_response(data, plain);
    const auto again = wire::parse_chunked_response(data, stepped, SIZE_MAX, &stepper);
    FUZZ_CHECK(parsed.has_value() == again.has_value());
    bool stands = false;
    if (parsed) {
      check_content(data, plain);
      check_written_again(plain);
      FUZZ_CHECK(plain.series.size() == stepped.series.size());
      if (stepped.step) {
        const wire::LabelsStep want = wire::step_labels(kept.back(), plain.series.at(0).labels);
        FUZZ_CHECK(stepped.step->canonical == want.canonical);
        stands = want.canonical;
        if (stands)
          FUZZ_CHECK(stepped.step->order == want.order && stepped.step->common == want.common);
      }
    }
    const bool known =
        parsed && plain.series.size() == 1 && wire::is_canonical_labels(plain.series[0].labels);
    kept.emplace_back(known ? plain.series[0].labels : std::string_view());
    if (!stands) stepper.restart(kept.back());
  }
}

}  // namespace

MREAD_FUZZ(frames) {
  const uint32_t seed = input.number();
  const bool raw = input.flag();
  const std::string bytes = input.rest();
  const std::string body = raw ? bytes : fuzz::with_checksums(bytes);
  const Split whole = split(body, 0, Way::plain, nullptr);
  check_same(whole, split(body, seed, Way::plain, nullptr));
  check_same(whole, split(body, seed, Way::whole, nullptr));
  check_same(whole, split(body, 0, Way::whole, nullptr));
  check_same(whole, split(body, seed, Way::known, &whole));
  check_same(whole, split(body, 0, Way::known, &whole));
  check_responses(whole.data);
}
