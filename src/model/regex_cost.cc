#include "model/regex_cost.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

namespace mread::model {
namespace {

// Measured with RE2 2022-06-01, rounded up. \pL, the largest Unicode class, takes 32 kB, 0.1 ms and
// 1194 instructions.
constexpr uint64_t unicode_class_bytes = 33'000;
constexpr uint64_t unicode_class_instructions = 1'400;
// \W under (?i), the largest of the small ones.
constexpr uint64_t small_class_instructions = 24;
constexpr uint64_t dot_instructions = 10;
// One range outside ASCII, in UTF-8.
constexpr uint64_t range_instructions = 24;
constexpr uint64_t steps_per_instruction = 250;
constexpr uint64_t most = uint64_t{1} << 40;  // Where figures saturate.

uint64_t times(uint64_t a, uint64_t b) {
  return a != 0 && b > most / a ? most : std::min(a * b, most);
}
uint64_t plus(uint64_t a, uint64_t b) { return std::min(a + b, most); }

struct Repeat {
  uint64_t least;
  std::optional<uint64_t> greatest;
};

// The content of one pair of parentheses, as far as it was read.
struct Level {
  uint64_t instructions = 0;
  uint64_t skips = 0;
  bool branch_is_empty = true;
};

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  RegexCost scan() {
    while (at_ < text_.size()) item();
    while (open_.size() > 1) close();  // Only in what RE2 refuses.
    end_branch();
    return {parse_bytes_, plus(open_.back().instructions, 8), open_.back().skips};
  }

 private:
  bool starts_with(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void item() {
    const char c = text_[at_];
    if (c == '(') {
      open_group();
      return;
    }
    if (c == '|') {
      ++at_;
      end_branch();
      return;
    }
    if (c == ')') {
      ++at_;
      close();
      return;
    }
    if (starts_with("\\Q")) {
      quoted_text();
      return;
    }
    open_.back().branch_is_empty = false;
    if (c == '[') {
      bracket_class();
    } else if (c == '\\') {
      escape(false);
    } else if (c == '.') {
      ++at_;
      atom(100, dot_instructions);
    } else {
      ++at_;
      literal(c);
    }
    repeats();
  }

  void literal(char c) {
    const bool outside_ascii = (static_cast<unsigned char>(c) & 0x80) != 0;
    atom(20, folds_ ? outside_ascii ? range_instructions : 8 : 1);
  }

  void atom(uint64_t parse_bytes, uint64_t instructions) {
    parse_bytes_ = plus(parse_bytes_, parse_bytes);
    last_ = {instructions, 0, false};
    add_last();
  }

  void add_last() {
    open_.back().instructions = plus(open_.back().instructions, last_.instructions);
    open_.back().skips = plus(open_.back().skips, last_.skips);
  }

  // Everything up to \E, which may be missing.
  void quoted_text() {
    at_ += 2;
    open_.back().branch_is_empty = false;
    for (; at_ < text_.size() && !starts_with("\\E"); ++at_) literal(text_[at_]);
    if (at_ < text_.size()) at_ += 2;
    repeats();
  }

  void open_group() {
    ++at_;
    if (at_ < text_.size() && text_[at_] == '?') {
      // Flags, a name, or flags for the rest of the group.
      for (++at_; at_ < text_.size() && text_[at_] != ':' && text_[at_] != ')' && text_[at_] != '>';
           ++at_) {
        if (text_[at_] == 'i') folds_ = true;
      }
      if (at_ < text_.size() && text_[at_] == ')') {
        ++at_;
        return;
      }
      ++at_;
    }
    parse_bytes_ = plus(parse_bytes_, 200);
    open_.back().branch_is_empty = false;
    open_.push_back({2, 0, true});
  }

  void end_branch() {
    Level& level = open_.back();
    parse_bytes_ = plus(parse_bytes_, 100);
    level.instructions = plus(level.instructions, 3);
    if (level.branch_is_empty) level.skips = plus(level.skips, 1);
    level.branch_is_empty = true;
  }

  void close() {
    end_branch();
    if (open_.size() == 1) return;
    last_ = open_.back();
    open_.pop_back();
    add_last();
    repeats();
  }

  // Reads a repetition after an atom or a group. The cost of one copy is taken back and then
  // counted once for each copy that RE2 unfolds.
  void repeats() {
    while (at_ < text_.size()) {
      Repeat repeat{};
      const char c = text_[at_];
      if (c == '*' || c == '?') {
        repeat = {0, c == '*' ? std::nullopt : std::optional<uint64_t>(1)};
        ++at_;
      } else if (c == '+') {
        repeat = {1, std::nullopt};
        ++at_;
      } else if (const auto counted = counted_repeat()) {
        repeat = *counted;
      } else {
        return;
      }
      if (at_ < text_.size() && text_[at_] == '?') ++at_;
      apply(repeat);
    }
  }

  void apply(const Repeat& repeat) {
    // RE2 takes no more than 1000.
    const uint64_t least = std::min<uint64_t>(repeat.least, 1'000);
    const uint64_t greatest = std::min<uint64_t>(repeat.greatest.value_or(least + 1), 1'000);
    const uint64_t copies = std::max<uint64_t>({least, greatest, 1});
    const uint64_t optional = copies > least ? copies - least : 0;
    Level& level = open_.back();
    level.instructions -= std::min(level.instructions, last_.instructions);
    level.skips -= std::min(level.skips, last_.skips);
    last_.instructions = plus(times(plus(last_.instructions, 3), copies), 3);
    last_.skips = plus(times(last_.skips, copies), optional);
    parse_bytes_ = plus(parse_bytes_, 100 + optional * 140 + least * 8);
    add_last();
  }

  std::optional<uint64_t> number(size_t& at) const {
    const size_t from = at;
    uint64_t value = 0;
    for (; at < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at])) != 0; ++at) {
      value = std::min<uint64_t>(value * 10 + static_cast<uint64_t>(text_[at] - '0'), 1'000'000);
    }
    return at == from ? std::nullopt : std::optional(value);
  }

