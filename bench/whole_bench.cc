// Whole reads: bodies in, the fan-out machine, bytes out. Names are
// IN/OUT/SHAPE/BACKENDS/SERIESxSAMPLES.
//
// items_per_second counts *input* samples, bytes_per_second input bytes.
#include <algorithm>
#include <optional>
#include <stdexcept>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/bodies.h"
#include "bench/checksum.h"
#include "bench/in_memory_read.h"
#include "bench/registration.h"

namespace mread::bench {
namespace {

using model::ResponseType;

struct Case {
  ResponseType in;
  ResponseType out;
  Plan plan;

  std::string name() const {
    return fmt::format("{}/{}/{}/{}/{}x{}", to_string(in), to_string(out), to_string(plan.shape),
                       plan.backends, plan.series, plan.samples);
  }
};

// The bodies that were used last: consecutive cases share them, and only one set is in memory.
const std::vector<std::string>& bodies_of(const Plan& plan, ResponseType type) {
  struct Cache {
    std::string key;
    std::vector<std::string> bodies;
  };
  static Cache cache;
  std::string key = Case{type, type, plan}.name();
  if (cache.key != key) {
    cache.bodies.clear();
    cache.bodies = backend_bodies(plan, type);
    cache.key = std::move(key);
  }
  return cache.bodies;
}

const Checksum& reference_of(const Plan& plan, ResponseType type) {
  static std::string key;
  static Checksum sum;
  std::string wanted = Case{type, type, plan}.name();
  if (key != wanted) {
    sum = merge_by_sorting(bodies_of(plan, type), type);
    key = std::move(wanted);
  }
  return sum;
}

void run(benchmark::State& state, const Case& which) {
  const auto& bodies = bodies_of(which.plan, which.in);
  const InMemoryRead read(bodies, which.in, which.out);
  if (checksum_of(read.answer(), which.out) != reference_of(which.plan, which.in)) {
    throw std::runtime_error(which.name() + ": the answer is not what merging by sorting gives");
  }
  uint64_t out_bytes = 0;
  for (auto _ : state) {
    out_bytes = 0;
    read.run([&out_bytes](std::string_view piece) { out_bytes += piece.size(); });
  }
  size_t in_bytes = 0;
  for (const auto& body : bodies) in_bytes += body.size();
  state.SetItemsProcessed(static_cast<int64_t>(which.plan.input_samples() * state.iterations()));
  state.SetBytesProcessed(static_cast<int64_t>(in_bytes * state.iterations()));
  state.counters["in_bytes"] = static_cast<double>(in_bytes);
  state.counters["out_bytes"] = static_cast<double>(out_bytes);
  state.counters["out_samples"] = static_cast<double>(reference_of(which.plan, which.in).samples());
}

}  // namespace

void register_benchmarks(bool quick) {
  struct Size {
    size_t backends, series, samples;
  };
  // The larger a read is, the fewer of its cases are worth their time.
  const std::vector<Size> every_shape = {{1, 1000, 120},   {2, 1000, 120},  {3, 1000, 120},
                                         {5, 1000, 120},   {10, 1000, 120}, {50, 1000, 120},
                                         {2, 10'000, 120}, {2, 1000, 1440}};
  const std::vector<Size> offset_only = {{2, 100'000, 120}};
  static constexpr ResponseType samples = ResponseType::samples;
  static constexpr ResponseType chunks = ResponseType::streamed_xor_chunks;
  const auto add = [quick](const Size& size, Shape shape) {
    Plan plan;
    plan.shape = shape;
    plan.backends = size.backends;
    plan.series = quick ? std::max<size_t>(10, size.series / 500) : size.series;
    plan.samples = size.samples;
    for (const auto& [in, out] :
         {std::pair{chunks, chunks}, {chunks, samples}, {samples, samples}, {samples, chunks}}) {
      const Case which{in, out, plan};
      benchmark::RegisterBenchmark(which.name().c_str(), run, which)->Unit(benchmark::kMillisecond);
    }
  };
  for (const Size& size : every_shape) {
    for (const Shape shape : all_shapes) {
      if (size.backends > 1 || shape == Shape::dup) add(size, shape);
    }
  }
  for (const Size& size : offset_only) add(size, Shape::offset);
}

}  // namespace mread::bench
