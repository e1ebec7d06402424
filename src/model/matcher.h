#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "model/regex.h"

namespace mread::model {

/// The numbers are those of the wire (prometheus.LabelMatcher.Type).
enum class MatchType { equal = 0, not_equal = 1, regex = 2, not_regex = 3 };

/// `=`, `!=`, `=~`, `!~`.
std::string_view to_string(MatchType type);

/// One condition on a label's value. Regular expressions have RE2's syntax and are anchored at both
/// ends. The dot matches a newline, as in Prometheus 3 (measured with 3.5.3); 2.42 and 2.53 need
/// `(?s:.)` for that. A label that is absent has the value "".
///
/// Immutable. Copies are cheap, share the compiled expression, and may be used from many threads.
class Matcher {
 public:
  /// Errors: Errc::malformed if RE2 refuses the expression, Errc::limit if it exceeds the budget;
  /// the context quotes its beginning. Without a budget, the expression gets its own, which allows
  /// matching.
  static Result<Matcher> create(MatchType type, std::string name, std::string value,
                                RegexBudget& budget);
  static Result<Matcher> create(MatchType type, std::string name, std::string value);
  /// Returns the matcher with another value, for a request that is passed on. The caller knows that
  /// the expression is valid.
  Matcher with_value(std::string value) const;
  static Matcher equal(std::string name, std::string value);
  static Matcher not_equal(std::string name, std::string value);

  MatchType type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }

  /// Returns true if the expression is too large to compile (RegexBudget::Use::passed_on), since
  /// then nobody knows.
  bool matches(std::string_view label_value) const;
  bool matches(const LabelSet& labels) const { return matches(labels.get(name_)); }

  /// The words, if the expression is a list of words; else null. Valid as long as the matcher.
  const std::vector<std::string>* words() const {
    return expression_ ? expression_->words() : nullptr;
  }
  /// Frees the memory that matching took, if the budget's use was passed_on. The next matches()
  /// takes it again.
  void release() const {
    if (expression_) expression_->release();
  }

  /// `job=~"a.*"`; a name outside the classic character set is quoted.
  std::string to_string() const;

  friend bool operator==(const Matcher& a, const Matcher& b) {
    return a.type_ == b.type_ && a.name_ == b.name_ && a.value_ == b.value_;
  }

 private:
  Matcher(MatchType type, std::string name, std::string value)
      : type_(type), name_(std::move(name)), value_(std::move(value)) {}

  MatchType type_;
  std::string name_;
  std::string value_;
  std::shared_ptr<const Regex> expression_;  // Set for regex and not_regex.
};

/// True if all of them match.
bool matches(std::span<const Matcher> matchers, const LabelSet& labels);

/// Parses a PromQL instant vector selector: `up{job=~"a.*"}`, `{__name__="up"}`, `{"http.requests",
/// job!="x"}`. The metric name becomes the first matcher. Errors: Errc::malformed, also where a
/// metric name is given twice, where every matcher matches the empty string (as Prometheus does),
/// and where the regular expressions together are beyond a RegexBudget. The context begins with
/// "offset N: ", unless `error_offset` takes the offset instead.
Result<std::vector<Matcher>> parse_selector(std::string_view text, size_t* error_offset = nullptr);

/// Prints the selector as PromQL that parse_selector reads back. An equality on __name__ becomes
/// the metric name if possible.
std::string to_string(std::span<const Matcher> matchers);

}  // namespace mread::model