  // {2}, {2,} or {2,5}; anything else in braces is text.
  std::optional<Repeat> counted_repeat() {
    if (text_[at_] != '{') return std::nullopt;
    size_t at = at_ + 1;
    const auto least = number(at);
    if (!least) return std::nullopt;
    Repeat repeat{*least, least};
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      repeat.greatest = number(at);
    }
    if (at == text_.size() || text_[at] != '}') return std::nullopt;
    at_ = at + 1;
    return repeat;
  }

  // Reads the character after a backslash. In brackets it only moves on.
  char escape(bool in_brackets) {
    ++at_;
    if (at_ == text_.size()) return '\0';
    const char c = text_[at_++];
    const bool is_unicode = c == 'p' || c == 'P';
    if (is_unicode && at_ < text_.size() && text_[at_] != '{') {
      ++at_;
    } else if ((is_unicode || c == 'x') && at_ < text_.size() && text_[at_] == '{') {
      at_ = std::min(text_.find('}', at_), text_.size() - 1) + 1;
    }
    if (in_brackets) return c;
    if (is_unicode) {
      atom(unicode_class_bytes, unicode_class_instructions);
    } else {
      atom(200, small_class_instructions);
    }
    return c;
  }

  // One character, class or end of a range in brackets: memory and instructions.
  std::pair<uint64_t, uint64_t> class_item(bool negated) {
    const char c = text_[at_];
    const size_t end = starts_with("[:") ? text_.find(":]", at_ + 2) : std::string_view::npos;
    if (end != std::string_view::npos) {
      at_ = end + 2;
      return {300, range_instructions};
    }
    bool outside_ascii = static_cast<unsigned char>(c) >= 0xc0;
    bool is_plain = (static_cast<unsigned char>(c) & 0x80) == 0;
    if (c == '\\') {
      const char escaped = escape(true);
      if (escaped == 'p' || escaped == 'P')
        return {unicode_class_bytes, unicode_class_instructions};
      outside_ascii = escaped == 'x' || std::isdigit(static_cast<unsigned char>(escaped)) != 0;
      is_plain = false;
    } else {
      ++at_;
    }
    // Folding a range outside ASCII takes as long as a Unicode class.
    const uint64_t bytes = folds_ && outside_ascii ? unicode_class_bytes : 100;
    return {bytes, is_plain && !folds_ && !negated ? 2 : range_instructions};
  }

