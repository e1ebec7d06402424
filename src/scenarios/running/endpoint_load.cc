#include "scenarios/running/endpoint_load.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "model/matcher.h"
#include "net/client.h"
#include "scenarios/checks/query_answer.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/promql_request.h"

namespace mread::scenarios {
namespace {

constexpr size_t most_failure_texts = 20;
constexpr uint64_t answer_limit_bytes = uint64_t{1} << 30;

class EndpointAsker final : public Asker {
 public:
  EndpointAsker(const EndpointLoad& endpoint) : endpoint_(endpoint) {}

  QueryAnswer instant(const std::string&, const std::string& expr, int64_t time_ms, milliseconds,
                      std::stop_token stop) override {
    return count(query(instant_query(expr, time_ms), stop));
  }

  QueryAnswer range(const std::string&, const std::string& expr, int64_t start_ms, int64_t end_ms,
                    milliseconds step, milliseconds, std::stop_token stop) override {
    if (endpoint_.reads) return count_read(expr, start_ms, end_ms, stop);
    return count(query(range_query(expr, start_ms, end_ms, step), stop));
  }

  ReadAnswer read(const std::string&, const std::vector<model::Matcher>&, int64_t, int64_t, bool,
                  milliseconds, std::stop_token) override {
    ReadAnswer answer;
    answer.error = "a load asks by range()";
    return answer;
  }
  Result<size_t> requests(const std::string&, std::stop_token) override {
    return fail(Errc::unsupported, "an endpoint counts no requests");
  }
  Result<void> set_faults(const std::string&, const std::string&, std::stop_token) override {
    return fail(Errc::unsupported, "an endpoint takes no faults");
  }
  Result<void> write(const std::string&, const std::vector<model::Series>&,
                     std::stop_token) override {
    return fail(Errc::unsupported, "a load writes nothing");
  }

  LoadAnswers take() {
    const std::lock_guard lock(mutex_);
    return std::move(answers_);
  }

 private:
  QueryAnswer query(const PromqlRequest& asked, const std::stop_token& stop) const {
    QueryAnswer answer;
    net::ClientRequest request;
    request.url = endpoint_.call.url;
    if (request.url.target.ends_with('/')) request.url.target.pop_back();
    request.url.target += asked.path;
    request.method = "POST";
    request.headers = endpoint_.call.headers;
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.transport = endpoint_.call.transport;
    request.body = asked.form;
    const auto response =
        net::fetch(std::move(request), {endpoint_.call.timeout, answer_limit_bytes}, stop);
    if (!response) {
      answer.error = response.error().to_string();
      return answer;
    }
    auto parsed = parse_answer(response->body);
    if (parsed) return std::move(*parsed);
    answer.error = "HTTP " + std::to_string(response->head.status) + ": " + parsed.error().context;
    return answer;
  }

  QueryAnswer count(QueryAnswer answer) {
    const std::lock_guard lock(mutex_);
    if (!answer.ok()) {
      count_failure(answer.error);
      return answer;
    }
    ++(answer.warnings.empty() ? answers_.complete : answers_.partial);
    answers_.series += answer.series.size();
    answers_.samples += answer.points();
    return answer;
  }

  QueryAnswer count_read(const std::string& selector, int64_t start_ms, int64_t end_ms,
                         const std::stop_token& stop) {
    probe::ReadCall call = endpoint_.call;
    call.query = {start_ms, end_ms, *model::parse_selector(selector), std::nullopt};
    const auto reply = probe::read_series(std::move(call), stop);
    QueryAnswer answer;
    const std::lock_guard lock(mutex_);
    if (!reply) {
      answer.error = reply.error().to_string();
      count_failure(answer.error);
      return answer;
    }
    ++(reply->partial().empty() ? answers_.complete : answers_.partial);
    answers_.series += reply->series.size();
    answers_.samples += reply->samples();
    answers_.bytes += reply->body_bytes;
    return answer;
  }

  void count_failure(const std::string& text) {
    const std::string line = text.substr(0, text.find('\n'));
    const bool is_known = answers_.failures.contains(line);
    const bool fits = is_known || answers_.failures.size() < most_failure_texts;
    ++answers_.failures[fits ? line : "others"];
  }

  const EndpointLoad& endpoint_;
  std::mutex mutex_;
  LoadAnswers answers_;
};

}  // namespace

EndpointLoadResult run_endpoint_load(const EndpointLoad& endpoint, WaitingClock& clock,
                                     std::stop_token stop) {
  EndpointAsker asker(endpoint);
  EndpointLoadResult result;
  const TimePoint begin = clock.now();
  std::vector<LoadSample> samples;
  {
    LoadGenerator generator(endpoint.load, endpoint.time_ms, asker, clock);
    const std::stop_callback stops(stop, [&generator] { generator.stop(); });
    generator.start();
    if (stop.stop_requested()) generator.stop();
    samples = generator.finish();
  }
  result.is_interrupted = stop.stop_requested();
  result.length_s = std::chrono::duration<double>(clock.now() - begin).count();
  Test test;
  test.load = endpoint.load;
  test.thresholds = endpoint.thresholds;
  result.times = summarize_load(test, samples, {});
  result.thresholds = judge_load(test, samples, {});
  result.answers = asker.take();
  for (const LoadSample& sample : samples)
    result.latencies_ms.push_back(sample.latency.count() * 1000);
  std::sort(result.latencies_ms.begin(), result.latencies_ms.end());
  return result;
}

}  // namespace mread::scenarios
