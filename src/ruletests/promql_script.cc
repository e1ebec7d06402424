#include "ruletests/promql_script.h"

#include <algorithm>
#include <array>
#include <optional>

#include <re2/re2.h>

#include "base/duration.h"
#include "base/file.h"
#include "base/printable.h"
#include "base/yaml.h"
#include "mockstore/notation/value_sequence.h"
#include "model/promql_lexer.h"
#include "ruletests/script_data.h"

namespace mread::ruletests {
namespace {

using scenarios::Check;
using scenarios::Expectation;
using std::chrono::milliseconds;

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// Lines without blanks around them; comments are empty lines, as in Prometheus.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = trimmed(text.substr(at, end - at));
    lines.push_back(line.starts_with('#') ? "" : line);
    at = end + 1;
  }
  return lines;
}

constexpr std::string_view string_prefix = "expect string ";

class Script {
 public:
  Script(std::string path, const std::string& text)
      : path_(std::move(path)), lines_(lines_of(text)) {}

  std::vector<TestGroup> read() {
    for (; at_ < lines_.size(); ++at_) {
      const std::string& line = lines_[at_];
      if (line.empty()) continue;
      const std::string word = line.substr(0, line.find_first_of(" \t"));
      if (word == "clear") {
        data_.clear();
        is_new_group_ = true;
      } else if (word.starts_with("load")) {
        read_load();
      } else if (word.starts_with("eval")) {
        read_eval();
      } else {
        error("want load, clear or eval, got \"" + word + "\"");
      }
    }
    if (groups_.empty())
      throw yaml::ConfigError(path_ + ": there is no eval, so nothing could fail");
    return std::move(groups_);
  }

 private:
  [[noreturn]] void error(const std::string& message) const {
    throw yaml::ConfigError(path_ + ":" + std::to_string(at_ + 1) + ":1: " + message + "\n  " +
                            printable(lines_[at_]));
  }

  milliseconds duration(const std::string& text) const {
    const auto parsed = parse_duration(text);
    if (!parsed) error(parsed.error().context);
    return *parsed;
  }

  Check::Range range_of(const std::string& start, const std::string& end,
                        const std::string& step) const {
    const Check::Range range{duration(start), duration(end), duration(step)};
    if (range.step.count() == 0) error("a step of 0");
    if (range.end < range.start) error("it ends before it starts");
    return range;
  }

  SeriesLine series_line() const {
    auto line = parse_series_line(lines_[at_]);
    if (!line) error(line.error().context);
    return std::move(*line);
  }

  // Whether another line of the same command follows; goes to it.
  bool next_line() {
    if (at_ + 1 >= lines_.size() || lines_[at_ + 1].empty()) return false;
    ++at_;
    return true;
  }

  void read_load() {
    static const re2::RE2 pattern(R"(load\s+(\S+))");
    std::string interval;
    if (!re2::RE2::FullMatch(lines_[at_], pattern, &interval))
      error("want load INTERVAL; load_with_nhcb is not supported");
    const milliseconds step = duration(interval);
    if (step.count() == 0) error("an interval of 0");
    is_new_group_ = true;
    while (next_line()) {
      SeriesLine line = series_line();
      if (line.values.starts_with("@st")) error("@st lines are not supported");
      if (auto added = data_.add(step, std::move(line)); !added) error(added.error().context);
    }
  }

  void read_eval() {
    Check check;
    check.line = static_cast<int>(at_ + 1);
    check.exactness = scenarios::Exactness::loose;
    const std::string kind = read_question(check);
    if (is_new_group_) begin_group();
    if (kind == "ordered") check.is_ordered = true;
    for (const auto& [word, what] : old_kinds) {
      if (kind == word) check.expect.push_back({what, {}});
    }
    read_expectations(check);
    if (check.expects(Expectation::Kind::fail)) {
      if (has_data(check)) error("an eval that expects to fail expects no data");
      check.samples.reset();
      check.range_series.reset();
      check.answer_type.clear();
    }
    if (check.samples && check.text) error("an answer is a string or has samples");
    groups_.back().checks.push_back(std::move(check));
  }

