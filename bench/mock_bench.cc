// How fast a mock store makes its answers, without sockets: it must not be what a benchmark of a
// reader measures.
#include <stdexcept>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/yaml.h"
#include "bench/registration.h"
#include "mockstore/store/store.h"
#include "mockstore/store/store_config.h"
#include "wire/request/read_request.h"

namespace mread::bench {
namespace {

using model::ResponseType;

class StillTime final : public mockstore::TimeSource {
 public:
  mockstore::Moment now() const override {
    return {1'700'000'000'000, std::chrono::nanoseconds(0)};
  }
};

struct Size {
  int series;
  int samples;
};

// A whole read of a generated data set, as bytes that a socket would get.
void answer(benchmark::State& state, Size size, ResponseType type) {
  const std::string text = fmt::format(
      "{{interval: 15s, max_samples: 0, input_series: [{{series: m, values: '0+1x{}', repeat: "
      "{{series: {}}}}}]}}",
      size.samples - 1, size.series);
  mockstore::StoreDefaults defaults;
  defaults.start_ms = 1'700'000'000'000;
  const StillTime time;
  const auto config = mockstore::parse_store(yaml::Node::parse(text, "mock.yml"), "mock", defaults);
  auto store = mockstore::Store::create(config, 0, time);
  if (!store) throw std::runtime_error(store.error().to_string());
  const std::string request = wire::encode_read_request(
      {{{0,
         INT64_MAX,
         {model::Matcher::equal(std::string(model::metric_name_label), "m")},
         std::nullopt}},
       {type}});
  const auto samples = static_cast<int64_t>(size.series) * size.samples;
  int64_t bytes = 0;
  std::vector<mockstore::Step> steps;
  for (auto _ : state) {
    const auto exchange = (*store)->begin(request, "bench");
    bytes = 0;
    for (bool ended = false; !ended;) {
      exchange->next(steps);
      if (steps.empty()) throw std::runtime_error("the answer does not end");
      for (const mockstore::Step& step : steps) {
        ended = ended || std::holds_alternative<mockstore::EndStep>(step);
        if (const auto* body = std::get_if<mockstore::BodyStep>(&step))
          bytes += static_cast<int64_t>(body->bytes.size());
      }
    }
    exchange->sent_body(static_cast<uint64_t>(bytes));
    exchange->ended(mockstore::JournalEntry::Outcome::complete);
  }
  const auto journal = (*store)->journal().entries();
  if (journal.empty() || journal.back().samples != static_cast<uint64_t>(samples)) {
    throw std::runtime_error("the answer has not the samples of the data set");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * samples);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * bytes);
}

}  // namespace

void register_benchmarks(bool quick) {
  const std::vector<Size> sizes =
      quick ? std::vector<Size>{{20, 150}} : std::vector<Size>{{100'000, 120}, {100'000, 1440}};
  for (const Size size : sizes) {
    for (const ResponseType type : {ResponseType::streamed_xor_chunks, ResponseType::samples}) {
      const bool streamed = type == ResponseType::streamed_xor_chunks;
      if (!streamed && !quick && size.samples > 120) continue;  // A body of gigabytes.
      benchmark::RegisterBenchmark(
          fmt::format("mock/{}/{}x{}", streamed ? "streamed" : "samples", size.series, size.samples)
              .c_str(),
          [size, type](benchmark::State& state) { answer(state, size, type); })
          ->Unit(benchmark::kMillisecond);
    }
  }
}

}  // namespace mread::bench
