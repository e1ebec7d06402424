#include "scenarios/language/expression.h"

#include <charconv>
#include <chrono>
#include <cstdlib>

#include "base/duration.h"
#include "base/nearest.h"
#include "base/version_text.h"
#include "base/yaml_number.h"

namespace mread::scenarios {
namespace {

struct Token {
  enum class Kind { word, quoted, symbol, end };
  Kind kind = Kind::end;
  std::string text;
  size_t offset = 0;

  bool is(std::string_view symbol) const { return kind == Kind::symbol && text == symbol; }
  bool is_word(std::string_view word) const { return kind == Kind::word && text == word; }
};

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

Evaluated<std::vector<Token>> tokenize(std::string_view text) {
  constexpr std::string_view two_char[] = {"==", "!=", ">=", "<=", "&&", "||"};
  constexpr std::string_view one_char = "<>!()[],?:";
  constexpr size_t most_bytes = 10'000;
  if (text.size() > most_bytes)
    return tl::unexpected(ExpressionError{0, "an expression of more than 10000 bytes"});
  std::vector<Token> tokens;
  size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n') {
      ++at;
      continue;
    }
    const size_t begin = at;
    if (c == '\'' || c == '"') {
      const size_t end = text.find(c, at + 1);
      if (end == std::string_view::npos) {
        return tl::unexpected(
            ExpressionError{begin, std::string("the quote ") + c + " is not closed"});
      }
      tokens.push_back(
          {Token::Kind::quoted, std::string(text.substr(at + 1, end - at - 1)), begin});
      at = end + 1;
      continue;
    }
    if (is_word_char(c)) {
      while (at < text.size() && is_word_char(text[at])) ++at;
      tokens.push_back({Token::Kind::word, std::string(text.substr(begin, at - begin)), begin});
      continue;
    }
    std::string symbol;
    for (const std::string_view candidate : two_char) {
      if (text.substr(at, 2) == candidate) symbol = candidate;
    }
    if (symbol.empty() && one_char.find(c) != std::string_view::npos) symbol = c;
    if (symbol.empty()) {
      const char* hint = c == '='   ? "; equality is =="
                         : c == '&' ? "; and is &&"
                         : c == '|' ? "; or is ||"
                                    : "";
      return tl::unexpected(
          ExpressionError{begin, std::string("unexpected \"") + c + "\" in an expression" + hint});
    }
    tokens.push_back({Token::Kind::symbol, symbol, begin});
    at += symbol.size();
  }
  tokens.push_back({Token::Kind::end, "", text.size()});
  return tokens;
}

std::optional<double> as_number(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (const auto value = yaml::parse_number(text)) return yaml::to_double(*value);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size()) return std::nullopt;
  return value;
}

