// A client that reads a streamed answer as it comes, holds every sample against the closed form of
// what bench/memory's mocks serve, and keeps nothing of it: an answer of a billion samples costs it
// a frame.
//
// Backend r of a read holds KINDS x SERIES / KINDS series m{kind="k",series="series-n"}, in the
// samples k + i at start
// + i * interval + r * offset. With shards every backend has a label of its own, shard="r", and no
// offset.
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "model/matcher.h"
#include "net/client.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/request/read_request.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::bench {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string url;
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t shards = 1;
  uint64_t replicas = 1;
  int64_t start_ms = 0;
  int64_t interval_ms = 15000;
  int64_t offset_ms = 0;
  bool look_inside = true;
  uint64_t slow_bytes = 0;  // A second; 0: as fast as it goes.
  double slow_seconds = 0;
};

// What has come so far, and whether it is right.
class Checker {
 public:
  explicit Checker(const Options& options) : options_(options) {}

  Result<void> take(const wire::Frame& frame) {
    if (auto parsed = wire::parse_chunked_response(frame.data, response_); !parsed) return parsed;
    for (const wire::ChunkedSeriesView& view : response_.series) {
      if (!last_labels_.empty() && wire::compare_labels(last_labels_, view.labels) >= 0) {
        return wrong(view, "does not come after the series before it");
      }
      last_labels_.assign(view.labels);
      ++series;
      if (auto checked = options_.look_inside ? check(view) : count(view); !checked) return checked;
    }
    return {};
  }

  Result<void> finish() const {
    const uint64_t want_series = options_.series * options_.shards;
    const uint64_t want_samples = want_series * options_.samples * options_.replicas;
    if (series == want_series && samples == want_samples) return {};
    return fail(Errc::malformed, fmt::format("{} series and {} samples, not {} and {}", series,
                                             samples, want_series, want_samples));
  }

  uint64_t series = 0;
  uint64_t samples = 0;

 private:
  static tl::unexpected<Error> wrong(const wire::ChunkedSeriesView& view, const std::string& what) {
    const auto labels = wire::decode_labels(view.labels);
    return fail(Errc::malformed, (labels ? labels->to_string() : "?") + ": " + what);
  }

  Result<void> count(const wire::ChunkedSeriesView& view) {
    for (const wire::ChunkView& chunk : view.chunks)
      samples += wire::claimed_samples(chunk.encoding, chunk.data);
    return {};
  }

  Result<void> check(const wire::ChunkedSeriesView& view) {
    const std::string kind(wire::find_label(view.labels, "kind"));
    const double first = kind.empty() ? 0 : std::stod(kind);
    uint64_t at = 0;
    for (const wire::ChunkView& chunk : view.chunks) {
      if (chunk.encoding != wire::ChunkEncoding::xor_)
        return wrong(view, "has a chunk of another encoding");
      wire::XorReader reader(chunk.data);
      buffer_.resize(reader.count());
      const size_t size = reader.read(buffer_);
      if (!reader.ok()) return wrong(view, reader.error()->context);
      for (size_t i = 0; i < size; ++i, ++at) {
        const auto step = static_cast<int64_t>(at / options_.replicas);
        const auto replica = static_cast<int64_t>(at % options_.replicas);
        const auto want = model::Sample::of(
            options_.start_ms + step * options_.interval_ms + replica * options_.offset_ms,
            first + static_cast<double>(step));
        if (buffer_[i] != want) {
          return wrong(view,
                       fmt::format("sample {} is {} at {}, not {} at {}", at, buffer_[i].value(),
                                   buffer_[i].timestamp_ms, want.value(), want.timestamp_ms));
        }
      }
    }
    samples += at;
    if (at == options_.samples * options_.replicas) return {};
    return wrong(view, fmt::format("{} samples, not {}", at, options_.samples * options_.replicas));
  }

  const Options& options_;
  wire::ChunkedResponse response_;
  std::string last_labels_;
  std::vector<model::Sample> buffer_;
};

struct Totals {
  uint64_t bytes = 0;
  std::chrono::duration<double> seconds{};
};

