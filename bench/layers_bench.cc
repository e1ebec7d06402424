// One layer at a time, over the bytes of real answers. items_per_second counts samples unless the
// name says otherwise.
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>

#include <benchmark/benchmark.h>

#include "bench/bodies.h"
#include "bench/checksum.h"
#include "bench/registration.h"
#include "merger/combine/chain_iterator.h"
#include "merger/combine/loser_tree.h"
#include "wire/bytes/crc32c.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/samples_block_reader.h"
#include "wire/samples/samples_block_writer.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::bench {
namespace {

using model::ResponseType;

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

// One backend's answer in every stage of its decoding; made once.
struct Input {
  Plan plan;
  std::string samples_form;  // As it comes: snappy.
  std::string uncompressed;  // A ReadResponse.
  std::string streamed;
  std::vector<model::Series> series;
  std::vector<std::string> labels;  // On the wire, sorted.
  std::vector<std::string> chunks;  // XOR.
};

Input make_input(bool quick) {
  Input input;
  input.plan.backends = 1;
  input.plan.series = quick ? 20 : 5000;
  input.samples_form = backend_body(input.plan, 0, ResponseType::samples);
  input.uncompressed = wire::uncompress(input.samples_form, UINT32_MAX).value();
  input.streamed = backend_body(input.plan, 0, ResponseType::streamed_xor_chunks);
  input.series = backend_series(input.plan, 0);
  for (const auto& series : input.series) {
    input.labels.push_back(wire::encode_labels(series.labels));
    wire::XorWriter chunk;
    for (const model::Sample sample : series.samples) chunk.append(sample);
    input.chunks.emplace_back(chunk.bytes());
  }
  return input;
}

bool quick_input = false;
const Input& input() {
  static const Input made = make_input(quick_input);
  return made;
}

void count(benchmark::State& state, uint64_t items, size_t bytes) {
  state.SetItemsProcessed(static_cast<int64_t>(items * state.iterations()));
  if (bytes > 0) state.SetBytesProcessed(static_cast<int64_t>(bytes * state.iterations()));
}

void copy_memory(benchmark::State& state) {
  const std::string& from = input().uncompressed;
  std::string to(from.size(), '\0');
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::ClobberMemory();
  }
  count(state, input().plan.input_samples(), from.size());
}

void snappy_uncompress(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(wire::uncompress(input().samples_form, UINT32_MAX));
  count(state, input().plan.input_samples(), input().uncompressed.size());
}

// The series of a body as they are read while they are merged: uncompressed through a window,
// found, not looked into.
void read_samples_block(benchmark::State& state) {
  const std::vector<std::shared_ptr<const std::string>> body = {
      std::make_shared<const std::string>(input().samples_form)};
  for (auto _ : state) {
    wire::SamplesBlockReader reader(body);
    uint64_t series = 0;
    while (reader.next() == wire::SamplesBlockReader::State::series) ++series;
    require(series == input().plan.series, "samples: not all series");
  }
  count(state, input().plan.input_samples(), input().uncompressed.size());
}

void snappy_compress(benchmark::State& state) {
  require(
      wire::uncompress(wire::compress(input().uncompressed), UINT32_MAX) == input().uncompressed,
      "snappy: not the same");
  for (auto _ : state) benchmark::DoNotOptimize(wire::compress(input().uncompressed));
  count(state, input().plan.input_samples(), input().uncompressed.size());
}

template <uint32_t (*crc)(std::string_view, uint32_t)>
void checksum_bytes(benchmark::State& state) {
  require(crc("123456789", 0) == 0xe3069283, "CRC32C: not the same");
  for (auto _ : state) benchmark::DoNotOptimize(crc(input().streamed, 0));
  count(state, input().plan.input_samples(), input().streamed.size());
}

// Frames of a body in one block, checksums included.
void split_frames(benchmark::State& state) {
  const auto body = std::make_shared<const std::string>(input().streamed);
  for (auto _ : state) {
    wire::FrameSplitter splitter(SIZE_MAX);
    splitter.feed(body);
    while (true) {
      const auto frame = splitter.next();
      require(frame.has_value(), "frames: an error");
      if (!*frame) break;
    }
    require(splitter.frames() == input().plan.series, "frames: not all");
  }
  count(state, input().plan.input_samples(), body->size());
}