// Negative, zero or positive as a is before, at or behind b; nothing where the two cannot be
// ordered.
std::optional<int> compare_values(const std::string& a, const std::string& b) {
  const auto duration_a = parse_duration(a);
  const auto duration_b = parse_duration(b);
  if (duration_a && duration_b)
    return *duration_a < *duration_b ? -1 : *duration_a > *duration_b ? 1 : 0;
  if (a.starts_with('v') || b.starts_with('v') || !as_number(a) || !as_number(b)) {
    const auto version_a = parse_version(a);
    const auto version_b = parse_version(b);
    if (version_a && version_b) return compare_versions(*version_a, *version_b);
    return std::nullopt;
  }
  // "3.10" against "3.9": an axis of versions may well be written without the v, and plain numbers
  // with one dot sort the same way unless the fractions differ in length.
  const auto version_a = parse_version(a);
  const auto version_b = parse_version(b);
  const bool dotted = a.find('.') != std::string::npos && b.find('.') != std::string::npos;
  if (dotted && version_a && version_b) return compare_versions(*version_a, *version_b);
  const double x = *as_number(a);
  const double y = *as_number(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, const Scope& scope)
      : tokens_(std::move(tokens)), scope_(scope) {}

  Evaluated<bool> condition() {
    const Level level(depth_);
    if (depth_ > most_levels) return too_deep();
    auto left = conjunction();
    while (left && accept("||")) {
      auto right = conjunction();
      if (!right) return right;
      *left = *left || *right;
    }
    return left;
  }

  Evaluated<Value> value() {
    const Level level(depth_);
    if (depth_ > most_levels) return too_deep();
    if (has_choice()) {
      const auto chosen = condition();
      if (!chosen) return tl::unexpected(chosen.error());
      if (!accept("?")) return wrong("want ? and two values after a condition");
      auto yes = value();
      if (!yes) return yes;
      if (!accept(":")) return wrong("want : and the value for the other case");
      auto no = value();
      if (!no) return no;
      return *chosen ? yes : no;
    }
    const Token token = take();
    if (token.kind == Token::Kind::quoted) return Value{token.text, {}};
    if (token.kind != Token::Kind::word) return wrong("want a name or quoted text", token);
    const Value* known = scope_.find(token.text);
    if (known != nullptr) return *known;
    if (as_number(token.text) || parse_duration(token.text)) return Value{token.text, {}};
    return unknown_name(token, "; quote it if it is meant as text");
  }

  Evaluated<void> end() {
    if (current().kind != Token::Kind::end) {
      return tl::unexpected(
          ExpressionError{current().offset, "unexpected \"" + current().text + "\""});
    }
    return {};
  }

 private:
  static constexpr int most_levels = 100;

  // One call of a method that calls itself.
  class Level {
   public:
    explicit Level(int& depth) : depth_(depth) { ++depth_; }
    ~Level() { --depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    int& depth_;
  };

  Evaluated<bool> conjunction() {
    auto left = negation();
    while (left && accept("&&")) {
      auto right = negation();
      if (!right) return right;
      *left = *left && *right;
    }
    return left;
  }

  Evaluated<bool> negation() {
    bool negated = false;
    while (accept("!")) negated = !negated;
    auto positive = affirmation();
    if (positive && negated) *positive = !*positive;
    return positive;
  }

  Evaluated<bool> affirmation() {
    if (accept("(")) {
      auto inner = condition();
      if (inner && !accept(")")) return wrong("want )");
      return inner;
    }
    return comparison();
  }

  Evaluated<bool> comparison() {
    const Token name = take();
    if (name.kind != Token::Kind::word) return wrong("want a name", name);
    const Value* left = scope_.find(name.text);
    if (left == nullptr) return unknown_name(name, "");
    if (!left->is_text()) {
      return tl::unexpected(
          ExpressionError{name.offset, "\"" + name.text + "\" is a list or a mapping, not text"});
    }
    if (current().is_word("in")) {
      take();
      return membership(left->text);
    }
    for (const char* symbol : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (current().is(symbol)) {
        take();
        return compare(left->text, symbol);
      }
    }
    if (left->text == "true") return true;
    if (left->text == "false") return false;
    return tl::unexpected(
        ExpressionError{name.offset, "\"" + name.text + "\" is \"" + left->text +
                                         "\", not true or false; compare it: == != < <= > >= in"});
  }

  Evaluated<bool> membership(const std::string& left) {
    if (!accept("[")) return wrong("want a list after in: [a, b]");
    bool found = false;
    do {
      const Token item = take();
      if (item.kind != Token::Kind::word && item.kind != Token::Kind::quoted)
        return wrong("want text", item);
      found = found || equal(left, item.text);
    } while (accept(","));
    if (!accept("]")) return wrong("want ]");
    return found;
  }

  Evaluated<bool> compare(const std::string& left, std::string_view symbol) {
    const Token right = take();
    if (right.kind != Token::Kind::word && right.kind != Token::Kind::quoted)
      return wrong("want text", right);
    if (symbol == "==") return equal(left, right.text);
    if (symbol == "!=") return !equal(left, right.text);
    const auto order = compare_values(left, right.text);
    if (!order) {
      return tl::unexpected(ExpressionError{
          right.offset, "\"" + left + "\" and \"" + right.text +
                            "\" cannot be ordered; want versions, durations or numbers"});
    }
    return symbol == "<"    ? *order < 0
           : symbol == "<=" ? *order <= 0
           : symbol == ">"  ? *order > 0
                            : *order >= 0;
  }

  static bool equal(const std::string& a, const std::string& b) {
    if (a == b) return true;
    const auto order = compare_values(a, b);
    return order && *order == 0;
  }

  // Whether a ? belongs to the value that begins here.
  bool has_choice() const {
    int depth = 0;
    for (size_t i = at_; i < tokens_.size(); ++i) {
      if (tokens_[i].is("(") || tokens_[i].is("[")) ++depth;
      if (tokens_[i].is(")") || tokens_[i].is("]")) --depth;
      if (depth == 0 && tokens_[i].is("?")) return true;
      if (depth < 0 || (depth == 0 && tokens_[i].is(":"))) return false;
    }
    return false;
  }

  const Token& current() const { return tokens_[at_]; }
  Token take() {
    Token token = tokens_[at_];
    if (token.kind != Token::Kind::end) ++at_;
    return token;
  }
  bool accept(std::string_view symbol) {
    if (!current().is(symbol)) return false;
    ++at_;
    return true;
  }
  tl::unexpected<ExpressionError> too_deep() const {
    return tl::unexpected(ExpressionError{
        current().offset, "parentheses and choices stand more than 100 deep in one another"});
  }
  tl::unexpected<ExpressionError> wrong(const std::string& want) const {
    return wrong(want, current());
  }
  static tl::unexpected<ExpressionError> wrong(const std::string& want, const Token& got) {
    return tl::unexpected(ExpressionError{
        got.offset,
        want + ", got " + (got.kind == Token::Kind::end ? "the end" : "\"" + got.text + "\"")});
  }
  tl::unexpected<ExpressionError> unknown_name(const Token& token, const std::string& hint) const {
    const std::vector<std::string> names = scope_.names();
    const std::string near = suggestion(token.text, names);
    std::string message = "unknown name \"" + token.text + "\"";
    if (!near.empty()) {
      message += near;
    } else if (names.empty()) {
      message += "; there is no matrix: and no vars:";
    } else {
      message += hint + "; known here: " + comma_list(names);
    }
    return tl::unexpected(ExpressionError{token.offset, message});
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  const Scope& scope_;
};

template <class T, class Parse>
Evaluated<T> parse_all(std::string_view text, const Scope& scope, Parse parse) {
  auto tokens = tokenize(text);
  if (!tokens) return tl::unexpected(tokens.error());
  Parser parser(std::move(*tokens), scope);
  Evaluated<T> result = parse(parser);
  if (!result) return result;
  if (auto end = parser.end(); !end) return tl::unexpected(end.error());
  return result;
}

}  // namespace

void Scope::set(std::string name, Value value) {
  values_.insert_or_assign(std::move(name), std::move(value));
}

const Value* Scope::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

std::vector<std::string> Scope::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : values_) names.push_back(name);
  return names;
}

Evaluated<bool> evaluate_condition(std::string_view text, const Scope& scope) {
  return parse_all<bool>(text, scope, [](Parser& parser) { return parser.condition(); });
}

Evaluated<Value> evaluate_value(std::string_view text, const Scope& scope) {
  return parse_all<Value>(text, scope, [](Parser& parser) { return parser.value(); });
}

}  // namespace mread::scenarios
