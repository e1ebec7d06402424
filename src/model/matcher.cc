#include "model/matcher.h"

#include <algorithm>

#include "base/shown_text.h"
#include "model/promql_outline.h"

namespace mread::model {

namespace {

using Failure = PromqlLexer::Failure;

tl::expected<MatchType, Failure> parse_operator(PromqlLexer& lexer) {
  if (lexer.take("=~")) return MatchType::regex;
  if (lexer.take("!~")) return MatchType::not_regex;
  if (lexer.take("!=")) return MatchType::not_equal;
  if (lexer.take("=")) return MatchType::equal;
  return lexer.fail_here("expected one of = != =~ !~, not " + lexer.here());
}

tl::expected<std::vector<Matcher>, Failure> parse_selector_tokens(std::string_view text) {
  PromqlLexer lexer(text);
  std::vector<Matcher> matchers;
  RegexBudget budget;
  bool named = false;
  lexer.skip_space();
  const size_t begin = lexer.offset();
  PromqlOutline outline;
  outline.noun = "selector";
  outline.metric = [&](size_t offset, std::string name) -> PromqlOutline::Parsed {
    if (named) return PromqlLexer::fail_at(offset, "the metric name is given twice");
    if (name.empty()) return PromqlLexer::fail_at(offset, "a metric needs a name");
    named = true;
    matchers.insert(matchers.begin(),
                    Matcher::equal(std::string(metric_name_label), std::move(name)));
    return {};
  };
  outline.item = [&](size_t offset, std::string name) -> PromqlOutline::Parsed {
    if (name.empty()) return PromqlLexer::fail_at(offset, "a label needs a name");
    const auto type = parse_operator(lexer);
    if (!type) return tl::unexpected(type.error());
    lexer.skip_space();
    const size_t value_offset = lexer.offset();
    auto value = quoted_value(lexer);
    if (!value) return tl::unexpected(value.error());
    if (named && name == metric_name_label)
      return PromqlLexer::fail_at(offset, "the metric name is given twice");
    auto matcher = Matcher::create(*type, std::move(name), std::move(*value), budget);
    if (!matcher) return PromqlLexer::fail_at(value_offset, matcher.error().context);
    matchers.push_back(std::move(*matcher));
    return {};
  };
  if (auto parsed = outline.parse(lexer); !parsed) return tl::unexpected(parsed.error());
  if (std::ranges::all_of(matchers, [](const Matcher& matcher) { return matcher.matches(""); })) {
    return PromqlLexer::fail_at(
        begin, "the selector needs at least one matcher that does not match the empty string");
  }
  return matchers;
}

}  // namespace

std::string_view to_string(MatchType type) {
  switch (type) {
    case MatchType::equal:
      return "=";
    case MatchType::not_equal:
      return "!=";
    case MatchType::regex:
      return "=~";
    case MatchType::not_regex:
      return "!~";
  }
  return "?";
}

Result<Matcher> Matcher::create(MatchType type, std::string name, std::string value) {
  RegexBudget budget;
  return create(type, std::move(name), std::move(value), budget);
}

Result<Matcher> Matcher::create(MatchType type, std::string name, std::string value,
                                RegexBudget& budget) {
  Matcher matcher(type, std::move(name), std::move(value));
  if (type == MatchType::regex || type == MatchType::not_regex) {
    auto expression = Regex::create(matcher.value_, budget);
    if (!expression) {
      Error error = std::move(expression).error();
      error.context = "the regular expression " + quote(cut_end(matcher.value_)) +
                      " of the label " + quote(cut_end(matcher.name_)) + " " + error.context;
      return fail(std::move(error));
    }
    matcher.expression_ = std::move(*expression);
  }
  return matcher;
}

Matcher Matcher::with_value(std::string value) const {
  Matcher matcher(type_, name_, std::move(value));
  if (expression_) matcher.expression_ = Regex::passed_on(matcher.value_);
  return matcher;
}

Matcher Matcher::equal(std::string name, std::string value) {
  return {MatchType::equal, std::move(name), std::move(value)};
}
Matcher Matcher::not_equal(std::string name, std::string value) {
  return {MatchType::not_equal, std::move(name), std::move(value)};
}

bool Matcher::matches(std::string_view label_value) const {
  switch (type_) {
    case MatchType::equal:
      return label_value == value_;
    case MatchType::not_equal:
      return label_value != value_;
    case MatchType::regex:
    case MatchType::not_regex: {
      const auto found = expression_ ? expression_->matches(label_value) : std::nullopt;
      return !found || *found == (type_ == MatchType::regex);
    }
  }
  return false;
}

std::string Matcher::to_string() const {
  std::string out = is_classic_label_name(name_) ? name_ : quote(name_);
  out += model::to_string(type_);
  return out + quote(value_);
}

bool matches(std::span<const Matcher> matchers, const LabelSet& labels) {
  return std::ranges::all_of(matchers,
                             [&](const Matcher& matcher) { return matcher.matches(labels); });
}

Result<std::vector<Matcher>> parse_selector(std::string_view text, size_t* error_offset) {
  auto matchers = parse_selector_tokens(text);
  if (!matchers) return PromqlLexer::error(matchers.error(), error_offset);
  return std::move(*matchers);
}

std::string to_string(std::span<const Matcher> matchers) {
  // One matcher can be written as the metric's name. PromQL refuses a metric name together with
  // another matcher on __name__.
  const auto on_name = [](const Matcher& matcher) { return matcher.name() == metric_name_label; };
  const bool one = std::ranges::count_if(matchers, on_name) == 1;
  std::string metric;
  std::string inside;
  for (const Matcher& matcher : matchers) {
    if (one && on_name(matcher) && matcher.type() == MatchType::equal &&
        is_classic_metric_name(matcher.value())) {
      metric = matcher.value();
      continue;
    }
    if (!inside.empty()) inside += ",";
    inside += matcher.to_string();
  }
  if (inside.empty() && !metric.empty()) return metric;
  return metric + "{" + inside + "}";
}

}  // namespace mread::model