void scan_chunked_series(benchmark::State& state) {
  std::vector<wire::Frame> frames;
  wire::FrameSplitter splitter(SIZE_MAX);
  splitter.feed(input().streamed);
  while (auto frame = splitter.next().value()) frames.push_back(*frame);
  wire::ChunkedResponse response;
  for (auto _ : state) {
    for (const auto& frame : frames) {
      require(wire::parse_chunked_response(frame.data, response).has_value(), "scan: an error");
      benchmark::DoNotOptimize(response.series.data());
    }
  }
  count(state, input().plan.input_samples(), input().streamed.size());
}

void scan_samples_response(benchmark::State& state) {
  for (auto _ : state) {
    const auto response = wire::parse_read_response(input().uncompressed);
    require(response && response->results[0].series.size() == input().plan.series,
            "scan: not all series");
  }
  count(state, input().plan.input_samples(), input().uncompressed.size());
}

void read_samples(benchmark::State& state) {
  const auto response = wire::parse_read_response(input().uncompressed).value();
  for (auto _ : state) {
    uint64_t samples = 0;
    uint64_t sum = 0;
    for (const auto& series : response.results[0].series) {
      wire::SamplesReader reader(series.samples);
      for (model::Sample sample; reader.next(sample); ++samples) sum += sample.bits;
    }
    benchmark::DoNotOptimize(sum);
    require(samples == input().plan.input_samples(), "samples: not all");
  }
  count(state, input().plan.input_samples(), input().uncompressed.size());
}

void write_samples(benchmark::State& state) {
  wire::ReadResponseWriter writer;
  for (auto _ : state) {
    writer.reset();
    writer.begin_result();
    for (size_t i = 0; i < input().series.size(); ++i)
      writer.append_series(input().labels[i], input().series[i].samples);
    benchmark::DoNotOptimize(writer.bytes());
  }
  require(writer.bytes() == input().uncompressed, "samples: not what was written before");
  count(state, input().plan.input_samples(), input().uncompressed.size());
}

// As write_samples, but compressed while it is written.
void write_samples_block(benchmark::State& state) {
  const auto write = [] {
    wire::SamplesBlockWriter writer;
    writer.begin_result();
    for (size_t i = 0; i < input().series.size(); ++i)
      writer.append_series(input().labels[i], input().series[i].samples);
    return writer.take();
  };
  std::string block;
  for (const auto& piece : write()) block.append(piece.memory.get(), piece.size);
  require(wire::uncompress(block, UINT32_MAX) == input().uncompressed,
          "samples: not what was written before");
  for (auto _ : state) benchmark::DoNotOptimize(write());
  state.counters["block_bytes"] = static_cast<double>(block.size());
  state.counters["snappy_bytes"] = static_cast<double>(input().samples_form.size());
  count(state, input().plan.input_samples(), input().uncompressed.size());
}

void decode_xor(benchmark::State& state) {
  std::vector<model::Sample> out(input().plan.samples);
  size_t bytes = 0;
  for (const auto& chunk : input().chunks) bytes += chunk.size();
  for (size_t i = 0; i < input().chunks.size(); ++i) {
    require(wire::XorReader(input().chunks[i]).read(out) == out.size() &&
                out == input().series[i].samples,
            "XOR: not the same");
  }
  for (auto _ : state) {
    for (const auto& chunk : input().chunks) {
      wire::XorReader reader(chunk);
      benchmark::DoNotOptimize(reader.read(out));
    }
  }
  count(state, input().plan.input_samples(), bytes);
}

void encode_xor(benchmark::State& state) {
  wire::XorWriter writer;
  size_t bytes = 0;
  for (const auto& chunk : input().chunks) bytes += chunk.size();
  for (auto _ : state) {
    for (const auto& series : input().series) {
      writer.reset();
      writer.append(series.samples);
      benchmark::DoNotOptimize(writer.bytes());
    }
  }
  require(writer.bytes() == input().chunks.back(), "XOR: not the same");
  count(state, input().plan.input_samples(), bytes);
}

// Neighbours in a sorted answer: what a merge compares. Items are comparisons.
void compare_neighbours(benchmark::State& state) {
  const auto& labels = input().labels;
  for (auto _ : state) {
    size_t ordered = 0;
    for (size_t i = 1; i < labels.size(); ++i)
      ordered += wire::compare_labels(labels[i - 1], labels[i]) < 0;
    require(ordered + 1 == labels.size(), "labels: not sorted");
  }
  count(state, labels.size() - 1, 0);
}

