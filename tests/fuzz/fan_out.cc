// The whole machine: three backends with any bodies, which come in any pieces and order, end well,
// are cut off or fail. What holds for every read: an answer is well-formed and sorted, has each
// series once, its times rise; the same bodies give the same bytes; what is held stays within its
// limit.
#include <array>
#include <map>

#include "config/config.h"
#include "fuzz/framing.h"
#include "fuzz/harness.h"
#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"

namespace {

using namespace mread;                 // NOLINT: a program of its own
using namespace mread::merger::tests;  // NOLINT
using config::Config;

constexpr int64_t last_ms = 4'000'000'000'000;

struct Setting {
  std::string text;
  bool same_whatever_order = true;  ///< the bytes depend on the bodies alone
  /// What healthy, sorted backends give is the union that a naive merge makes.
  bool is_plain_union = true;
};

const std::vector<Setting>& settings() {
  static const std::string any = "partial: any\nlimits: {query_range: 0s}\n";
  static const std::string limits = "limits: {query_range: 0s}\n";
  static const std::string group = "groups: [{name: g, members: [a, b, c]}]\n" + limits;
  static const std::vector<Setting> all = {
      {limits},
      {any},
      {group},
      {group + "merge: {dedup: gapfill}\n", true, false},
      {any + "merge: {on_conflict: max}\n", true, false},
      {any + "merge: {on_conflict: min}\n", true, false},
      {any + "merge: {on_conflict: live}\n", true, false},
      {any + "merge: {replica_labels: [pod]}\n", true, false},
      {any + "merge: {replica_labels: [a, pod], dedup: gapfill}\n", true, false},
      {any + "merge: {chunk_encodings: newer}\n"},
      {"groups: [{name: g, members: [a, b], wait: need}]\n" + limits, false, false},
      {"groups: [{name: g, members: [a, b, c], need: 2, wait: need, hedge_after: 20ms}]\n" + limits,
       false, false},
      {"partial: any\nlimits: {query_range: 0s, bytes_in_flight: 2KiB}\n", false, false},
      {"partial: any\nlimits: {query_range: 0s, series: 5, samples: 50}\n", false, false},
  };
  return all;
}

const Config& config_for(size_t index) {
  static std::vector<Config> all = [] {
    std::vector<Config> configs;
    for (const auto& setting : settings()) configs.push_back(config_of(3, setting.text));
    return configs;
  }();
  return all[index];
}

// What a healthy backend has, by the labels' wire bytes.
struct Less {
  bool operator()(const std::string& a, const std::string& b) const {
    return wire::compare_labels(a, b) < 0;
  }
};
using Holding = std::map<std::string, std::map<int64_t, uint64_t>, Less>;

// Few label sets, so that backends often hold the same series; their prefixes make the order of
// labels interesting.
std::string made_labels(uint8_t choice) {
  std::vector<model::Label> list{{"__name__", (choice & 1) != 0 ? "up" : "down"}};
  if ((choice & 6) != 0) list.push_back({"a", std::string(choice >> 1 & 3, 'v')});
  if ((choice & 24) != 0) list.push_back({"pod", std::string(choice >> 3 & 3, 'v')});
  return raw_labels(list);
}

Holding made_holding(fuzz::Input& input) {
  Holding holding;
  while (input.remaining_bytes() > 0 && holding.size() < 15) {
    auto& series = holding[made_labels(input.byte())];
    int64_t at = 1'700'000'000'000 + 1000 * (input.byte() % 8);
    for (unsigned i = 1 + input.byte() % 40; i > 0; --i) {
      const uint8_t how = input.byte();
      series[at] = how == 255 ? model::stale_nan_bits : model::Sample::of(0, how % 3).bits;
      at += 1000 * (1 + how / 64);
    }
  }
  return holding;
}

Samples list_of(const std::map<int64_t, uint64_t>& series) {
  Samples out;
  for (const auto& [at, bits] : series) out.push_back({at, bits});
  return out;
}

std::string streamed_body(const Holding& holding, uint8_t shape) {
  std::string body;
  for (const auto& [labels, series] : holding) {
    const Samples list = list_of(series);
    std::vector<RawChunk> chunks;
    for (size_t begin = 0; begin < list.size();) {
      const size_t size = std::min<size_t>(list.size() - begin, 1 + (shape + begin) % 20);
      const auto at = list.begin() + static_cast<ptrdiff_t>(begin);
      chunks.push_back(xor_chunk({at, at + static_cast<ptrdiff_t>(size)}));
      begin += size;
      if ((shape + begin) % 3 == 0) {
        body += frame_with(labels, chunks);
        chunks.clear();
      }
    }
    if (!chunks.empty()) body += frame_with(labels, chunks);
  }
  return body;
}

std::string samples_response_body(const Holding& holding, uint8_t shape) {
  std::vector<SamplesSeries> listed;
  for (const auto& [labels, series] : holding) {
    const auto at = static_cast<ptrdiff_t>(
        shape % 4 == 0 ? (listed.size() + shape) % (listed.size() + 1) : listed.size());
    listed.insert(listed.begin() + at, {labels, list_of(series), ""});
  }
  return samples_body(listed);
}

struct Backend {
  Script script;
  std::optional<Holding> holding;  ///< of a healthy one
};

// `how`: what the bytes of a backend are.
Backend made_backend(const std::string& bytes, uint8_t how, uint8_t end, const Backend* before) {
  Backend backend;
  const uint8_t shape = how >> 3;
  fuzz::Input input(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  switch (how % 8) {
    case 0:
    case 1:
      backend.holding = made_holding(input);
      backend.script = how % 8 == 0
                           ? Script::streamed(streamed_body(*backend.holding, shape))
                           : Script::samples_form(samples_response_body(*backend.holding, shape));
      break;
    case 2:
      backend.script = Script::streamed(fuzz::with_checksums(bytes));
      break;
    case 3:
      backend.script = Script::samples_form(wire::compress(bytes));
      break;
    case 4:
      backend.script = Script::streamed(bytes);
      break;
    case 5:
      backend.script = Script::samples_form(bytes);
      break;
    case 6:
      // A replica: frames that several send alike are held once.
      if (before != nullptr) backend = *before;
      break;
    default:
      // The same with a byte changed.
      if (before != nullptr) backend.script = before->script;
      if (!backend.script.body.empty() && !bytes.empty()) {
        const size_t at =
            (static_cast<uint8_t>(bytes[0]) * 251U + shape) % backend.script.body.size();
        backend.script.body[at] = static_cast<char>(backend.script.body[at] ^ (1 << (shape % 8)));
      }
      break;
  }
  if (end >= 250) backend.script = end == 255 ? Script::refused() : Script::http(500, "no\n");
  if (end > 0 && end < 250) backend.script.break_at = backend.script.body.size() * end / 250;
  if (end != 0) backend.holding.reset();
  return backend;
}

std::string naive_union(const std::vector<Backend>& backends) {
  Holding all;
  for (const auto& backend : backends) {
    for (const auto& [labels, series] : *backend.holding)
      all[labels].insert(series.begin(), series.end());
  }
  std::vector<model::Series> out;
  for (const auto& [labels, series] : all) {
    out.push_back({wire::decode_labels(labels).value(), list_of(series), {}});
  }
  return show(out);
}

// Chunks that one source alone has are passed on as they came, and are not looked into.
void check_streamed(const Answer& answer, size_t queries, bool healthy) {
  wire::FrameSplitter splitter(1U << 30);
  splitter.feed(answer.body);
  wire::ChunkedResponse response;
  std::string last;
  int64_t query = 0;
  std::optional<int64_t> last_ms_of_series;
  while (true) {
    const auto frame = splitter.next();
    FUZZ_CHECK_SHOW(frame.has_value(), frame ? "" : frame.error().to_string());
    if (!*frame) break;
    FUZZ_CHECK(wire::parse_chunked_response((*frame)->data, response).has_value());
    FUZZ_CHECK(response.query_index >= query &&
               response.query_index < static_cast<int64_t>(queries));
    if (response.query_index != query) {
      query = response.query_index;
      last.clear();
      last_ms_of_series.reset();
    }
    for (const auto& series : response.series) {
      FUZZ_CHECK(wire::is_canonical_labels(series.labels));
      const auto order = wire::compare_labels(series.labels, last);
      FUZZ_CHECK(order >= 0);
      if (order > 0) last_ms_of_series.reset();
      last = series.labels;
      for (const auto& chunk : series.chunks) {
        if (!healthy) continue;
        FUZZ_CHECK(chunk.min_time_ms <= chunk.max_time_ms);
        FUZZ_CHECK(!last_ms_of_series || chunk.min_time_ms > *last_ms_of_series);
        last_ms_of_series = chunk.max_time_ms;
      }
    }
  }
  FUZZ_CHECK(splitter.finish().has_value());
}

void check_samples(const Answer& answer, size_t queries) {
  FUZZ_CHECK(answer.content_encoding == "snappy");
  const auto bytes = wire::uncompress(answer.body, 1U << 30);
  FUZZ_CHECK(bytes.has_value());
  const auto response = wire::parse_read_response(*bytes);
  FUZZ_CHECK(response.has_value() && response->results.size() == queries);
  for (const auto& result : response->results) {
    const wire::TimeSeriesView* before = nullptr;
    for (const auto& series : result.series) {
      FUZZ_CHECK(wire::is_canonical_labels(series.labels));
      FUZZ_CHECK(before == nullptr || wire::compare_labels(before->labels, series.labels) < 0);
      before = &series;
      std::optional<int64_t> at;
      wire::SamplesReader reader(series.samples);
      for (model::Sample sample; reader.next(sample);) {
        FUZZ_CHECK(!at || sample.timestamp_ms > *at);
        at = sample.timestamp_ms;
      }
      FUZZ_CHECK(reader.ok());
    }
  }
}

bool is_good(const Answer& answer) { return answer.status == 200 && answer.finished; }

// For messages.
std::string outcome_of(const Answer& answer) {
  if (answer.aborted)
    return "aborted after " + std::to_string(answer.body.size()) + ": " +
           answer.aborted->to_string();
  if (answer.status != 200) return std::to_string(answer.status) + " " + answer.body;
  return "200, " + std::to_string(answer.body.size()) + " bytes, without [" +
         answer.outcome.partial + "]";
}

struct Read {
  size_t setting = 0;
  bool streamed = false;
  bool known_unsorted = false;
  bool defer = true;
  size_t queries = 1;
  size_t window = 1U << 20;
  std::vector<Backend> backends;
};

std::string shown(const Read& read) {
  std::string text =
      settings()[read.setting].text + (read.streamed ? "streamed" : "samples") + ", window " +
      std::to_string(read.window) + ", queries " + std::to_string(read.queries) +
      (read.known_unsorted ? ", known unsorted" : "") + (read.defer ? "" : ", not deferred");
  for (const auto& backend : read.backends) {
    const Script& script = backend.script;
    text += "\n  " + std::to_string(script.body.size()) + " bytes of " + script.content_type +
            (backend.holding ? ", healthy" : "") +
            (script.break_at ? ", breaks at " + std::to_string(*script.break_at) : "") +
            (script.refuse ? ", refused" : "") + (script.status == 200 ? "" : ", status 500");
  }
  return text;
}

// Whether a backend may fail after it has given series of a streamed answer.
bool may_fail_late(const Read& read) {
  const Config& config = config_for(read.setting);
  if (!read.streamed || config.partial != merger::PartialPolicy::any) return false;
  if (!config.replica_labels.empty())
    return true;  // Without these labels series may be out of order.
  return std::any_of(read.backends.begin(), read.backends.end(), [](const Backend& backend) {
    return !backend.holding && !backend.script.refuse && backend.script.status == 200 &&
           backend.script.break_at != 0;
  });
}

Answer run(const Read& read, uint32_t seed) {
  const Config& config = config_for(read.setting);
  FanOutDriver driver(config,
                      {read.backends[0].script, read.backends[1].script, read.backends[2].script});
  driver.options.window_bytes = read.window;
  driver.options.defer_samples = read.defer;
  if (seed != 0) {
    driver.options.read_ahead_bytes = 1 + seed % 500;
    driver.options.batch_bytes = 1 + seed % 700;
    driver.shuffle(seed);
  }
  if (read.known_unsorted) driver.options.known_unsorted = {true, true, true};
  const uint64_t limit = config.limits.bytes_in_flight;
  driver.watch([limit](const merger::FanOut& machine) {
    FUZZ_CHECK(machine.done() || machine.held() <= limit);
  });
  const std::vector<std::string> selectors(read.queries, "up");
  return driver.run(request(selectors, 0, last_ms, read.streamed));
}

void check_answer(const Read& read, const Answer& answer) {
  FUZZ_CHECK(answer.finished != answer.aborted.has_value());
  if (!is_good(answer)) {
    if (answer.finished) FUZZ_CHECK(answer.status >= 400 && answer.body.ends_with("\n"));
    return;
  }
  bool healthy = true;
  for (const auto& backend : read.backends) healthy = healthy && backend.holding.has_value();
  if (read.streamed) {
    check_streamed(answer, read.queries, healthy);
  } else {
    check_samples(answer, read.queries);
  }
  FUZZ_CHECK((answer.trailer.empty() ? answer.partial : answer.trailer) == answer.outcome.partial);
  if (!healthy || !settings()[read.setting].is_plain_union || read.queries != 1) return;
  std::vector<model::Series> got;
  for (auto& series :
       read.streamed ? read_streamed(answer.body) : read_samples(answer.body).at(0)) {
    if (!got.empty() && got.back().labels == series.labels) {
      got.back().samples.insert(got.back().samples.end(), series.samples.begin(),
                                series.samples.end());
    } else {
      got.push_back(std::move(series));
    }
  }
  const std::string want = naive_union(read.backends);
  FUZZ_CHECK_SHOW(show(got) == want, show(got) + "wanted\n" + want);
}

}  // namespace

MREAD_FUZZ(fan_out) {
  Read read;
  const uint32_t seed = 1 + input.number() % 100'000;
  read.setting = input.byte() % settings().size();
  const uint8_t options = input.byte();
  read.streamed = (options & 1) != 0;
  read.known_unsorted = (options & 2) != 0;
  read.queries = (options & 4) != 0 ? 2 : 1;
  read.defer = (options & 8) == 0;
  if ((options & 0x30) != 0) read.window = size_t{100} << (options >> 4 & 3);
  std::array<uint8_t, 3> how{};
  std::array<uint8_t, 3> end{};
  for (auto& each : how) each = input.byte();
  for (auto& each : end) each = input.byte();
  const size_t first = input.ConsumeIntegral<uint16_t>();
  const size_t second = input.ConsumeIntegral<uint16_t>();
  const std::string bytes[] = {input.ConsumeBytesAsString(first),
                               input.ConsumeBytesAsString(second), input.rest()};
  for (size_t i = 0; i < 3; ++i) {
    read.backends.push_back(
        made_backend(bytes[i], how[i], end[i], i == 0 ? nullptr : &read.backends[i - 1]));
  }

  const Answer answer = run(read, 0);
  check_answer(read, answer);
  for (const uint32_t other : {seed, seed * 7 + 1}) {
    const Answer again = run(read, other);
    check_answer(read, again);
    if (!settings()[read.setting].same_whatever_order) continue;
    // Of a read that fails, the line may name another failure that came first. And under `any` a
    // failure that comes after the head breaks the answer off, while one that comes before it does
    // not.
    const std::string both = outcome_of(answer) + "\n" + outcome_of(again) + "\n" + shown(read);
    FUZZ_CHECK_SHOW(is_good(again) == is_good(answer) || may_fail_late(read), both);
    if (!is_good(answer) || !is_good(again)) continue;
    FUZZ_CHECK_SHOW(again.body == answer.body, both);
    FUZZ_CHECK(again.outcome.conflicts == answer.outcome.conflicts);
    FUZZ_CHECK(again.outcome.series_out == answer.outcome.series_out);
  }
}
