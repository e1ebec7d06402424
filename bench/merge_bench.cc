// Whole answers in, a whole answer out, on one thread: K backends' bodies through the fan-out machine.
//
//   mread_merge_bench --benchmark_filter='chunks_to_chunks/offset'
//
// Each case counts input samples a second, over all backends. The shapes: dup = byte-identical replicas, offset = the
// same series at other timestamps, disjoint = shards, half = replicas that overlap in half of their time.

#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "merger/fan_out.h"
#include "wire/chunked_series.h"
#include "wire/frame_splitter.h"
#include "wire/labels_view.h"
#include "wire/samples_response.h"
#include "wire/snappy_block.h"
#include "wire/xor_chunk.h"

namespace mread::merger {
namespace {

enum class Shape { dup, offset, disjoint, half };
enum class Kind { chunks, samples };

constexpr int64_t start_ms = 1'700'000'000'000;
constexpr int64_t step_ms = 15'000;
constexpr size_t piece_bytes = 64U << 10;

std::vector<model::Sample> make_samples(size_t series, size_t count, int64_t shift_ms) {
  std::vector<model::Sample> out;
  double value = static_cast<double>(series % 97);
  for (size_t i = 0; i < count; ++i) {
    value += static_cast<double>((series * 31 + i * 17) % 13) * 0.25;
    out.push_back(model::Sample::of(start_ms + shift_ms + static_cast<int64_t>(i) * step_ms, value));
  }
  return out;
}

std::string make_body(Kind kind, Shape shape, size_t backend, size_t backends, size_t series, size_t count) {
  std::string frames;
  wire::ReadResponseWriter response;
  response.begin_result();
  wire::XorWriter writer;
  for (size_t i = 0; i < series; ++i) {
    const size_t number = shape == Shape::disjoint ? i * backends + backend : i;
    char digits[16];
    std::snprintf(digits, sizeof digits, "%08zu", number);
    const std::string labels = wire::encode_labels(model::LabelSet{{"__name__", "node_cpu_seconds_total"},
                                                                   {"cpu", digits},
                                                                   {"instance", "collector-1.example:9100"},
                                                                   {"job", "node"},
                                                                   {"mode", "system"}});
    const auto back = static_cast<int64_t>(backend);
    const int64_t shift = shape == Shape::offset ? back * 7'000
                          : shape == Shape::half ? back * static_cast<int64_t>(count) * step_ms / 2
                                                 : 0;
    const auto samples = make_samples(number, count, shift);
    if (kind == Kind::samples) {
      response.append_series(labels, samples);
      continue;
    }
    // As collectors cut them: at most 120, here at common boundaries, so that `half` has whole chunks in common.
    const size_t cut = std::min<size_t>(120, shape == Shape::half ? count / 2 : count);
    std::string entries;
    for (size_t begin = 0; begin < samples.size(); begin += cut) {
      writer.reset();
      for (size_t j = begin; j < std::min(samples.size(), begin + cut); ++j) writer.append(samples[j]);
      wire::append_chunk(entries, writer.min_time_ms(), writer.max_time_ms(), wire::ChunkEncoding::xor_,
                         writer.bytes());
    }
    std::string message;
    wire::encode_chunked_series(labels, entries, 0, message);
    wire::append_frame(frames, message);
  }
  return kind == Kind::samples ? wire::compress(response.bytes()) : frames;
}

using Pieces = std::vector<std::shared_ptr<const std::string>>;

Pieces cut(const std::string& body) {
  Pieces pieces;
  for (size_t at = 0; at < body.size(); at += piece_bytes) {
    pieces.push_back(std::make_shared<const std::string>(body.substr(at, piece_bytes)));
  }
  return pieces;
}

// Runs one read to its end; returns the bytes that left.
size_t run(const Config& config, const std::vector<Pieces>& bodies, Kind in, bool streamed, Outcome& outcome) {
  model::ReadRequest request;
  model::Query query;
  query.start_ms = start_ms - 1;
  query.end_ms = start_ms + 1'000'000'000;
  request.queries.push_back(std::move(query));
  if (streamed) request.accepted_response_types = {model::ResponseType::streamed_xor_chunks};
  const TimePoint now{};
  FanOut machine(config, std::move(request), now);
  std::vector<size_t> next(bodies.size());
  size_t out = 0;
  while (auto action = machine.poll(now)) {
    if (auto* ask = std::get_if<Ask>(&*action)) {
      machine.on_response(ask->id, 200,
                          in == Kind::chunks ? "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
                                             : "application/x-protobuf",
                          in == Kind::chunks ? "" : "snappy", "", now);
    } else if (auto* read = std::get_if<Read>(&*action)) {
      const Pieces& pieces = bodies[read->id];
      if (next[read->id] < pieces.size()) {
        machine.on_data(read->id, pieces[next[read->id]++], now);
      } else {
        machine.on_end(read->id, now);
      }
    } else if (auto* body = std::get_if<Body>(&*action)) {
      for (const auto piece : body->pieces) out += piece.size();
      machine.on_sent(now);
    }
  }
  outcome = machine.outcome();
  return out;
}

void merge(benchmark::State& state, Kind in, bool streamed, Shape shape) {
  const auto backends = static_cast<size_t>(state.range(0));
  const auto series = static_cast<size_t>(state.range(1));
  const auto count = static_cast<size_t>(state.range(2));
  std::string text = "remote_read:\n";
  for (size_t i = 0; i < backends; ++i) text += "  - {url: 'http://n" + std::to_string(i) + "/read'}\n";
  const Config config = Config::parse(text, "bench");
  std::vector<Pieces> bodies;
  size_t bytes = 0;
  for (size_t i = 0; i < backends; ++i) {
    const std::string body = make_body(in, shape, i, backends, series, count);
    bytes += body.size();
    bodies.push_back(cut(body));
  }
  Outcome outcome;
  size_t out = 0;
  for (auto _ : state) out = run(config, bodies, in, streamed, outcome);
  const uint64_t want_series = shape == Shape::disjoint ? series * backends : series;
  if (outcome.series_out != want_series || !outcome.partial.empty()) {
    state.SkipWithError(("wrong answer: " + outcome.partial).c_str());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * backends * series * count));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
  state.counters["out_bytes"] = static_cast<double>(out);
  state.counters["passed_on"] = static_cast<double>(outcome.frames_passed_on);
}

void register_all() {
  struct Path {
    const char* name;
    Kind in;
    bool streamed;
  };
  struct Form {
    const char* name;
    Shape shape;
  };
  for (const Path& path :
       {Path{"chunks_to_chunks", Kind::chunks, true}, Path{"chunks_to_samples", Kind::chunks, false},
        Path{"samples_to_samples", Kind::samples, false}, Path{"samples_to_chunks", Kind::samples, true}}) {
    for (const Form& form : {Form{"dup", Shape::dup}, Form{"offset", Shape::offset}, Form{"disjoint", Shape::disjoint},
                             Form{"half", Shape::half}}) {
      benchmark::RegisterBenchmark((std::string(path.name) + "/" + form.name).c_str(), merge, path.in, path.streamed,
                                   form.shape)
          ->ArgNames({"n", "series", "samples"})
          ->Args({2, 10'000, 120})
          ->Args({10, 2'000, 120})
          ->Args({50, 400, 120})
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace
}  // namespace mread::merger

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 3;
  mread::merger::register_all();
  benchmark::RunSpecifiedBenchmarks();
}
