#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/printable.h"
#include "base/timestamp.h"
#include "base/workflow_command.h"
#include "base/yaml.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/read_call_flags.h"
#include "cli/stop_on_signal.h"
#include "model/matcher.h"
#include "scenarios/loading/context.h"
#include "scenarios/report/load_output.h"
#include "scenarios/running/endpoint_load.h"
#include "scenarios/running/load_schedule.h"

namespace mread::cli {
namespace {

using namespace scenarios;
using Executor = Load::Executor;

struct LoadFlags {
  std::string url;
  std::vector<std::string> selectors;
  std::vector<std::string> exprs;
  double rate = 0;
  size_t vus = 0;
  std::string duration;
  std::string warmup = "0s";
  std::vector<std::string> stages;  // DURATION:TARGET
  std::string range;
  std::string step = "15s";
  std::string time = "now";
  bool same_time = false;
  std::vector<std::string> thresholds;
  std::string format = "text";
  ReadCallFlags call;
};

int complain(int exit_code, const std::string& what) {
  return cli::complain("load", what, exit_code);
}

Result<milliseconds> read_duration(const char* flag, const std::string& text) {
  const auto value = parse_duration(text);
  if (!value) return fail(value.error().in(flag));
  return *value;
}

// "30s:100", the rate or the number of users that is reached after the time.
Result<LoadStage> read_stage(const std::string& text) {
  const size_t colon = text.find(':');
  const Error malformed =
      Error{Errc::config, "--stage: want DURATION:TARGET, as in 30s:100, got " + quote(text)};
  if (colon == std::string::npos) return fail(malformed);
  const auto duration = read_duration("--stage", text.substr(0, colon));
  if (!duration) return fail(duration.error());
  char* end = nullptr;
  const std::string target = text.substr(colon + 1);
  const LoadStage stage{*duration, std::strtod(target.c_str(), &end)};
  if (target.empty() || end != target.c_str() + target.size() || !(stage.target >= 0) ||
      stage.target > 10'000)
    return fail(malformed);
  return stage;
}

Result<void> read_shape(const LoadFlags& flags, Load& load) {
  const bool is_open = flags.vus == 0;
  if (flags.rate > 0 && flags.vus > 0)
    return fail(Errc::config, "--rate and --vus: one of the two");
  for (const std::string& text : flags.stages) {
    auto stage = read_stage(text);
    if (!stage) return fail(stage.error());
    load.stages.push_back(*stage);
  }
  const bool ramps = !load.stages.empty();
  if (!ramps && flags.rate <= 0 && is_open)
    return fail(Errc::config, "--rate N (requests a second) or --vus N (users) says how much");
  if (ramps && !flags.duration.empty())
    return fail(Errc::config,
                "--duration and --stage: a load with stages lasts as long as they do");
  load.executor = is_open
                      ? (ramps ? Executor::ramping_arrival_rate : Executor::constant_arrival_rate)
                      : (ramps ? Executor::ramping_vus : Executor::constant_vus);
  load.rate = flags.rate;
  load.vus = flags.vus;
  if (!ramps) {
    const auto duration =
        read_duration("--duration", flags.duration.empty() ? "10s" : flags.duration);
    if (!duration) return fail(duration.error());
    if (duration->count() == 0) return fail(Errc::config, "--duration: must be above zero");
    load.duration = *duration;
  }
  const auto warmup = read_duration("--warmup", flags.warmup);
  if (!warmup) return fail(warmup.error());
  load.warmup = *warmup;
  return {};
}

Result<void> read_questions(const LoadFlags& flags, EndpointLoad& endpoint) {
  endpoint.reads = !flags.selectors.empty();
  if (endpoint.reads == !flags.exprs.empty()) {
    return fail(Errc::config,
                "what is asked? Selectors for remote reads, or --expr for PromQL: one of the two");
  }
  std::optional<milliseconds> range;
  if (!flags.range.empty() || endpoint.reads) {
    const auto value = read_duration("--range", flags.range.empty() ? "1h" : flags.range);
    if (!value) return fail(value.error());
    range = *value;
  }
  const auto step = read_duration("--step", flags.step);
  if (!step) return fail(step.error());
  if (step->count() == 0) return fail(Errc::config, "--step: must be above zero");
  for (const std::string& selector : flags.selectors) {
    const auto matchers = model::parse_selector(selector);
    if (!matchers) return fail(matchers.error().in("selector " + quote(selector)));
  }
  for (const std::string& expr : flags.exprs)
    loading::read_expr(yaml::Node::parse(quote(expr), "--expr"));
  for (const auto& text : endpoint.reads ? flags.selectors : flags.exprs)
    endpoint.load.queries.push_back({text, range, *step});
  return {};
}

Result<EndpointLoad> read_load(const LoadFlags& flags) {
  EndpointLoad endpoint;
  if (auto asked = read_questions(flags, endpoint); !asked) return fail(asked.error());
  if (auto shape = read_shape(flags, endpoint.load); !shape) return fail(shape.error());
  const int64_t now_ms = wall_clock_ms();
  auto call = flags.call.call(flags.url, "", now_ms);
  if (!call) return fail(call.error());
  endpoint.call = std::move(*call);
  if (!endpoint.reads) {
    auto url = net::Url::parse(flags.url);
    if (!url) return fail(url.error());
    endpoint.call.url = std::move(*url);
  }
  endpoint.load.node = endpoint.call.url.shown();
  endpoint.load.varies_time = !flags.same_time;
  if (flags.time != "now") {
    const auto time = parse_timestamp(flags.time, now_ms);
    if (!time) return fail(time.error().in("--time"));
    endpoint.time_ms = *time;
    endpoint.load.eval_time = milliseconds(0);
  }
  std::string thresholds;
  for (const char* metric : {"query_duration", "query_failed"}) {
    std::string list;
    for (const std::string& text : flags.thresholds) {
      const bool is_rate = text.starts_with("rate");
      if (is_rate == (std::string_view(metric) == "query_failed"))
        list += (list.empty() ? "" : ", ") + quote(text);
    }
    thresholds += fmt::format("{}: [{}]\n", metric, list);
  }
  Test test;
  test.load = endpoint.load;
  endpoint.thresholds =
      loading::read_thresholds(yaml::Node::parse(thresholds, "--threshold"), test);
  return endpoint;
}

int judge(const EndpointLoadResult& result) {
  if (result.is_interrupted) return interrupted;
  bool is_unsure = false;
  for (const CheckResult& one : result.thresholds) {
    if (one.verdict == Verdict::fail) return failed;
    is_unsure = is_unsure || one.verdict == Verdict::inconclusive;
  }
  if (result.times.all.requests == 0 || result.times.all.failed == result.times.all.requests)
    return failed;
  return is_unsure ? inconclusive : ok;
}

int run_load(const LoadFlags& flags) {
  const auto endpoint = read_load(flags);
  if (!endpoint) return complain(invalid, endpoint.error().to_string());
  RealWaitingClock clock;
  const EndpointLoadResult result = [&] {
    StopOnSignal signals;
    return run_endpoint_load(*endpoint, clock, signals.token());
  }();
  const std::string text = flags.format == "json"
                               ? load_json(*endpoint, result)
                               : without_commands(printable_lines(load_text(*endpoint, result)));
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!is_written) return complain(environment, "cannot write to standard output");
  return judge(result);
}

}  // namespace

void add_load(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<LoadFlags>();
  CLI::App* command = app.add_subcommand(
      "load", "Send many reads or queries to an endpoint, and show latencies and failures");
  command
      ->add_option("URL", flags->url,
                   "a remote-read endpoint (without a path, /api/v1/read), or the address of a "
                   "Prometheus with --expr")
      ->required();
  command->add_option("SELECTOR", flags->selectors, "which series remote reads ask for, in turn");
  const auto text = [command](const char* name, std::string& value, const char* type,
                              const char* help) {
    command->add_option(name, value, help)->type_name(type);
  };
  const auto list = [command](const char* name, std::vector<std::string>& values, const char* type,
                              const char* help) {
    command->add_option(name, values, help)->type_name(type)->take_all()->allow_extra_args(false);
  };
  list("--expr", flags->exprs, "EXPR", "PromQL in place of remote reads; may be repeated");
  command->add_option("--rate", flags->rate, "requests a second, whatever the answers take")
      ->type_name("N")
      ->check(CLI::Range(0.001, 10'000.0));
  command->add_option("--vus", flags->vus, "users, each with one request at a time")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, Load::most_users));
  text("--duration", flags->duration, "DURATION", "how long (default: 10s)");
  list("--stage", flags->stages, "DURATION:N",
       "goes from the rate or users before to N in this time; may be repeated");
  text("--warmup", flags->warmup, "DURATION", "load before it, which is not measured");
  text("--range", flags->range, "DURATION",
       "how far back a read asks (default: 1h), or makes queries range queries");
  text("--step", flags->step, "DURATION", "of range queries (default: 15s)");
  text("--time", flags->time, "TIME", "when queries are evaluated and reads end (default: now)");
  command->add_flag(
      "--same-time", flags->same_time,
      "all requests ask for the same time; else they are a millisecond apart, so that "
      "no cache answers two of them");
  list("--threshold", flags->thresholds, "TEXT",
       "'p(99) < 50ms', 'max < 1s', 'rate <= 0.01' (of failures); exit with 1 where one does not "
       "hold; may be repeated");
  command->add_option("--format", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  flags->call.add_types_to(*command);
  flags->call.add_access_to(*command);
  command->footer(
      "Example: mread load http://localhost:9095 '{job=\"node\"}' --rate 50 --duration 30s "
      "--threshold 'p(99) < 100ms'\n"
      "Example: mread load http://localhost:9090 --expr 'sum(up)' --vus 4 --stage 1m:20\n"
      "Exit codes: 0, 1 a threshold does not hold or no request succeeded, 2 too few requests to "
      "tell, 3 a flag is invalid, 4 the output cannot be written, 130 interrupted.");
  command->callback([flags, &exit_code] { exit_code = run_load(*flags); });
}

}  // namespace mread::cli