  static bool has_data(const Check& check) {
    return check.text || (check.samples && !check.samples->empty()) ||
           (check.range_series && !check.range_series->empty());
  }

  // The head of an eval; returns what stands behind "eval_".
  std::string read_question(Check& check) const {
    static const re2::RE2 instant(
        R"(eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(\S+)\s+(.+))");
    static const re2::RE2 range(
        R"(eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+))");
    const std::string& line = lines_[at_];
    std::string kind;
    std::string time;
    std::string end;
    std::string step;
    if (re2::RE2::FullMatch(line, instant, &kind, &time, &check.expr)) {
      check.eval_time = duration(time);
      check.name = check.expr + " at " + format_duration(*check.eval_time);
      check.samples.emplace();
      check.answer_type = "vector";
      return kind;
    }
    if (!re2::RE2::FullMatch(line, range, &kind, &time, &end, &step, &check.expr))
      error("want eval instant at TIME EXPR, or eval range from TIME to TIME step STEP EXPR");
    check.range = range_of(time, end, step);
    check.name = check.expr + " from " + format_duration(check.range->start) + " to " +
                 format_duration(check.range->end) + " step " + format_duration(check.range->step);
    check.range_series.emplace();
    check.answer_type = "matrix";
    return kind;
  }

  void begin_group() {
    TestGroup group;
    group.file = path_;
    group.name = "line " + std::to_string(at_ + 1);
    if (auto put = data_.put_into(group); !put) error(put.error().context);
    groups_.push_back(std::move(group));
    is_new_group_ = false;
  }

  void read_expectations(Check& check) {
    std::optional<Check::Range> points;  // At which the samples of a range lie.
    if (check.range) points = check.range;
    while (next_line()) {
      const std::string& line = lines_[at_];
      if (line.starts_with("expected_fail_") || line.starts_with("expect ")) {
        read_expect(line, check, points);
      } else if (!points && read_scalar(line, check)) {
        continue;
      } else {
        read_series(check, points);
      }
    }
  }

  // A number alone: the answer is a scalar.
  static bool read_scalar(const std::string& line, Check& check) {
    if (line.find_first_of(" \t{") != std::string::npos) return false;
    const auto sequence = mockstore::ValueSequence::parse(line);
    if (!sequence || sequence->size() != 1) return false;
    model::Series series;
    sequence->expand({0, 1}, series);
    if (series.samples.size() != 1) return false;
    check.samples->push_back({{}, "{}", series.samples.front().value(), std::nullopt});
    check.answer_type = "scalar";
    return true;
  }

  void read_series(Check& check, const std::optional<Check::Range>& points) {
    const SeriesLine line = series_line();
    const auto sequence = mockstore::ValueSequence::parse(line.values);
    if (!sequence) error(sequence.error().context);
    model::Series series;
    series.labels = line.labels;
    if (points) {
      const auto most = (points->end - points->start) / points->step + 1;
      if (sequence->size() > static_cast<uint64_t>(most))
        error("more values than the range has steps");
      sequence->expand({points->start.count(), points->step.count()}, series);
      if (!series.samples.empty() || !series.histograms.empty())
        check.range_series->push_back(std::move(series));
      return;
    }
    if (sequence->size() != 1) error("want one value: an instant query has no more");
    sequence->expand({0, 1}, series);
    scenarios::ExpectedSample sample{line.labels, line.series, std::nullopt, std::nullopt};
    if (!series.samples.empty())
      sample.value = series.samples.front().value();
    else if (!series.histograms.empty())
      sample.histogram = series.histograms.front().histogram;
    else
      error("want a value");
    check.samples->push_back(std::move(sample));
  }

