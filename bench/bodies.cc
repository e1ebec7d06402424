#include "bench/bodies.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::bench {
namespace {

constexpr int64_t scrape_interval_ms = 15'000;
constexpr size_t chunk_samples = 120;

// SplitMix64: a step of it is a good enough hash of a counter.
uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(scramble(seed)) {}
  uint64_t below(uint64_t limit) { return scramble(state_++) % limit; }

 private:
  uint64_t state_;
};

constexpr const char* metrics[] = {
    "apiserver_request_duration_seconds_bucket",
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "container_network_receive_bytes_total",
    "etcd_disk_wal_fsync_duration_seconds_bucket",
    "grpc_server_handled_total",
    "http_request_duration_seconds_bucket",
    "http_requests_total",
    "kube_pod_container_status_restarts_total",
    "node_filesystem_avail_bytes",
    "process_resident_memory_bytes",
    "rest_client_requests_total",
};
constexpr const char* teams[] = {"checkout", "search", "payments",
                                 "identity", "ingest", "platform-observability"};

// `number` is the series' own among all that there are.
model::LabelSet labels_of(uint64_t number) {
  const uint64_t hash = scramble(number);
  // A target exposes many series: 64 of them share an instance.
  const uint64_t target = number / 64;
  const uint64_t address = scramble(target);
  const char* const team = teams[address % std::size(teams)];
  return model::LabelSet({
      {"__name__", metrics[number % std::size(metrics)]},
      {"cluster", "eu-central-1-production"},
      {"container", fmt::format("{}-api", team)},
      {"instance", fmt::format("10.{}.{}.{}:9102", address >> 8 & 63, address >> 16 & 255,
                               address >> 24 & 255)},
      {"job", "kubernetes-pods"},
      {"namespace", team},
      {"path", fmt::format("/v1/{}/{:x}", team, number)},
      {"pod", fmt::format("{}-api-{:08x}-{:05x}", team, address & 0xffffffff,
                          (address >> 32 & 0xfff00) | (hash & 3))},
  });
}

// The ticks [first, first + count) of a series, as scraped by replica `replica` of its target.
std::vector<model::Sample> samples_of(uint64_t number, uint64_t replica, size_t first, size_t count,
                                      int64_t start_ms, int64_t shift_ms) {
  Random random(number * 64 + replica);
  const int64_t phase_ms = static_cast<int64_t>(scramble(number / 64) % scrape_interval_ms);
  const uint64_t kind = scramble(~number) % 4;
  const uint64_t rate = 1 + random.below(kind == 0 ? 400 : 12);
  double value = kind < 2 ? static_cast<double>(random.below(1'000'000))
                          : static_cast<double>(random.below(5000)) / 8;
  std::vector<model::Sample> out;
  out.reserve(count);
  for (size_t tick = 0; tick < first + count; ++tick) {
    if (tick >= first) {
      out.push_back(model::Sample::of(
          start_ms + phase_ms + shift_ms + static_cast<int64_t>(tick) * scrape_interval_ms, value));
    }
    if (kind < 2) {
      value += static_cast<double>(random.below(2 * rate));
    } else if (kind == 2) {
      value = std::abs(
          std::round((value + (static_cast<double>(random.below(2001)) - 1000) / 400) * 1000) /
          1000);
    } else if (random.below(40) == 0) {
      value = static_cast<double>(random.below(16));
    }
  }
  return out;
}

// How many samples the first chunk of a series has; those that follow are full.
size_t first_chunk(const Plan& plan, size_t backend) {
  const size_t full = std::min(chunk_samples, plan.samples);
  if (plan.shape == Shape::recut && backend > 0)
    return std::max<size_t>(1, full * (backend % 7 + 1) / 9);
  // The second half of one backend's samples is the first half of the next one's.
  if (plan.shape == Shape::half)
    return std::max<size_t>(1, std::min(chunk_samples, plan.samples / 2));
  return full;
}

size_t chunk_limit(const Plan& plan) {
  return plan.shape == Shape::half ? std::max<size_t>(1, std::min(chunk_samples, plan.samples / 2))
                                   : chunk_samples;
}

}  // namespace

const char* to_string(Shape shape) {
  switch (shape) {
    case Shape::dup:
      return "dup";
    case Shape::recut:
      return "recut";
    case Shape::offset:
      return "offset";
    case Shape::disjoint:
      return "disjoint";
    case Shape::half:
      return "half";
    case Shape::ragged:
      return "ragged";
  }
  return "";
}

std::optional<Shape> shape_from(std::string_view name) {
  for (const Shape shape : all_shapes) {
    if (name == to_string(shape)) return shape;
  }
  return std::nullopt;
}

const char* to_string(model::ResponseType type) {
  return type == model::ResponseType::samples ? "samples" : "chunks";
}

std::optional<model::ResponseType> type_from(std::string_view name) {
  for (const auto type : {model::ResponseType::samples, model::ResponseType::streamed_xor_chunks}) {
    if (name == to_string(type)) return type;
  }
  return std::nullopt;
}

std::vector<model::Series> backend_series(const Plan& plan, size_t backend) {
  std::vector<model::Series> out;
  out.reserve(plan.series);
  const bool moves_on = plan.shape == Shape::half || plan.shape == Shape::ragged;
  const size_t first = moves_on ? backend * (plan.samples / 2) : 0;
  const uint64_t replica = plan.shape == Shape::offset ? backend : 0;
  const auto count = static_cast<int64_t>(plan.backends);
  const int64_t shift_ms = plan.shape == Shape::offset
                               ? static_cast<int64_t>(backend) * (scrape_interval_ms / count)
                               : 0;
  for (size_t i = 0; i < plan.series; ++i) {
    const uint64_t number = plan.shape == Shape::disjoint ? i * plan.backends + backend : i;
    model::Series series;
    series.labels = labels_of(number);
    series.samples = samples_of(number, replica, first, plan.samples, plan.start_ms, shift_ms);
    out.push_back(std::move(series));
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.labels < b.labels; });
  return out;
}

std::string backend_body(const Plan& plan, size_t backend, model::ResponseType type) {
  const std::vector<model::Series> all = backend_series(plan, backend);
  if (type == model::ResponseType::samples) {
    wire::ReadResponseWriter writer;
    writer.begin_result();
    for (const auto& series : all)
      writer.append_series(wire::encode_labels(series.labels), series.samples);
    return wire::compress(writer.bytes());
  }
  std::string body;
  std::string entries;
  std::string message;
  wire::XorWriter chunk;
  for (const auto& series : all) {
    entries.clear();
    size_t limit = first_chunk(plan, backend);
    const auto close = [&] {
      if (chunk.empty()) return;
      wire::append_chunk(entries, chunk.min_time_ms(), chunk.max_time_ms(),
                         wire::ChunkEncoding::xor_, chunk.bytes());
      chunk.reset();
      limit = chunk_limit(plan);
    };
    for (const model::Sample sample : series.samples) {
      if (chunk.count() == limit) close();
      chunk.append(sample);
    }
    close();
    message.clear();
    wire::encode_chunked_series(wire::encode_labels(series.labels), entries, 0, message);
    wire::append_frame(body, message);
  }
  return body;
}

std::vector<std::string> backend_bodies(const Plan& plan, model::ResponseType type) {
  std::vector<std::string> out;
  for (size_t backend = 0; backend < plan.backends; ++backend) {
    const bool same = plan.shape == Shape::dup ||
                      (plan.shape == Shape::recut && type == model::ResponseType::samples);
    out.push_back(same && backend > 0 ? out.front() : backend_body(plan, backend, type));
  }
  return out;
}

}  // namespace mread::bench
