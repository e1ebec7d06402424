#include "serve/catalog/catalog_source.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "base/yaml.h"
#include "model/labels.h"
#include "model/query.h"
#include "wire/labels/labels_view.h"
#include "wire/request/read_request.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::serve {
namespace {

namespace json = boost::json;

constexpr size_t most_labels = 1000;
constexpr uint64_t config_bytes = 16ULL << 20;
constexpr uint64_t names_bytes = 4ULL << 20;
constexpr uint64_t metrics_bytes = 16ULL << 20;
// Of one label's values, in JSON.
constexpr uint64_t value_bytes = 80;
constexpr int refreshes_without = 9;
// JSON has this in place of bytes that are no text: what stands there is not known.
constexpr std::string_view replacement = "\xef\xbf\xbd";
constexpr size_t series_a_turn = 2000;

struct Got {
  int status = 0;
  std::string body;
};

std::string_view folder_of(std::string_view target) {
  target = target.substr(0, target.find('?'));
  return target.substr(0, target.rfind('/'));
}

std::string_view query_of(std::string_view target) {
  const size_t query = target.find('?');
  return query == std::string_view::npos ? std::string_view() : target.substr(query + 1);
}

// A GET of a path next to the read endpoint, with the credentials of reads. Errors: as of the
// client; Errc::limit for a body of more than `limit_bytes`.
asio::awaitable<Result<Got>> get(net::Client& client, net::ClientRequest request, std::string path,
                                 std::string query, uint64_t limit_bytes) {
  const std::string_view more = query_of(request.url.target);
  if (!more.empty()) query += (query.empty() ? "" : "&") + std::string(more);
  request.method = "GET";
  request.url.target = path + (query.empty() ? "" : "?" + query);
  for (const char* name : {"Accept-Encoding", "Content-Encoding", "Content-Type",
                           "X-Prometheus-Remote-Read-Version"}) {
    request.headers.remove(name);
  }
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  Got got;
  got.status = (*stream)->head().status;
  auto body = co_await net::read_all(**stream, limit_bytes);
  if (!body) co_return fail(std::move(body.error()));
  got.body = std::move(*body);
  co_return std::move(got);
}

Error status_error(const std::string& path, int status) {
  return Error(Errc::http_status, fmt::format("{}: HTTP {}", path, status));
}

// The strings in "data" of an answer of Prometheus's API; none where it is not all of them.
Result<std::optional<std::vector<std::string>>> strings_in(const std::string& path,
                                                           const std::string& body) {
  boost::system::error_code code;
  const json::value answer = json::parse(body, code);
  const json::object* object = code ? nullptr : answer.if_object();
  const json::value* data = object == nullptr ? nullptr : object->if_contains("data");
  const json::value* status = object == nullptr ? nullptr : object->if_contains("status");
  const json::array* array = data == nullptr ? nullptr : data->if_array();
  if (array == nullptr || status == nullptr || *status != "success") {
    return fail(Errc::malformed, path + ": no list of strings");
  }
  if (object->contains("warnings")) return std::nullopt;
  std::vector<std::string> strings;
  strings.reserve(array->size());
  for (const json::value& value : *array) {
    const json::string* text = value.if_string();
    if (text == nullptr) return fail(Errc::malformed, path + ": no list of strings");
    strings.emplace_back(*text);
  }
  return strings;
}

class Learning {
 public:
  Learning(net::Client& client, CatalogSource& source, int64_t now_ms)
      : client_(client), source_(source), now_ms_(now_ms), builder_(now_ms, source.limits) {
    api_ = source.api.empty() ? std::string(folder_of(source.read.url.target)) : source.api;
  }

  asio::awaitable<Result<merger::Catalog>> run() {
    auto is_prometheus = co_await ask_config();
    if (!is_prometheus) co_return fail(std::move(is_prometheus.error()));
    const bool by_series = source_.by_series || !*is_prometheus;
    Result<void> done;
    if (by_series) {
      done = co_await list_series();
    } else {
      done = co_await list_labels();
    }
    if (!done) co_return fail(std::move(done.error()));
    if (*is_prometheus) co_await ask_oldest();
    co_return builder_.finish();
  }

 private:
  // False where there is no Prometheus.
  asio::awaitable<Result<bool>> ask_config() {
    const std::string path = api_ + "/status/config";
    auto got = co_await get(client_, source_.read, path, "", config_bytes);
    if (!got) co_return fail(std::move(got.error()));
    // As a proxy says of a Prometheus that is not there; other stores say that there is no such
    // page.
    if (got->status == 429 || got->status == 500 || (got->status >= 502 && got->status <= 504)) {
      co_return fail(status_error(path, got->status));
    }
    if (got->status / 100 != 2) co_return false;
    boost::system::error_code code;
    const json::value answer = json::parse(got->body, code);
    const json::value* yaml = code ? nullptr : answer.find_pointer("/data/yaml", code);
    const json::string* text = yaml == nullptr ? nullptr : yaml->if_string();
    if (text == nullptr) co_return false;
    auto config = parse_prometheus_config(std::string(*text));
    if (!config) co_return false;
    if (config->reads_remotely) {
      co_return fail(Errc::unsupported,
                     "it has a remote_read of its own, so it may hold what others hold");
    }
    config_ = std::move(*config);
    co_return true;
  }

