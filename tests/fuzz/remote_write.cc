// Remote write: any series as requests, which libprotobuf reads. Every sample is in them once and
// in order, no request has a series that changes its kind, and none is larger than it may be.
#include "wire/request/remote_write.h"

#include <bit>
#include <map>

#include "fuzz/harness.h"
#include "wire/proto/remote.pb.h"
#include "wire/snappy/snappy_block.h"

namespace {

using namespace mread;  // NOLINT: a program of its own

model::Histogram read_histogram(fuzz::Input& input) {
  if (input.byte() % 8 == 0) return model::Histogram::stale(input.flag());
  model::Histogram histogram;
  histogram.is_float = input.flag();
  histogram.schema = input.byte() % 9;
  histogram.sum = std::bit_cast<double>(input.ConsumeIntegral<uint64_t>());
  const uint32_t buckets = input.byte() % 5;
  if (buckets > 0) histogram.positive_spans = {{input.byte(), buckets}};
  for (uint32_t i = 0; i < buckets; ++i) {
    if (histogram.is_float) {
      histogram.positive_counts.push_back(input.byte());
    } else {
      histogram.positive_deltas.push_back(static_cast<int8_t>(input.byte()));
    }
  }
  if (histogram.is_float) {
    histogram.float_count = input.byte();
  } else {
    histogram.count = input.byte();
  }
  return histogram;
}

std::vector<model::Series> read_series(fuzz::Input& input) {
  std::vector<model::Series> list;
  while (input.remaining_bytes() > 0 && list.size() < 30) {
    model::Series& series = list.emplace_back();
    series.labels.set("__name__", "m" + std::to_string(list.size()));
    series.labels.set(input.ConsumeRandomLengthString(10) + "x",
                      input.ConsumeRandomLengthString(10));
    int64_t at = input.number();
    for (unsigned i = input.byte(); i > 0 && input.remaining_bytes() > 0; --i) {
      at += int64_t{1} + (input.flag() ? input.number() : input.byte() * 1000);
      if (input.byte() % 4 == 0) {
        series.histograms.push_back({at, read_histogram(input)});
      } else {
        series.samples.push_back({at, input.ConsumeIntegral<uint64_t>()});
      }
    }
  }
  return list;
}

// Every sample of one series as text, in order of time.
using Seen = std::map<std::string, std::vector<std::string>>;

Seen of_series(const std::vector<model::Series>& list) {
  Seen seen;
  for (const auto& series : list) {
    std::map<int64_t, std::string> by_time;
    for (const auto& sample : series.samples)
      by_time[sample.timestamp_ms] = std::to_string(sample.bits);
    for (const auto& sample : series.histograms) {
      const bool is_float = sample.histogram.is_float;
      by_time[sample.timestamp_ms] =
          (is_float ? "f" : "i") + std::to_string(std::bit_cast<uint64_t>(sample.histogram.sum));
    }
    for (const auto& [at, text] : by_time)
      seen[series.labels.to_string()].push_back(std::to_string(at) + " " + text);
  }
  return seen;
}

// Adds a request, as Prometheus stores it: of each series the floats, then the integer and the
// float histograms.
void add_request(const std::string& body, size_t max_samples, Seen& seen) {
  const auto bytes = wire::uncompress(body, 1U << 24);
  FUZZ_CHECK(bytes.has_value());
  prometheus::WriteRequest request;
  FUZZ_CHECK(request.ParseFromString(*bytes));
  size_t count = 0;
  std::map<std::string, char> kinds;
  for (const auto& series : request.timeseries()) {
    model::LabelSet labels;
    for (const auto& label : series.labels()) labels.set(label.name(), label.value());
    const std::string name = labels.to_string();
    const auto add = [&](char kind, int64_t at, const std::string& text) {
      FUZZ_CHECK(kinds.emplace(name, kind).first->second == kind);
      seen[name].push_back(std::to_string(at) + " " + text);
      ++count;
    };
    for (const auto& sample : series.samples()) {
      add('s', sample.timestamp(), std::to_string(std::bit_cast<uint64_t>(sample.value())));
    }
    for (const auto& sample : series.histograms()) {
      const char kind = sample.has_count_float() ? 'f' : 'i';
      add(kind, sample.timestamp(), kind + std::to_string(std::bit_cast<uint64_t>(sample.sum())));
    }
  }
  FUZZ_CHECK(count > 0 && count <= max_samples);
}

}  // namespace

MREAD_FUZZ(remote_write) {
  const size_t max_samples = 1 + input.byte();
  const std::vector<model::Series> list = read_series(input);
  Seen written;
  for (const auto& body : wire::encode_write_requests(list, max_samples))
    add_request(body, max_samples, written);
  const Seen wanted = of_series(list);
  for (const auto& [name, samples] : wanted) {
    std::string lines;
    for (const auto& sample : samples) lines += "  " + sample + "\n";
    std::string got;
    for (const auto& sample : written[name]) got += "  " + sample + "\n";
    FUZZ_CHECK_SHOW(got == lines, name + "\n" + got + "in place of\n" + lines);
  }
  FUZZ_CHECK(written == wanted);
}
