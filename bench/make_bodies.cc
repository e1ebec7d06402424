// Writes the bodies of a read into a folder: FOLDER/0, FOLDER/1, …, a file a backend.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/bodies.h"
#include "model/matcher.h"
#include "wire/request/read_request.h"
#include "wire/request/remote_write.h"

namespace {

using mread::bench::Plan;

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

// A streamed read of everything that the plan's backends hold.
std::string read_request(const Plan& plan) {
  mread::model::Query query;
  query.start_ms = plan.start_ms;
  query.end_ms = plan.start_ms + static_cast<int64_t>(plan.samples + 1) * 15'000;
  query.matchers = mread::model::parse_selector("{job=\"kubernetes-pods\"}").value();
  mread::model::ReadRequest request;
  request.queries.push_back(std::move(query));
  request.accepted_response_types = {mread::model::ResponseType::streamed_xor_chunks};
  return mread::wire::encode_read_request(request);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The bodies of a read over several backends, one file each", "mread_bench_bodies");
  app.footer(
      "Example: mread_bench_bodies --shape offset --backends 2 --type chunks -o /tmp/bodies");
  Plan plan;
  std::string shape = "dup";
  std::string type = "chunks";
  std::string folder;
  app.add_option("--shape", shape, "dup, recut, offset, disjoint, half, ragged")
      ->capture_default_str();
  app.add_option("--backends", plan.backends)->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_option("--series", plan.series, "of each backend")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--samples", plan.samples, "of each series")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--start-ms", plan.start_ms, "time of the first scrape")->capture_default_str();
  app.add_option("--type", type,
                 "samples, chunks, or remote-write: FOLDER/0-0000, FOLDER/0-0001, … in the order "
                 "of sending, and "
                 "FOLDER/read, a "
                 "request for all of it")
      ->capture_default_str();
  app.add_option("-o,--output", folder, "the folder; made if it is missing")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    const auto known_shape = mread::bench::shape_from(shape);
    if (!known_shape) throw std::runtime_error("unknown shape " + shape);
    plan.shape = *known_shape;
    const std::filesystem::path out(folder);
    std::filesystem::create_directories(out);
    for (size_t backend = 0; backend < plan.backends; ++backend) {
      if (type == "remote-write") {
        const auto requests = mread::wire::encode_write_requests(backend_series(plan, backend));
        for (size_t i = 0; i < requests.size(); ++i) {
          write(out / fmt::format("{}-{:04}", backend, i), requests[i]);
        }
        write(out / "read", read_request(plan));
        continue;
      }
      const auto known_type = mread::bench::type_from(type);
      if (!known_type) throw std::runtime_error("unknown type " + type);
      write(out / std::to_string(backend), backend_body(plan, backend, *known_type));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mread_bench_bodies: %s\n", error.what());
    return 1;
  }
  return 0;
}