asio::awaitable<Result<Totals>> drain(const Options& options, net::Client& client,
                                      Checker& checker) {
  auto url = net::Url::parse(options.url);
  if (!url) co_return fail(std::move(url.error()));
  net::ClientRequest request;
  request.url = std::move(*url);
  request.method = "POST";
  request.headers.set("Content-Type", "application/x-protobuf");
  request.headers.set("Content-Encoding", "snappy");
  const auto last_ms =
      options.start_ms + static_cast<int64_t>(options.samples) * options.interval_ms;
  request.body = wire::encode_read_request(
      {{{options.start_ms,
         last_ms,
         {model::Matcher::equal(std::string(model::metric_name_label), "m")},
         std::nullopt}},
       {model::ResponseType::streamed_xor_chunks}});
  const auto begun = Clock::now();
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  if ((*stream)->head().status != 200) {
    auto text = co_await (*stream)->read_some(500);
    co_return fail(Errc::http_status,
                   fmt::format("HTTP {}: {}", (*stream)->head().status, text ? *text : ""));
  }
  wire::FrameSplitter frames(1 << 30);
  Totals totals;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    const std::chrono::duration<double> so_far = Clock::now() - begun;
    const bool slow = options.slow_bytes > 0 && so_far.count() < options.slow_seconds;
    const size_t most = slow ? 16U << 10 : 256U << 10;
    auto piece = co_await (*stream)->read_some(most);
    if (!piece) co_return fail(std::move(piece.error()));
    if (piece->empty()) break;
    totals.bytes += piece->size();
    if (slow) {
      timer.expires_after(
          std::chrono::microseconds(piece->size() * 1'000'000 / options.slow_bytes));
      co_await timer.async_wait(asio::use_awaitable);
    }
    frames.feed(std::move(*piece));
    for (;;) {
      const auto frame = frames.next();
      if (!frame) co_return fail(frame.error());
      if (!*frame) break;
      if (auto taken = checker.take(**frame); !taken) {
        co_return fail(taken.error().in(fmt::format("frame {}", frames.frames() - 1)));
      }
    }
  }
  if (auto finished = frames.finish(); !finished) co_return fail(finished.error());
  if (auto finished = checker.finish(); !finished) co_return fail(finished.error());
  const std::string partial((*stream)->trailers().get("X-Mread-Partial"));
  if (!partial.empty()) co_return fail(Errc::unavailable, "the answer is partial: " + partial);
  totals.seconds = Clock::now() - begun;
  co_return totals;
}

int run(const Options& options) {
  asio::io_context context;
  net::Client client;
  Checker checker(options);
  std::optional<Result<Totals>> result;
  asio::co_spawn(
      context, drain(options, client, checker),
      [&](const std::exception_ptr& error, Result<Totals> totals) {
        if (error) std::rethrow_exception(error);
        result = std::move(totals);
        context
            .stop();  // The client keeps its connection for a while, in case another request comes.
      });
  context.run();
  if (!result || !*result) {
    std::fprintf(stderr, "mread_bench_drain: %s\n",
                 result ? result->error().to_string().c_str() : "no answer");
    return 1;
  }
  std::printf("{\"series\": %llu, \"samples\": %llu, \"bytes\": %llu, \"seconds\": %.3f}\n",
              static_cast<unsigned long long>(checker.series),
              static_cast<unsigned long long>(checker.samples),
              static_cast<unsigned long long>((*result)->bytes), (*result)->seconds.count());
  return 0;
}

}  // namespace
}  // namespace mread::bench

int main(int argc, char** argv) {
  mread::bench::Options options;
  CLI::App app(
      "Reads a streamed answer of bench/memory's mocks, checks every sample, and keeps none.");
  app.add_option("url", options.url, "Of the read endpoint")->required();
  app.add_option("--series", options.series, "Series of one backend")->required();
  app.add_option("--samples", options.samples, "Samples of one series of one backend")->required();
  app.add_option("--shards", options.shards, "Backends with other series");
  app.add_option("--replicas", options.replicas, "Backends with other samples of the same series");
  app.add_option("--start", options.start_ms, "First timestamp, in milliseconds")->required();
  app.add_option("--interval", options.interval_ms, "Between two samples, in milliseconds");
  app.add_option("--offset", options.offset_ms,
                 "Of each replica from the one before, in milliseconds");
  app.add_flag("!--count-only", options.look_inside, "Only counts what the chunks claim");
  app.add_option("--slow", options.slow_bytes, "Reads so many bytes a second at first");
  app.add_option("--slow-for", options.slow_seconds, "For so many seconds");
  CLI11_PARSE(app, argc, argv);
  try {
    return mread::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mread_bench_drain: %s\n", error.what());
    return 1;
  }
}