  asio::awaitable<Result<void>> list_labels() {
    const std::string path = api_ + "/labels";
    auto got = co_await get(client_, source_.read, path, "", names_bytes);
    if (!got) co_return fail(std::move(got.error()));
    if (got->status != 200) co_return fail(status_error(path, got->status));
    auto names = strings_in(path, got->body);
    if (!names) co_return fail(std::move(names.error()));
    if (!*names) co_return fail(Errc::unsupported, path + ": it does not list all labels");
    // The metric's name rules out most, so it takes its memory first.
    std::vector<std::string>& all = **names;
    std::stable_partition(all.begin(), all.end(),
                          [](const auto& name) { return name == model::metric_name_label; });
    for (size_t i = 0; i < all.size(); ++i) {
      const std::string& name = all[i];
      // What begins with U__ is an escaped name to 3.x, and other names would have to be escaped.
      if (i >= most_labels || !model::is_classic_label_name(name) || name.starts_with("U__")) {
        builder_.set_open(name);
        if (name.find(replacement) != std::string::npos) builder_.set_names_unknown();
        continue;
      }
      auto listed = co_await list_values(name);
      if (!listed) co_return fail(std::move(listed.error()));
    }
    for (const auto& [name, value] : config_.external_labels) builder_.add(name, value);
    co_return Result<void>();
  }

  asio::awaitable<Result<void>> list_values(std::string name) {
    if (const auto known = source_.too_many.find(name); known != source_.too_many.end()) {
      builder_.set_open(name);
      if (--known->second <= 0) source_.too_many.erase(known);
      co_return Result<void>();
    }
    const std::string path = api_ + "/label/" + name + "/values";
    std::string limit = fmt::format("limit={}", source_.limits.values + 1);
    auto got = co_await get(client_, source_.read, path, std::move(limit),
                            std::max<uint64_t>(source_.limits.values * value_bytes, 1U << 20));
    std::optional<std::vector<std::string>> values;
    if (got) {
      if (got->status != 200) co_return fail(status_error(path, got->status));
      auto parsed = strings_in(path, got->body);
      if (!parsed) co_return fail(std::move(parsed.error()));
      values = std::move(*parsed);
    } else if (!got.error().is(Errc::limit)) {
      co_return fail(std::move(got.error()));
    }
    if (!values || values->size() > source_.limits.values) {
      source_.too_many[name] = refreshes_without;
      builder_.set_open(name);
      co_return Result<void>();
    }
    for (const std::string& value : *values) {
      if (value.find(replacement) != std::string::npos) builder_.set_open(name);
      builder_.add(name, value);
    }
    co_return Result<void>();
  }

  // Where it says nothing, nothing is known.
  asio::awaitable<void> ask_oldest() {
    constexpr std::string_view usual = "/api/v1";
    if (config_.takes_old_samples || !api_.ends_with(usual)) co_return;
    const std::string path = api_.substr(0, api_.size() - usual.size()) + "/metrics";
    auto got = co_await get(client_, source_.read, path, "", metrics_bytes);
    if (!got || got->status != 200) co_return;
    if (const auto oldest_ms = lowest_timestamp(got->body)) builder_.set_oldest(*oldest_ms);
  }

  asio::awaitable<Result<void>> list_series() {
    // A store that knows nothing of the hint would send all that it has: it is tried with little
    // first.
    static constexpr std::array<int64_t, 4> tries_ms{60'000, 3'600'000, 86'400'000,
                                                     30 * 86'400'000LL};
    for (const int64_t back_ms : tries_ms) {
      auto listed = co_await list_series_from(now_ms_ - back_ms, nullptr);
      if (!listed) co_return fail(std::move(listed.error()));
      if (*listed > 0) break;
    }
    auto listed = co_await list_series_from(0, &builder_);
    if (!listed) co_return fail(std::move(listed.error()));
    co_return Result<void>();
  }

