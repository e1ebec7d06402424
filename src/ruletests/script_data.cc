#include "ruletests/script_data.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include "mockstore/notation/value_sequence.h"
#include "scenarios/checks/query_answer.h"

namespace mread::ruletests {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t most_written_points = 1'000'000;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Where the labels end that begin with the brace at `at`.
size_t end_of_labels(const std::string& line, size_t at) {
  char quote = '\0';
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (quote != '\0') {
      if (c == '\\' && quote != '`')
        ++at;
      else if (c == quote)
        quote = '\0';
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '}') {
      return at + 1;
    }
  }
  return at;
}

std::string written(const std::map<int64_t, model::Sample>& samples, int64_t interval_ms) {
  std::string out;
  int64_t next_ms = 0;
  for (const auto& [time_ms, sample] : samples) {
    const int64_t blanks = (time_ms - next_ms) / interval_ms;
    if (blanks > 0) out += "_x" + std::to_string(blanks) + " ";
    out += (model::is_stale(sample.bits) ? "stale" : scenarios::format_value(sample.value())) + " ";
    next_ms = time_ms + interval_ms;
  }
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace

Result<SeriesLine> parse_series_line(const std::string& line) {
  size_t end = 0;
  while (end < line.size() && !is_blank(line[end]) && line[end] != '{') ++end;
  size_t brace = end;
  while (brace < line.size() && is_blank(line[brace])) ++brace;
  const bool has_labels =
      brace < line.size() && line[brace] == '{' && line.compare(brace, 2, "{{") != 0;
  if (has_labels) end = end_of_labels(line, brace);
  SeriesLine out;
  out.series = line.substr(0, end);
  auto labels = model::parse_series(out.series);
  if (!labels) return fail(labels.error());
  out.labels = std::move(*labels);
  out.values = line.substr(std::min(line.find_first_not_of(" \t", end), line.size()));
  return out;
}

Result<void> ScriptData::add(milliseconds interval, SeriesLine line) {
  const auto values = mockstore::ValueSequence::parse(line.values);
  if (!values) return fail(values.error());
  std::vector<Piece>& pieces = loaded_[line.labels];
  pieces.push_back({interval, std::move(line)});
  return {};
}

Result<void> ScriptData::put_into(TestGroup& group) const {
  milliseconds common{0};
  for (const auto& [labels, pieces] : loaded_) {
    for (const Piece& piece : pieces)
      common = milliseconds(std::gcd(common.count(), piece.interval.count()));
  }
  if (common.count() > 0) group.interval = common;
  for (const auto& [labels, pieces] : loaded_) {
    const SeriesLine& first = pieces.front().line;
    if (pieces.size() == 1 && pieces.front().interval == common) {
      group.input.push_back({labels, first.series, first.values});
      continue;
    }
    std::map<int64_t, model::Sample> samples;
    for (const Piece& piece : pieces) {
      model::Series series;
      const auto values = mockstore::ValueSequence::parse(piece.line.values);
      if (values->size() > most_written_points) {
        return fail(Errc::limit, first.series +
                                     ": more than a million values, loaded in several pieces or "
                                     "with series of another interval");
      }
      values->expand({0, piece.interval.count()}, series);
      if (!series.histograms.empty()) {
        return fail(Errc::unsupported,
                    first.series +
                        ": native histograms loaded in several pieces, or with series "
                        "of another interval");
      }
      for (const model::Sample& sample : series.samples) samples[sample.timestamp_ms] = sample;
    }
    const auto points =
        samples.empty() ? 0 : static_cast<uint64_t>(samples.rbegin()->first / common.count());
    if (points >= mockstore::ValueSequence::max_points) {
      return fail(Errc::limit,
                  first.series +
                      ": the intervals of the loads differ so much that the series has "
                      "too many points; clear between them");
    }
    group.input.push_back({labels, first.series, written(samples, common.count())});
  }
  return {};
}

}  // namespace mread::ruletests
