#include "rehearse/data/example_value.h"

#include <algorithm>
#include <cctype>

namespace mread::rehearse {
namespace {

constexpr size_t deepest = 50;
constexpr size_t longest = 1000;

// Takes the first way through an expression. The result is a guess: the caller tries it.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::optional<std::string> run() {
    auto out = alternatives(0);
    if (!out || at_ < text_.size() || out->size() > longest) return std::nullopt;
    return out;
  }

 private:
  std::optional<std::string> alternatives(size_t depth) {
    auto first = sequence(depth);
    while (first && at_ < text_.size() && text_[at_] == '|') {
      ++at_;
      auto other = sequence(depth);
      if (!other) return std::nullopt;
      if (first->empty()) first = std::move(other);
    }
    return first;
  }

  std::optional<std::string> sequence(size_t depth) {
    std::string out;
    while (at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') {
      auto one = atom(depth);
      if (!one) return std::nullopt;
      out += repeated(*one);
      if (out.size() > longest) return std::nullopt;
    }
    return out;
  }

  std::optional<std::string> atom(size_t depth) {
    const char c = text_[at_++];
    switch (c) {
      case '^':
      case '$':
        return "";
      case '.':
        return "x";
      case '[':
        return of_class();
      case '(': {
        if (depth == deepest) return std::nullopt;
        if (text_.substr(at_).starts_with("?:")) at_ += 2;
        if (text_.substr(at_).starts_with("?P<"))
          at_ = std::min(text_.find('>', at_), text_.size() - 1) + 1;
        auto inside = alternatives(depth + 1);
        if (!inside || at_ >= text_.size()) return std::nullopt;
        ++at_;
        return inside;
      }
      case '\\':
        return escape();
      default:
        return std::string(1, c);
    }
  }

  std::optional<std::string> escape() {
    if (at_ >= text_.size()) return std::nullopt;
    const char c = text_[at_++];
    switch (c) {
      case 'd':
        return "1";
      case 'w':
      case 'S':
      case 'D':
        return "x";
      case 's':
      case 'W':
        return " ";
      case 'b':
      case 'A':
      case 'z':
        return "";
      default:
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) return std::nullopt;
        return std::string(1, c);
    }
  }

  // One character that a class has: one of those that it names, or another.
  std::optional<std::string> of_class() {
    const size_t open = at_ - 1;
    const bool excludes = at_ < text_.size() && text_[at_] == '^';
    if (excludes) ++at_;
    const size_t begin = at_;
    size_t end = begin;
    while (end < text_.size() && (text_[end] != ']' || end == begin))
      end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return std::nullopt;
    const std::string_view whole = text_.substr(open, end + 1 - open);
    at_ = end + 1;
    const auto matcher = model::Matcher::create(model::MatchType::regex, "", std::string(whole));
    if (!matcher) return std::nullopt;
    const std::string candidates = std::string(text_.substr(begin, end - begin)) + "x1-_/ A";
    for (const char c : candidates) {
      if (matcher->matches(std::string_view(&c, 1))) return std::string(1, c);
    }
    return std::nullopt;
  }

  // What a quantifier makes of an atom: as few as there may be, but one of `*` and `?`.
  std::string repeated(const std::string& one) {
    if (at_ >= text_.size()) return one;
    size_t times = 1;
    const char c = text_[at_];
    if (c == '*' || c == '?' || c == '+') {
      ++at_;
    } else if (c == '{') {
      const size_t end = text_.find('}', at_);
      if (end == std::string_view::npos) return one;
      times = 0;
      for (size_t i = at_ + 1; i < end && std::isdigit(static_cast<unsigned char>(text_[i])); ++i)
        times = std::min<size_t>(times * 10 + static_cast<size_t>(text_[i] - '0'), longest);
      at_ = end + 1;
    }
    if (at_ < text_.size() && text_[at_] == '?') ++at_;  // Lazy.
    std::string out;
    for (size_t i = 0; i < times && out.size() <= longest; ++i) out += one;
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
};

bool all_match(const std::vector<model::Matcher>& matchers, const std::string& value) {
  return std::ranges::all_of(matchers, [&value](const auto& one) { return one.matches(value); });
}

}  // namespace

std::optional<std::string> example_of_regex(std::string_view expression) {
  return Walk(expression).run();
}

std::vector<std::string> example_values(const std::vector<model::Matcher>& matchers, size_t limit) {
  std::vector<std::string> wanted;
  for (const model::Matcher& matcher : matchers) {
    if (matcher.type() == model::MatchType::equal) wanted.push_back(matcher.value());
    if (matcher.type() != model::MatchType::regex) continue;
    if (const auto* words = matcher.words())
      wanted.insert(wanted.end(), words->begin(), words->end());
    if (auto example = example_of_regex(matcher.value())) wanted.push_back(std::move(*example));
  }
  std::vector<std::string> values;
  for (std::string& value : wanted) {
    const bool is_new = std::ranges::find(values, value) == values.end();
    if (values.size() < limit && is_new && all_match(matchers, value))
      values.push_back(std::move(value));
  }
  // A value rather than no label, where both would do.
  if (values.size() > 1) std::erase(values, "");
  if (!values.empty()) return values;
  for (const char* value : {"x", "1", "y-2", "0", "200", "GET", "/", "a.b:9090", ""}) {
    if (all_match(matchers, value)) return {value};
  }
  return {};
}

}  // namespace mread::rehearse
