// Google Benchmark's main with one flag more: --quick makes every input small, so that all of them
// run in seconds.
#include <cstdio>
#include <cstring>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/memory.h"
#include "bench/registration.h"

namespace {

class AllocationMemory final : public benchmark::MemoryManager {
 public:
  void Start() override {
    mread::bench::reset_allocation_peak();
    before_ = mread::bench::allocation_counts();
  }
  void Stop(Result* result) override { fill(*result); }
  void Stop(Result& result) override { fill(result); }

 private:
  void fill(Result& result) {
    const auto after = mread::bench::allocation_counts();
    result.num_allocs = static_cast<int64_t>(after.calls - before_.calls);
    result.max_bytes_used = after.peak_bytes - before_.live_bytes;
  }
  mread::bench::AllocationCounts before_;
};

}  // namespace

int main(int argc, char** argv) {
  bool quick = false;
  int kept = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      quick = true;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  argv[argc] = nullptr;
  std::string moment = "--benchmark_min_time=0.0001";
  std::vector<char*> arguments(argv, argv + argc);
  if (quick) arguments.push_back(moment.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 3;
  AllocationMemory memory;
  benchmark::RegisterMemoryManager(&memory);
  mread::bench::register_benchmarks(quick);
  try {
    // A benchmark that finds a wrong result throws: it must not pass for a fast one.
    if (benchmark::RunSpecifiedBenchmarks() == 0) return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  benchmark::RegisterMemoryManager(nullptr);
  benchmark::Shutdown();
  return 0;
}
