#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

#include "net/client.h"
#include "probe/read_client.h"
#include "scenarios/nodes/remote_write.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/promql_request.h"

namespace mread::scenarios {
namespace {

constexpr milliseconds admin_timeout{10'000};
// Of what only the report needs: a mock that is paused is not waited for.
constexpr milliseconds journal_timeout{1'000};

class HttpAsker final : public Asker {
 public:
  HttpAsker(const Topology& topology, std::map<std::string, NodePorts> ports)
      : topology_(topology), ports_(std::move(ports)) {}

  QueryAnswer instant(const std::string& node, const std::string& expr, int64_t time_ms,
                      milliseconds timeout, std::stop_token stop) override {
    return query(node, instant_query(expr, time_ms), timeout, stop);
  }

  QueryAnswer range(const std::string& node, const std::string& expr, int64_t start_ms,
                    int64_t end_ms, milliseconds step, milliseconds timeout,
                    std::stop_token stop) override {
    return query(node, range_query(expr, start_ms, end_ms, step), timeout, stop);
  }

  ReadAnswer read(const std::string& node, const std::vector<model::Matcher>& matchers,
                  int64_t start_ms, int64_t end_ms, bool stream, milliseconds timeout,
                  std::stop_token stop) override {
    const auto begin = std::chrono::steady_clock::now();
    ReadAnswer answer;
    const auto port = ports_.find(node);
    auto url = url_of(node, port == ports_.end() ? "/" : port->second.read_target);
    if (!url) {
      answer.error = url.error().to_string();
      return answer;
    }
    probe::ReadCall call{std::move(*url), {start_ms, end_ms, matchers, std::nullopt}};
    if (!stream) call.accept.clear();
    call.timeout = timeout;
    auto reply = probe::read_series(std::move(call), std::move(stop));
    if (reply) {
      answer.partial = std::string(reply->partial());
      answer.streamed = reply->response_type == model::ResponseType::streamed_xor_chunks;
      answer.series = std::move(reply->series);
    } else {
      answer.error = reply.error().to_string();
    }
    answer.error = topology_.with_names(std::move(answer.error));
    answer.partial = topology_.with_names(std::move(answer.partial));
    answer.duration = std::chrono::steady_clock::now() - begin;
    return answer;
  }

  AlertsAnswer alerts(const std::string& node, const std::vector<model::Matcher>& matchers,
                      milliseconds timeout, std::stop_token stop) override {
    const auto begin = std::chrono::steady_clock::now();
    AlertsAnswer answer;
    const auto port = ports_.find(node);
    const auto body = ask_control(node, port == ports_.end() ? uint16_t{0} : port->second.main,
                                  "GET", "/api/v2/alerts", "", stop, timeout);
    auto parsed = body ? parse_alerts(*body, matchers) : fail(body.error());
    if (parsed) {
      answer = std::move(*parsed);
    } else {
      answer.error = topology_.with_names(parsed.error().to_string());
    }
    answer.duration = std::chrono::steady_clock::now() - begin;
    return answer;
  }

  Result<size_t> requests(const std::string& mock, std::stop_token stop) override {
    if (const auto found = ports_.find(mock);
        found != ports_.end() && found->second.read_counter == ReadCounter::metrics) {
      auto metrics = ask_control(mock, found->second.main, "GET", "/metrics", "", stop);
      if (!metrics) return fail(metrics.error());
      return reads_in_metrics(*metrics);
    }
    auto reply = admin(mock, "GET", "/-/journal", "", stop);
    if (!reply) return fail(reply.error());
    try {
      return boost::json::parse(*reply).as_object().at("total").to_number<size_t>();
    } catch (const std::exception& error) {
      return fail(Errc::malformed, mock + ": no journal: " + error.what());
    }
  }

  Result<std::string> journal(const std::string& mock, std::stop_token stop) override {
    return admin(mock, "GET", "/-/journal", "", stop, journal_timeout);
  }

  Result<void> set_faults(const std::string& mock, const std::string& faults,
                          std::stop_token stop) override {
    auto reply = admin(mock, "PUT", "/-/faults", faults, stop);
    if (!reply) return fail(reply.error());
    return {};
  }

  Result<void> write(const std::string& node, const std::vector<model::Series>& series,
                     std::stop_token stop) override {
    const auto url = url_of(node, "/api/v1/write");
    if (!url) return fail(url.error());
    return write_series(*url, series, stop);
  }

 private:
  Result<net::Url> url_of(const std::string& node, std::string target) const {
    const auto port = ports_.find(node);
    if (port == ports_.end()) return fail(Errc::not_found, node + " listens on no port");
    net::Url url = topology_.url(node, port->second.main);
    url.target = std::move(target);
    return url;
  }

  QueryAnswer query(const std::string& node, PromqlRequest asked, milliseconds timeout,
                    const std::stop_token& stop) const {
    const auto begin = std::chrono::steady_clock::now();
    QueryAnswer answer = ask(node, std::move(asked.path), std::move(asked.form), timeout, stop);
    answer.error = topology_.with_names(std::move(answer.error));
    for (std::string& warning : answer.warnings) warning = topology_.with_names(std::move(warning));
    for (std::string& info : answer.infos) info = topology_.with_names(std::move(info));
    answer.duration = std::chrono::steady_clock::now() - begin;
    return answer;
  }

  QueryAnswer ask(const std::string& node, std::string path, std::string form, milliseconds timeout,
                  const std::stop_token& stop) const {
    QueryAnswer answer;
    auto url = url_of(node, std::move(path));
    if (!url) {
      answer.error = url.error().to_string();
      return answer;
    }
    net::ClientRequest request;
    request.url = std::move(*url);
    request.method = "POST";
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = std::move(form);
    const auto response = net::fetch(std::move(request), {timeout, 1ULL << 30}, stop);
    if (!response) {
      answer.error = response.error().to_string();
      return answer;
    }
    auto parsed = parse_answer(response->body);
    if (parsed) return std::move(*parsed);
    answer.error = "HTTP " + std::to_string(response->head.status) + ": " + parsed.error().context;
    return answer;
  }

  Result<std::string> admin(const std::string& mock, std::string method, std::string path,
                            std::string body, const std::stop_token& stop,
                            milliseconds timeout = admin_timeout) const {
    const auto port = ports_.find(mock);
    if (port == ports_.end()) return fail(Errc::not_found, mock + " listens on no port");
    return ask_control(mock, port->second.admin, std::move(method), std::move(path),
                       std::move(body), stop, timeout);
  }

  Result<std::string> ask_control(const std::string& mock, uint16_t port, std::string method,
                                  std::string path, std::string body, const std::stop_token& stop,
                                  milliseconds timeout = admin_timeout) const {
    net::ClientRequest request;
    request.url = topology_.url(mock, port);
    request.url.target = std::move(path);
    request.method = std::move(method);
    request.body = std::move(body);
    if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
    // A remote engine's machine may be reached by a name that no mock knows.
    request.headers.add("Host", "localhost");
    auto response = net::fetch(std::move(request), {timeout, 1ULL << 30}, stop);
    if (!response) return fail(response.error().in(mock));
    if (response->head.status / 100 != 2) {
      return fail(Errc::http_status, mock + ": HTTP " + std::to_string(response->head.status) +
                                         ": " +
                                         response->body.substr(0, response->body.find('\n')));
    }
    return std::move(response->body);
  }

  const Topology& topology_;
  std::map<std::string, NodePorts> ports_;
};

}  // namespace

size_t reads_in_metrics(std::string_view exposition) {
  double reads = 0;
  while (!exposition.empty()) {
    const std::string_view line = exposition.substr(0, exposition.find('\n'));
    exposition.remove_prefix(std::min(line.size() + 1, exposition.size()));
    if (!line.starts_with("prometheus_http_requests_total{")) continue;
    if (line.find("handler=\"/api/v1/read\"") == std::string_view::npos) continue;
    double value = 0;
    const char* const end = line.data() + line.size();
    const size_t space = line.rfind(' ');
    if (std::from_chars(line.data() + space + 1, end, value).ec == std::errc()) reads += value;
  }
  return static_cast<size_t>(reads);
}

std::unique_ptr<Asker> make_http_asker(const Topology& topology,
                                       std::map<std::string, NodePorts> ports) {
  return std::make_unique<HttpAsker>(topology, std::move(ports));
}

}  // namespace mread::scenarios