// The same series at two replicas. Items are comparisons.
void compare_equal(benchmark::State& state) {
  const auto& labels = input().labels;
  const std::vector<std::string> copies(labels.begin(), labels.end());
  for (auto _ : state) {
    size_t equal = 0;
    for (size_t i = 0; i < labels.size(); ++i)
      equal += wire::compare_labels(labels[i], copies[i]) == 0;
    require(equal == labels.size(), "labels: not equal");
  }
  count(state, labels.size(), 0);
}

// Items are label sets.
void check_canonical(benchmark::State& state) {
  for (auto _ : state) {
    for (const auto& labels : input().labels)
      require(wire::is_canonical_labels(labels), "labels: not canonical");
  }
  count(state, input().labels.size(), 0);
}

// A source's labels, each with those before it. Items are label sets.
void step_labels(benchmark::State& state) {
  const auto& labels = input().labels;
  for (auto _ : state) {
    for (size_t i = 1; i < labels.size(); ++i) {
      const auto step = wire::step_labels(labels[i - 1], labels[i]);
      require(step.canonical && step.order > 0, "labels: not in order");
    }
  }
  count(state, labels.size() - 1, 0);
}

// Samples of one series from several replicas with an offset.
void merge_runs(benchmark::State& state) {
  const auto backends = static_cast<size_t>(state.range(0));
  std::vector<std::vector<model::Sample>> runs(backends);
  constexpr size_t samples = 480;
  for (size_t i = 0; i < backends; ++i) {
    for (size_t k = 0; k < samples; ++k) {
      runs[i].push_back(model::Sample::of(static_cast<int64_t>(k * 15'000 + i * 15'000 / backends),
                                          static_cast<double>(k)));
    }
  }
  const std::vector<std::span<const model::Sample>> views(runs.begin(), runs.end());
  merger::ChainIterator chain;
  std::vector<model::Sample> merged(backends * samples);
  for (auto _ : state) {
    chain.reset(views);
    require(chain.take_all(merged.data()) == merged.size(), "merge: not all samples");
    benchmark::DoNotOptimize(merged.data());
  }
  count(state, backends * samples, 0);
}

// Sorted label sets of several shards, by a tournament over their wire bytes. Items are series.
void merge_labels(benchmark::State& state) {
  const auto shards = static_cast<size_t>(state.range(0));
  const auto& labels = input().labels;
  for (auto _ : state) {
    std::vector<size_t> next(shards);
    for (size_t i = 0; i < shards; ++i) next[i] = i;
    const auto before = [&](size_t a, size_t b) {
      if (next[a] >= labels.size() || next[b] >= labels.size()) return next[a] < next[b];
      const auto order = wire::compare_labels(labels[next[a]], labels[next[b]]);
      return order != 0 ? order < 0 : a < b;
    };
    merger::LoserTree tree;
    tree.build(shards, before);
    size_t taken = 0;
    for (; next[tree.top()] < labels.size(); ++taken) {
      require(next[tree.top()] == taken, "merge: not in order");
      next[tree.top()] += shards;
      tree.replay(before);
    }
    require(taken == labels.size(), "merge: not all series");
  }
  count(state, labels.size(), 0);
}

}  // namespace

void register_benchmarks(bool quick) {
  quick_input = quick;
  const auto add = [](const char* name, void (*function)(benchmark::State&)) {
    return benchmark::RegisterBenchmark(name, function)->Unit(benchmark::kMicrosecond);
  };
  add("memcpy", copy_memory);
  add("snappy/uncompress", snappy_uncompress);
  add("snappy/compress", snappy_compress);
  if (wire::crc32c_has_hardware()) add("crc32c/hardware", checksum_bytes<wire::crc32c_hardware>);
  add("crc32c/software", checksum_bytes<wire::crc32c_software>);
  add("frames/split", split_frames);
  add("scan/chunked_series", scan_chunked_series);
  add("scan/samples_response", scan_samples_response);
  add("samples/read_block", read_samples_block);
  add("samples/read", read_samples);
  add("samples/write", write_samples);
  add("samples/write_block", write_samples_block);
  add("xor/decode", decode_xor);
  add("xor/encode", encode_xor);
  add("labels/compare_neighbours", compare_neighbours);
  add("labels/compare_equal", compare_equal);
  add("labels/check_canonical", check_canonical);
  add("labels/step", step_labels);
  for (const int64_t backends : {2, 3, 5, 10, 50}) {
    add("merge/samples", merge_runs)->Arg(backends);
    add("merge/labels", merge_labels)->Arg(backends);
  }
}

}  // namespace mread::bench