  void bracket_class() {
    ++at_;
    const bool negated = at_ < text_.size() && text_[at_] == '^';
    if (negated) ++at_;
    uint64_t parse_bytes = 200;
    uint64_t instructions = negated ? small_class_instructions : 1;
    // A "]" that stands first is text.
    for (bool first = true; at_ < text_.size() && (first || text_[at_] != ']'); first = false) {
      const auto [bytes, item] = class_item(negated);
      parse_bytes = plus(parse_bytes, bytes);
      instructions = plus(instructions, item);
    }
    if (at_ < text_.size()) ++at_;
    atom(parse_bytes, instructions);
  }

  std::string_view text_;
  size_t at_ = 0;
  uint64_t parse_bytes_ = 1'000;
  bool folds_ = false;  // Once (?i) was seen anywhere.
  Level last_;          // The last atom or group, which a repetition is about.
  std::vector<Level> open_{Level{}};
};

// Calls `visit(offset, depth, c)` for each character that is not escaped, not quoted and not in
// brackets. The depth of a parenthesis is the depth outside it.
template <typename Visit>
void for_each_plain(std::string_view text, const Visit& visit) {
  size_t depth = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && text.substr(at).starts_with("\\Q")) {
      at = std::min(text.find("\\E", at), text.size());
      if (at < text.size()) ++at;
    } else if (c == '\\') {
      ++at;
    } else if (c == '[') {
      ++at;
      if (at < text.size() && text[at] == '^') ++at;
      for (bool first = true; at < text.size() && (first || text[at] != ']'); ++at, first = false) {
        const size_t end =
            text.substr(at).starts_with("[:") ? text.find(":]", at) : std::string_view::npos;
        if (end != std::string_view::npos) {
          at = end + 1;
        } else if (text[at] == '\\') {
          ++at;
        }
      }
    } else {
      if (c == ')' && depth > 0) --depth;
      visit(at, depth, c);
      if (c == '(') ++depth;
    }
  }
}

// Removes a group around the whole expression, unless it is repeated.
std::string_view without_group(std::string_view text) {
  if (!text.starts_with('(') || !text.ends_with(')')) return text;
  const bool named = text.starts_with("(?");
  if (named && !text.starts_with("(?:")) return text;
  size_t closed_at = text.size();
  for_each_plain(text, [&](size_t at, size_t depth, char c) {
    if (c == ')' && depth == 0) closed_at = std::min(closed_at, at);
  });
  if (closed_at + 1 != text.size()) return text;
  return text.substr(named ? 3 : 1, text.size() - (named ? 4 : 2));
}

}  // namespace

uint64_t RegexCost::skip_steps() const { return times(skips, instructions); }
uint64_t RegexCost::compile_steps() const {
  return plus(skip_steps(), times(instructions, steps_per_instruction));
}

RegexCost estimate_regex_cost(std::string_view expression) { return Scanner(expression).scan(); }

std::vector<std::string_view> split_alternatives(std::string_view expression) {
  const std::string_view inside = without_group(expression);
  std::vector<std::string_view> branches;
  size_t from = 0;
  bool has_flags = false;
  for_each_plain(inside, [&](size_t at, size_t depth, char c) {
    if (c == '(' && inside.substr(at).starts_with("(?") && !inside.substr(at).starts_with("(?:"))
      has_flags = true;
    if (c != '|' || depth != 0) return;
    branches.push_back(inside.substr(from, at - from));
    from = at + 1;
  });
  branches.push_back(inside.substr(from));
  if (has_flags || branches.size() == 1) return {expression};
  return branches;
}

}  // namespace mread::model
