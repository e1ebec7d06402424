#include "model/promql_uses.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/ascii.h"
#include "base/duration.h"

namespace mread::model {
namespace {

constexpr std::array<std::string_view, 10> words_between{"and",    "or",  "unless", "atan2", "bool",
                                                         "offset", "inf", "nan",    "start", "end"};
// A metric may have one of these names; before a parenthesis or a grouping they are aggregations.
constexpr std::array<std::string_view, 14> aggregations{
    "sum",   "min",          "max",     "avg",  "group",    "stddev", "stdvar",
    "count", "count_values", "bottomk", "topk", "quantile", "limitk", "limit_ratio"};
constexpr std::array<std::string_view, 2> groupings_that_name{"by", "on"};
constexpr std::array<std::string_view, 2> groupings_that_exclude{"without", "ignoring"};
constexpr std::array<std::string_view, 2> joins{"group_left", "group_right"};

bool is_one_of(std::string_view word, auto& words) {
  return std::ranges::find(words, word) != words.end();
}

using ascii::is_digit;
using ascii::is_space;

bool begins_name(char c) { return ascii::is_letter(c) || c == '_' || c == ':'; }
bool continues_name(char c) { return begins_name(c) || is_digit(c); }

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  Result<PromqlUses> run() {
    while (skip_blanks(), at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'' || c == '`') {
        if (!skip_string()) return failure("a string without an end");
      } else if (c == '[') {
        if (!take_range()) return failure("a bracket without an end");
      } else if (c == '(') {
        ++at_;
        open_.push_back(uses_.selectors.size());
      } else if (c == ')') {
        ++at_;
        if (open_.empty()) return failure("a parenthesis without a beginning");
        ranged_from_ = open_.back();
        open_.pop_back();
      } else if (c == '{') {
        if (auto taken = take_selector(at_); !taken) return fail(taken.error());
      } else if (is_digit(c) || (c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
        skip_number();
      } else if (begins_name(c)) {
        if (auto taken = take_word(); !taken) return fail(taken.error());
      } else {
        ++at_;
      }
    }
    if (!open_.empty()) return failure("a parenthesis without an end");
    if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos)
      return failure("an expression is missing");
    return std::move(uses_);
  }

 private:
  tl::unexpected<Error> failure(const std::string& what) const {
    return fail(Errc::malformed, "offset " + std::to_string(at_) + ": " + what);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  // White space and comments.
  void skip_blanks() {
    while (at_ < text_.size()) {
      if (is_space(text_[at_])) {
        ++at_;
      } else if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }

  bool skip_string() {
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && quote != '`') ++at_;
      ++at_;
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  // [5m], or [1h:5m] of a subquery. It belongs to the selector before it, or to all selectors of the
  // parenthesis before it.
  bool take_range() {
    const size_t begin = ++at_;
    at_ = text_.find(']', at_);
    if (at_ == std::string_view::npos) {
      at_ = begin;
      return false;
    }
    std::string_view range = text_.substr(begin, at_ - begin);
    range = range.substr(0, range.find(':'));
    while (!range.empty() && is_space(range.front())) range.remove_prefix(1);
    while (!range.empty() && is_space(range.back())) range.remove_suffix(1);
    const auto duration = parse_duration(range);
    for (size_t i = ranged_from_; duration && i < uses_.selectors.size(); ++i)
      uses_.selectors[i].range += *duration;
    return true;
  }

  // Also a duration: 5m, 1e-3, 0x1F, 1_000.
  void skip_number() {
    while (at_ < text_.size() && (continues_name(text_[at_]) || text_[at_] == '.')) {
      const bool is_exponent = (text_[at_] == 'e' || text_[at_] == 'E') && at_ + 1 < text_.size() &&
                               (text_[at_ + 1] == '-' || text_[at_ + 1] == '+');
      at_ += is_exponent ? 2 : 1;
    }
  }

  std::string_view take_name() {
    const size_t begin = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  Result<void> take_word() {
    const size_t begin = at_;
    const std::string_view word = take_name();
    std::string small(word);
    std::ranges::transform(small, small.begin(), [](char c) {
      return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    skip_blanks();
    const char next = peek();
    if (next == '(' && is_one_of(small, groupings_that_name)) return take_labels(true);
    if (next == '(' && is_one_of(small, joins)) return take_labels(true);
    if (next == '(' && is_one_of(small, groupings_that_exclude)) return take_labels(false);
    if (next == '(' || is_one_of(small, words_between) || is_one_of(small, joins)) return {};
    if (is_one_of(small, aggregations) && is_grouping_next()) return {};
    return take_selector(begin);
  }

  bool is_grouping_next() const {
    const std::string_view rest = text_.substr(at_);
    return rest.starts_with("by") || rest.starts_with("without");
  }

  // The text stands at the parenthesis.
  Result<void> take_labels(bool named) {
    ++at_;
    for (skip_blanks(); at_ < text_.size() && peek() != ')'; skip_blanks()) {
      if (begins_name(peek())) {
        const std::string_view label = take_name();
        if (named) uses_.labels.emplace(label);
      } else if (peek() == '"' || peek() == '\'' || peek() == '`') {
        if (!skip_string()) return failure("a string without an end");
      } else {
        ++at_;
      }
    }
    if (at_ < text_.size()) ++at_;
    return {};
  }

  // A selector that begins at `begin`: the text stands behind its name, or at its brace.
  Result<void> take_selector(size_t begin) {
    if (peek() == '{') {
      while (at_ < text_.size() && peek() != '}') {
        if (peek() == '"' || peek() == '\'' || peek() == '`') {
          if (!skip_string()) return failure("a string without an end");
        } else {
          ++at_;
        }
      }
      if (at_ == text_.size()) return failure("a brace without an end");
      ++at_;
    }
    size_t end = at_;
    while (end > begin && is_space(text_[end - 1])) --end;
    size_t offset = 0;
    auto matchers = parse_selector(text_.substr(begin, end - begin), &offset);
    if (!matchers) {
      return fail(Errc::malformed,
                  "offset " + std::to_string(begin + offset) + ": " + matchers.error().context);
    }
    ranged_from_ = uses_.selectors.size();
    uses_.selectors.push_back({std::move(*matchers), {}});
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  PromqlUses uses_;
  std::vector<size_t> open_;  // Of each open parenthesis: the number of selectors before it.
  size_t ranged_from_ = 0;    // A range that comes next belongs to the selectors from here on.
};

}  // namespace

Result<PromqlUses> promql_uses(std::string_view expression) { return Scan(expression).run(); }

}  // namespace mread::model