  // Returns how many there are.
  asio::awaitable<Result<size_t>> list_series_from(int64_t start_ms,
                                                   merger::CatalogBuilder* builder) {
    constexpr int64_t year_ms = 365LL * 86'400'000;
    model::Query query;
    query.start_ms = start_ms;
    // Some stores take samples of the future.
    query.end_ms = now_ms_ + year_ms;
    query.matchers.push_back(*model::Matcher::create(model::MatchType::regex, "__name__", ".*"));
    query.hints.emplace();
    query.hints->func = "series";
    query.hints->start_ms = query.start_ms;
    query.hints->end_ms = query.end_ms;
    model::ReadRequest wanted;
    wanted.queries.push_back(std::move(query));
    wanted.accepted_response_types = {model::ResponseType::samples};
    net::ClientRequest request = source_.read;
    request.body = wire::encode_read_request(wanted);
    auto stream = co_await client_.open(std::move(request));
    if (!stream) co_return fail(std::move(stream.error()));
    const net::ResponseHead head = (*stream)->head();
    if (head.status / 100 != 2) co_return fail(status_error("listing series", head.status));
    if (!head.headers.get("Content-Type").starts_with("application/x-protobuf")) {
      co_return fail(Errc::unsupported,
                     "listing series: its answer is not of the type that was asked for");
    }
    auto body = co_await net::read_all(**stream, source_.limits.bytes + (1U << 20));
    if (!body) co_return fail(std::move(body.error()));
    if (head.headers.contains("X-Mread-Partial") ||
        (*stream)->trailers().contains("X-Mread-Partial")) {
      co_return fail(Errc::unavailable, "listing series: its answer is partial");
    }
    auto plain = wire::uncompress(*body, 4 * source_.limits.bytes + (1U << 20));
    if (!plain) co_return fail(std::move(plain.error()));
    *body = {};
    auto response = wire::parse_read_response(*plain, source_.limits.bytes / 8);
    if (!response) co_return fail(std::move(response.error()));
    if (response->results.size() != 1)
      co_return fail(Errc::malformed, "listing series: not one result");
    const std::vector<wire::TimeSeriesView>& series = response->results.front().series;
    for (size_t i = 0; i < series.size(); ++i) {
      if (builder == nullptr) {
        if (!series[i].samples.empty() || series[i].has_histograms()) {
          co_return fail(Errc::unsupported, "it sends samples where only series are asked for");
        }
        continue;
      }
      const auto labels = wire::decode_labels(series[i].labels);
      if (!labels) co_return fail(labels.error());
      builder->add_series(*labels);
      if (i % series_a_turn != series_a_turn - 1) continue;
      const auto executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
    }
    co_return series.size();
  }

  net::Client& client_;
  CatalogSource& source_;
  const int64_t now_ms_;
  std::string api_;
  merger::CatalogBuilder builder_;
  PrometheusConfig config_;
};

}  // namespace

asio::awaitable<Result<merger::Catalog>> learn_catalog(net::Client& client, CatalogSource& source,
                                                       int64_t now_ms) {
  Learning learning(client, source, now_ms);
  co_return co_await learning.run();
}

Result<PrometheusConfig> parse_prometheus_config(const std::string& text) {
  PrometheusConfig config;
  std::string global;
  bool in_global = false;
  bool found = false;
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find('\n', from), text.size());
    const std::string_view line = std::string_view(text).substr(from, end - from);
    from = end + 1;
    if (!line.empty() && line.front() != ' ') {
      in_global = line == "global:";
      found = found || in_global;
      config.reads_remotely = config.reads_remotely || line.starts_with("remote_read:");
    }
    if (in_global) global += std::string(line) + "\n";
    const size_t key = line.find("out_of_order_time_window:");
    if (key != std::string_view::npos && !line.ends_with(": 0s")) config.takes_old_samples = true;
  }
  if (!found) return fail(Errc::malformed, "no configuration of a Prometheus");
  try {
    yaml::Mapping root =
        yaml::Node::parse(std::move(global), "the configuration of a Prometheus").mapping();
    const yaml::Node settings = root.require("global");
    if (settings.is_null()) return config;
    const auto labels = settings.mapping().find("external_labels");
    if (!labels || labels->is_null()) return config;
    yaml::Mapping entries = labels->mapping();
    for (const auto& [name, name_node, value] : entries.entries()) {
      config.external_labels.emplace_back(name, value.string());
    }
  } catch (const yaml::ConfigError& error) {
    const std::string_view what = error.what();
    return fail(Errc::malformed, std::string(what.substr(0, what.find('\n'))));
  }
  return config;
}

std::optional<int64_t> lowest_timestamp(std::string_view exposition) {
  constexpr std::string_view name = "\nprometheus_tsdb_lowest_timestamp ";
  const size_t at = exposition.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const char* begin = exposition.data() + at + name.size();
  double value = 0;
  const auto parsed = std::from_chars(begin, exposition.data() + exposition.size(), value);
  if (parsed.ec != std::errc() || std::isnan(value)) return std::nullopt;
  // An empty TSDB says the greatest of all numbers.
  constexpr double most = 9.2e18;
  if (value >= most) return std::numeric_limits<int64_t>::max();
  if (value <= -most) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(std::floor(value));
}

}  // namespace mread::serve
