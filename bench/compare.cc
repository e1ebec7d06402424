// The runner of bench/run: makes the bodies, runs mread's side and Prometheus's in turns, and
// writes one table of the medians. Fails when the two do not give the same answer.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "bench/bodies.h"

namespace {

using namespace mread;
namespace fs = std::filesystem;
using bench::to_string;
using model::ResponseType;

struct Case {
  ResponseType in;
  ResponseType out;
  bench::Plan plan;
};

struct Side {
  std::vector<double> cpu_seconds;
  boost::json::object last;

  double seconds() const {
    auto sorted = cpu_seconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
  /// Resident at most, beyond the bodies themselves.
  int64_t memory() const {
    return last.at("peak_rss_bytes").to_number<int64_t>() -
           last.at("base_rss_bytes").to_number<int64_t>();
  }
};

struct Row {
  Case which;
  Side mread;
  Side prometheus;

  double ratio() const { return prometheus.seconds() / mread.seconds(); }
  double rate(const Side& side) const {
    return static_cast<double>(which.plan.input_samples()) / side.seconds() / 1e6;
  }
};

// One run of a side; its line.
boost::json::object run_side(const std::string& command) {
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start " + command);
  std::string text;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  if (pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return boost::json::parse(text).as_object();
}

struct Settings {
  fs::path work;
  std::string mread;
  std::string peer;
  bool encode_once = false;
  bool all_cores = false;
  double seconds = 1;
  size_t rounds = 5;
};

class Comparison {
 public:
  explicit Comparison(Settings settings) : settings_(std::move(settings)) {}

  Row run(const Case& which) {
    const std::string bodies = bodies_for(which);
    Row row{which, {}, {}};
    const std::string in = to_string(which.in);
    const std::string out = to_string(which.out);
    const std::string peer_out =
        !settings_.encode_once && which.out == ResponseType::streamed_xor_chunks ? "fanout" : out;
    const std::string ours =
        fmt::format("'{}' --in {} --out {} {}", settings_.mread, in, out, bodies);
    const std::string theirs = fmt::format("{}'{}' -in {} -out {} -seconds {} {}",
                                           settings_.all_cores ? "" : "GOMAXPROCS=1 ",
                                           settings_.peer, in, peer_out, settings_.seconds, bodies);
    for (size_t round = 0; round < settings_.rounds; ++round) {
      take(row.mread, run_side(fmt::format("{} --seconds {}", ours, settings_.seconds)));
      take(row.prometheus, run_side(theirs));
      if (row.mread.last.at("checksum") != row.prometheus.last.at("checksum")) {
        throw std::runtime_error(fmt::format("the answers differ:\n{}\n{}",
                                             boost::json::serialize(row.mread.last),
                                             boost::json::serialize(row.prometheus.last)));
      }
    }
    check_readable(row, ours);
    return row;
  }

 private:
  // Prometheus's client has to get out of mread's answer what is in it.
  void check_readable(const Row& row, const std::string& ours) {
    const fs::path answer = settings_.work / "answer";
    run_side(fmt::format("{} --seconds 0 --answer '{}'", ours, answer.string()));
    const auto read =
        run_side(fmt::format("'{}' -in {} -out iterate -seconds 0 '{}'", settings_.peer,
                             to_string(row.which.out), answer.string()));
    fs::remove(answer);
    if (read.at("checksum") != row.mread.last.at("checksum")) {
      throw std::runtime_error(
          fmt::format("Prometheus reads something else in mread's answer:\n{}\n{}",
                      boost::json::serialize(row.mread.last), boost::json::serialize(read)));
    }
  }

  static void take(Side& side, boost::json::object line) {
    // All CPU time of the process: on a machine that others use too, time on the clock says little.
    side.cpu_seconds.push_back(line.at("cpu_seconds").to_number<double>());
    side.last = std::move(line);
  }

  // Writes them unless the case before had the same; gives their paths, quoted.
  std::string bodies_for(const Case& which) {
    const bench::Plan& plan = which.plan;
    const std::string key =
        fmt::format("{}-{}-{}-{}-{}", to_string(which.in), to_string(plan.shape), plan.backends,
                    plan.series, plan.samples);
    const fs::path folder = settings_.work / "bodies";
    if (key != written_) {
      fs::remove_all(folder);
      fs::create_directories(folder);
      const auto bodies = backend_bodies(plan, which.in);
      for (size_t i = 0; i < bodies.size(); ++i) {
        std::ofstream file(folder / std::to_string(i), std::ios::binary);
        file.write(bodies[i].data(), static_cast<std::streamsize>(bodies[i].size()));
        if (!file.flush()) throw std::runtime_error("cannot write to " + folder.string());
      }
      written_ = key;
    }
    std::string paths;
    for (size_t i = 0; i < plan.backends; ++i)
      paths += fmt::format(" '{}'", (folder / std::to_string(i)).string());
    return paths;
  }

  Settings settings_;
  std::string written_;
};

std::vector<Case> cases(bool quick) {
  std::vector<Case> out;
  constexpr ResponseType samples = ResponseType::samples;
  constexpr ResponseType chunks = ResponseType::streamed_xor_chunks;
  const std::pair<ResponseType, ResponseType> type_pairs[] = {
      {chunks, chunks}, {chunks, samples}, {samples, samples}};
  const auto add = [&](bench::Shape shape, size_t backends, size_t series, size_t samples_each) {
    bench::Plan plan;
    plan.shape = shape;
    plan.backends = backends;
    plan.series = quick ? std::max<size_t>(20, series / 100) : series;
    plan.samples = samples_each;
    for (const auto& [in, answer] : type_pairs) out.push_back({in, answer, plan});
  };
  for (const bench::Shape shape : bench::all_shapes) add(shape, 2, 10'000, 120);
  for (const size_t backends : {10, 50}) {
    for (const bench::Shape shape :
         {bench::Shape::dup, bench::Shape::offset, bench::Shape::disjoint}) {
      add(shape, backends, 1000, 120);
    }
  }
  add(bench::Shape::offset, 2, 1000, 1440);
  // Cases with the same bodies one after another.
  std::stable_sort(out.begin(), out.end(), [](const Case& a, const Case& b) {
    return std::pair(a.plan.backends, a.plan.samples) < std::pair(b.plan.backends, b.plan.samples);
  });
  return out;
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

std::string line_of(const Row& row) {
  const auto megabytes = [](const Side& side) {
    return fmt::format("{:.0f}", static_cast<double>(side.memory()) / 1e6);
  };
  const auto& plan = row.which.plan;
  return fmt::format("| {} → {} | {} | {} | {} x {} | **{:.1f}** | {:.1f} | {:.1f} | {} | {} |\n",
                     to_string(row.which.in), to_string(row.which.out), to_string(plan.shape),
                     plan.backends, plan.series, plan.samples, row.ratio(), row.rate(row.mread),
                     row.rate(row.prometheus), megabytes(row.mread), megabytes(row.prometheus));
}

constexpr const char* table_head =
    "| read | shape | backends | series x samples | ratio | mread M/s | Prometheus M/s | mread MB "
    "| Prometheus MB |\n"
    "|---|---|---|---|---|---|---|---|---|\n";

std::string today() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  std::strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(&now, &utc));
  return text;
}

boost::json::object record_of(const Row& row) {
  boost::json::object out = {
      {"in", to_string(row.which.in)},
      {"out", to_string(row.which.out)},
      {"shape", to_string(row.which.plan.shape)},
      {"backends", row.which.plan.backends},
      {"series", row.which.plan.series},
      {"samples", row.which.plan.samples},
      {"ratio", row.ratio()},
  };
  for (const auto* side : {&row.mread, &row.prometheus}) {
    boost::json::object about = side->last;
    about.erase("label");
    about["cpu_seconds_of_rounds"] = boost::json::value_from(side->cpu_seconds);
    out[about.at("side").as_string().c_str()] = std::move(about);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("mread's merge and Prometheus's own, in turns, on the same bodies",
               "mread_bench_compare");
  app.footer(
      "Example: mread_bench_compare --mread ./mread_bench_side --peer ./peer --work /tmp/work -o "
      "table.md");
  Settings settings;
  std::string work, table_path, json_path, only;
  bool quick = false;
  app.add_option("--mread", settings.mread, "mread_bench_side")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--peer", settings.peer, "the program of bench/peers/prometheus")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--work", work, "a folder for the bodies")->required();
  app.add_option("-o,--output", table_path, "where the table is written")->required();
  app.add_option("--json", json_path, "where all figures are written");
  app.add_option("--rounds", settings.rounds, "A B A B … so often")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  app.add_option("--seconds", settings.seconds, "of each side in each round, at least")
      ->capture_default_str();
  app.add_option("--only", only, "only cases of this shape");
  app.add_flag(
      "--encode-once", settings.encode_once,
      "chunks out: Prometheus's packages put together more cheaply than its query node does");
  app.add_flag("--all-cores", settings.all_cores,
               "leaves Go as many threads as it takes; CPU time is counted all the same");
  app.add_flag("--quick", quick, "small inputs and one round: only to see that it works");
  CLI11_PARSE(app, argc, argv);
  if (quick) {
    settings.rounds = 1;
    settings.seconds = 0;
  }
  settings.work = work;
  try {
    Comparison comparison(settings);
    std::string table = fmt::format(
        "{}, {} cores, {}. Medians of {} rounds in turns; M/s: input samples per second of CPU "
        "time; MB: resident at "
        "most, beyond "
        "the bodies.\n\n{}",
        processor(), std::thread::hardware_concurrency(), today(), settings.rounds, table_head);
    fmt::print("{}", table);
    boost::json::array records;
    for (const Case& which : cases(quick)) {
      if (!only.empty() && only != to_string(which.plan.shape)) continue;
      const Row row = comparison.run(which);
      const std::string line = line_of(row);
      fmt::print("{}", line);
      std::fflush(stdout);
      table += line;
      records.push_back(record_of(row));
    }
    std::ofstream(table_path) << table;
    if (!json_path.empty()) std::ofstream(json_path) << boost::json::serialize(records) << '\n';
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mread_bench_compare: %s\n", error.what());
    return 1;
  }
  return 0;
}
