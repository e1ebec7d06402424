// mread's side of bench/run: reads bodies from files, merges them for a while, writes one line of
// JSON about it. Flags and line are those of bench/peers/prometheus, so that the two can be run in
// turns.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include "bench/bodies.h"
#include "bench/checksum.h"
#include "bench/in_memory_read.h"
#include "bench/memory.h"

namespace {

using namespace mread;

std::string load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of the whole process, in user and kernel: what other programs do on the machine is not in it.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(const std::string& in, const std::string& out, double seconds,
             const std::string& label, const std::vector<std::string>& paths, size_t window_bytes,
             bool verify, const std::string& answer_path) {
  const auto in_type = bench::type_from(in);
  const auto out_type = bench::type_from(out);
  if (!in_type || !out_type) throw std::runtime_error("--in and --out are samples or chunks");
  std::vector<std::string> bodies;
  uint64_t input_bytes = 0;
  for (const auto& path : paths) {
    bodies.push_back(load(path));
    input_bytes += bodies.back().size();
  }
  bench::InMemoryRead read(bodies, *in_type, *out_type);
  if (window_bytes > 0) read.options.window_bytes = window_bytes;
  read.verify_chunks(verify);
  const int64_t base = bench::resident_bytes();

  using Clock = std::chrono::steady_clock;
  std::vector<double> times, cpu_times;
  uint64_t output_bytes = 0;
  bench::AllocationCounts before, after;
  const auto begin = Clock::now();
  do {
    output_bytes = 0;
    before = bench::allocation_counts();
    const double cpu_start = cpu_seconds();
    const auto start = Clock::now();
    read.run([&output_bytes](std::string_view piece) { output_bytes += piece.size(); });
    times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    cpu_times.push_back(cpu_seconds() - cpu_start);
    after = bench::allocation_counts();
  } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds);
  const int64_t peak = bench::peak_resident_bytes();

  const std::string answer = read.answer();
  const bench::Checksum sum = bench::checksum_of(answer, *out_type);
  if (!answer_path.empty()) {
    std::ofstream file(answer_path, std::ios::binary);
    file.write(answer.data(), static_cast<std::streamsize>(answer.size()));
    if (!file.flush()) throw std::runtime_error("cannot write " + answer_path);
  }
  const boost::json::object line = {
      {"side", "mread"},
      {"label", label},
      {"seconds", median(times)},
      {"cpu_seconds", median(cpu_times)},
      {"iterations", times.size()},
      {"input_bytes", input_bytes},
      {"output_bytes", output_bytes},
      {"series", sum.series()},
      {"samples", sum.samples()},
      {"allocated_bytes", after.bytes - before.bytes},
      {"allocations", after.calls - before.calls},
      {"base_rss_bytes", base},
      {"peak_rss_bytes", peak},
      {"checksum", fmt::format("{:016x}", sum.value())},
  };
  fmt::print("{}\n", boost::json::serialize(line));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("One read, merged again and again in memory", "mread_bench_side");
  app.footer(
      "Example: mread_bench_side --in chunks --out samples --seconds 2 /tmp/bodies/0 "
      "/tmp/bodies/1");
  std::string in = "chunks", out = "chunks", label, answer;
  double seconds = 1;
  size_t window_bytes = 0;
  std::vector<std::string> paths;
  app.add_option("--in", in, "what the bodies are: samples or chunks")->capture_default_str();
  app.add_option("--out", out, "what the answer is: samples or chunks")->capture_default_str();
  app.add_option("--seconds", seconds, "reads are repeated for so long; at least one is made")
      ->capture_default_str();
  app.add_option("--label", label, "repeated in the report");
  app.add_option("--window", window_bytes,
                 "bytes within which a backend's series may be out of order; 0: as serve does");
  bool verify = false;
  app.add_flag("--verify-chunks", verify, "as merge.verify_chunks");
  app.add_option("--answer", answer, "a file that the answer is written to");
  app.add_option("BODY", paths, "a file a backend")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    measure(in, out, seconds, label, paths, window_bytes, verify, answer);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mread_bench_side: %s\n", error.what());
    return 1;
  }
  return 0;
}