  void read_expect(const std::string& line, Check& check, std::optional<Check::Range>& points) {
    static const re2::RE2 range_vector(
        R"(expect range vector from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+))");
    static const re2::RE2 statement(
        R"(expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?)");
    static const re2::RE2 old_statement(R"(expected_fail_(message|regexp)\s+(.+))");
    std::string start;
    std::string end;
    std::string step;
    std::string word;
    std::string type;
    std::string pattern;
    if (line.starts_with(string_prefix)) {
      read_text(line.substr(string_prefix.size()), check);
    } else if (re2::RE2::FullMatch(line, range_vector, &start, &end, &step)) {
      points = range_of(start, end, step);
      check.samples.reset();
      check.range_series.emplace();
      check.answer_type = "matrix";
    } else if (re2::RE2::FullMatch(line, statement, &word, &type, &pattern)) {
      add_expectation(word, type, pattern, check);
    } else if (re2::RE2::FullMatch(line, old_statement, &type, &pattern)) {
      std::erase_if(check.expect,
                    [](const Expectation& one) { return one.kind == Expectation::Kind::fail; });
      add_expectation("fail", type == "message" ? "msg" : "regex", pattern, check);
    } else {
      error("want expect ordered, fail, warn, no_warn, info or no_info, with regex: … or msg: …");
    }
  }

  void read_text(const std::string& quoted, Check& check) const {
    model::PromqlLexer lexer(quoted);
    auto text = lexer.at_string() ? lexer.string() : lexer.fail_here("want a quoted text");
    if (!text) error(text.error().message);
    if (!lexer.at_end()) error("want the end of the line behind the text");
    check.text = std::move(*text);
    check.samples.reset();
    check.answer_type = "string";
  }

  void add_expectation(const std::string& word, const std::string& type, const std::string& pattern,
                       Check& check) const {
    if (word == "ordered") {
      if (check.range) error("the answer to a range query is always ordered by labels");
      check.is_ordered = true;
      return;
    }
    Expectation expectation;
    for (const auto& [name, kind] : expectations) {
      if (word == name) expectation.kind = kind;
    }
    const bool refuses = word == "no_warn" || word == "no_info";
    if (refuses && !type.empty()) error("expect " + word + " takes no text");
    if (!type.empty()) {
      const std::string text = trimmed(pattern);
      auto compiled = std::make_shared<re2::RE2>(type == "regex" ? text : re2::RE2::QuoteMeta(text),
                                                 re2::RE2::Quiet);
      if (!compiled->ok()) error("no regular expression: " + compiled->error());
      expectation.pattern = scenarios::Pattern{text, std::move(compiled)};
    }
    check.expect.push_back(std::move(expectation));
  }

  struct Word {
    const char* name;
    Expectation::Kind kind;
  };
  static constexpr std::array<Word, 3> old_kinds{{{"fail", Expectation::Kind::fail},
                                                  {"warn", Expectation::Kind::warn},
                                                  {"info", Expectation::Kind::info}}};
  static constexpr std::array<Word, 5> expectations{{{"fail", Expectation::Kind::fail},
                                                     {"warn", Expectation::Kind::warn},
                                                     {"no_warn", Expectation::Kind::no_warn},
                                                     {"info", Expectation::Kind::info},
                                                     {"no_info", Expectation::Kind::no_info}}};

  const std::string path_;
  const std::vector<std::string> lines_;
  size_t at_ = 0;
  ScriptData data_;
  bool is_new_group_ = true;
  std::vector<TestGroup> groups_;
};

}  // namespace

std::vector<TestGroup> read_promql_script(const std::string& path) {
  const auto text = read_file(path, config_file_limit_bytes);
  if (!text) throw yaml::ConfigError(path + ": cannot be read: " + text.error().to_string());
  return parse_promql_script(*text, path);
}

std::vector<TestGroup> parse_promql_script(const std::string& text, const std::string& file_name) {
  return Script(file_name, text).read();
}

}  // namespace mread::ruletests
