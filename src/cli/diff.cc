#include <array>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/printable.h"
#include "base/quantity.h"
#include "base/timestamp.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/read_call_flags.h"
#include "probe/answer_difference.h"

namespace mread::cli {

namespace {

struct DiffFlags {
  std::string first;
  std::string second;
  std::string selector;
  std::string format = "text";
  ReadCallFlags call;
  uint64_t repeat = 1;
  uint64_t limit = 10;
};

int complain(int exit_code, const std::string& what) {
  return cli::complain("diff", what, exit_code);
}

// What was found in all rounds.
struct Found {
  uint64_t rounds = 0;
  uint64_t different_rounds = 0;
  uint64_t equal_series = 0;  // Of the last round.
  std::array<uint64_t, 2> series{};
  std::array<uint64_t, 2> samples{};
  std::array<uint64_t, probe::difference_kinds> counts{};
  std::vector<std::pair<uint64_t, probe::Difference>> differences;  // With the round, from 1.

  void add(const std::array<probe::ReadReply, 2>& replies, uint64_t limit) {
    ++rounds;
    probe::AnswerDifference round = probe::compare_answers(
        replies[0], replies[1], static_cast<size_t>(limit - differences.size()));
    if (!round.equal()) ++different_rounds;
    equal_series = round.equal_series;
    for (size_t i = 0; i < 2; ++i) {
      series[i] = replies[i].series.size();
      samples[i] = replies[i].samples();
    }
    for (size_t kind = 0; kind < counts.size(); ++kind) counts[kind] += round.counts[kind];
    for (probe::Difference& one : round.first) differences.emplace_back(rounds, std::move(one));
  }
};

std::string text_of(const Found& found) {
  std::string out;
  for (const auto& [round, one] : found.differences) {
    if (found.rounds > 1) out += fmt::format("round {}: ", round);
    out += fmt::format("{}: ", probe::to_string(one.kind));
    if (!one.series.empty()) out += printable(one.series) + ": ";
    out += printable(one.text) + "\n";
  }
  if (found.different_rounds > 0) out += "\n";
  for (size_t kind = 0; kind < found.counts.size(); ++kind) {
    if (found.counts[kind] == 0) continue;
    out += fmt::format("{:<16} {}\n", probe::to_string(static_cast<probe::DifferenceKind>(kind)),
                       found.counts[kind]);
  }
  out += fmt::format("{}: {} series, {} in the first; {} series, {} in the second; {} equal",
                     found.different_rounds == 0 ? "equal" : "different", found.series[0],
                     counted(found.samples[0], "sample"), found.series[1],
                     counted(found.samples[1], "sample"), found.equal_series);
  if (found.rounds > 1)
    out += fmt::format("; {} of {} rounds differ", found.different_rounds, found.rounds);
  return out + "\n";
}

std::string json_of(const Found& found) {
  boost::json::object kinds;
  for (size_t kind = 0; kind < found.counts.size(); ++kind)
    kinds[probe::to_string(static_cast<probe::DifferenceKind>(kind))] = found.counts[kind];
  boost::json::array differences;
  for (const auto& [round, one] : found.differences) {
    differences.push_back(boost::json::object{{"round", round},
                                              {"kind", probe::to_string(one.kind)},
                                              {"series", one.series},
                                              {"text", one.text}});
  }
  const auto side = [&](size_t i) {
    return boost::json::object{{"series", found.series[i]}, {"samples", found.samples[i]}};
  };
  const boost::json::object out{{"equal", found.different_rounds == 0},
                                {"rounds", found.rounds},
                                {"different_rounds", found.different_rounds},
                                {"first", side(0)},
                                {"second", side(1)},
                                {"equal_series", found.equal_series},
                                {"kinds", kinds},
                                {"differences", differences}};
  return printable_json(boost::json::serialize(out)) + "\n";
}

// Both are asked at the same time, so that what comes in meanwhile makes the least difference.
Result<std::array<probe::ReadReply, 2>> read_both(const probe::ReadCall& first,
                                                  const probe::ReadCall& second) {
  auto other = std::async(std::launch::async, [&] { return probe::read_series(second); });
  auto one = probe::read_series(first);
  auto two = other.get();
  if (!one) return fail(std::move(one.error()));
  if (!two) return fail(std::move(two.error()));
  return std::array<probe::ReadReply, 2>{std::move(*one), std::move(*two)};
}

int diff(const DiffFlags& flags) {
  const int64_t now_ms = wall_clock_ms();
  const std::string selector = flags.selector.empty() ? "{}" : flags.selector;
  const auto first = flags.call.call(flags.first, selector, now_ms);
  if (!first) return complain(ExitCode::invalid, first.error().to_string());
  const auto second = flags.call.call(flags.second, selector, now_ms);
  if (!second) return complain(ExitCode::invalid, second.error().to_string());

  Found found;
  for (uint64_t round = 0; round < flags.repeat; ++round) {
    const auto replies = read_both(*first, *second);
    if (!replies) return complain(ExitCode::invalid, replies.error().to_string());
    for (size_t i = 0; i < 2; ++i) {
      if (const std::string_view partial = (*replies)[i].partial(); !partial.empty())
        complain(0,
                 fmt::format("the {} answer is partial: {}", i == 0 ? "first" : "second", partial));
    }
    found.add(*replies, flags.limit);
  }
  const std::string text = flags.format == "json" ? json_of(found) : text_of(found);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return complain(ExitCode::invalid, "cannot write to standard output");
  return found.different_rounds == 0 ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

void add_diff(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<DiffFlags>();
  CLI::App* command =
      app.add_subcommand("diff", "Read the same series from two endpoints and compare bit by bit");
  command->add_option("FIRST", flags->first, "The first endpoint, as in mread read")->required();
  command->add_option("SECOND", flags->second, "The second endpoint")->required();
  command->add_option("SELECTOR", flags->selector, "Which series, as in PromQL")->required();
  flags->call.add_range_to(*command);
  flags->call.add_types_to(*command);
  command->add_option("--repeat", flags->repeat, "Read and compare so many times")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000}))
      ->capture_default_str();
  command->add_option("--limit", flags->limit, "Show at most this many differences")
      ->capture_default_str();
  command->add_option("--format", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  flags->call.add_access_to(*command);
  command->footer(
      "Exit code: 0 equal, 1 different, 3 could not read.\nExample: mread diff "
      "http://collector-a:9090 http://collector-b:9090 'up{job=\"node\"}' --end now-1m");
  command->callback([flags, &exit_code] { exit_code = diff(*flags); });
}

}  // namespace mread::cli
