#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/regex_cost.h"

namespace re2 {
class RE2;
}

namespace mread::model {

class Regex;

/// What compiling may still take. Thread-safe.
struct CompileBudget {
  std::atomic<uint64_t> bytes;  ///< of programs; given back when one is freed
  std::atomic<uint64_t> steps;  ///< RegexCost::compile_steps(), of about a nanosecond each
};

/// What the regular expressions of one request, or of one file, may take together. Every expression
/// that comes from outside is made with one of these. Expressions with the same text are one, and
/// count once.
///
/// Not thread-safe; the expressions made with it are.
class RegexBudget {
 public:
  enum class Use {
    matched,    ///< values will be matched: an expression that is too large to compile is refused
    passed_on,  ///< most will only be sent on: nothing is compiled before a value is matched
  };
  explicit RegexBudget(Use use = Use::matched);
  /// Counts an expression before anything is made of it. Errors: Errc::limit, which says what is
  /// too large.
  Result<void> take(std::string_view text);

  static constexpr uint64_t expression_bytes = 256U << 10;  ///< the longest expression
  static constexpr uint64_t request_bytes = 1U << 20;       ///< all of them together
  static constexpr uint64_t expression_parse_bytes =
      32U << 20;  ///< what RE2 takes to parse one, as estimated
  static constexpr uint64_t request_parse_bytes = 64U << 20;  ///< all of them together

 private:
  friend class Regex;
  Use use_;
  uint64_t bytes_left_ = request_bytes;
  uint64_t parse_bytes_left_ = request_parse_bytes;
  std::shared_ptr<CompileBudget> compile_;
  std::map<std::string, std::shared_ptr<const Regex>, std::less<>> known_;
};

/// A regular expression of a matcher: RE2's syntax, anchored at both ends; the dot matches a
/// newline too.
///
/// Costs are bounded: the text's length and an estimate of what RE2 takes (model/regex_cost.h),
/// before RE2 sees it. A list of plain words ("a|b|c") is looked up and never compiled.
///
/// Thread-safe.
class Regex {
 public:
  /// Errors: Errc::malformed where RE2 refuses the expression: "is invalid: " and RE2's reason;
  /// Errc::limit where it is too large: what is too large, and what is allowed. The expression
  /// itself is not quoted in full.
  static Result<std::shared_ptr<const Regex>> create(std::string_view text, RegexBudget& budget);
  /// One that is known to be valid, and only to be sent on. Cost: linear in the text.
  static std::shared_ptr<const Regex> passed_on(std::string_view text);
  ~Regex();

  /// Whether the whole value matches. Empty where the expression is too large to be compiled, which
  /// happens with RegexBudget::Use::passed_on only.
  std::optional<bool> matches(std::string_view value) const;
  /// All values that it matches, sorted, where it is a list of plain words (model/regex_set.h);
  /// else null.
  const std::vector<std::string>* words() const { return is_list_ ? &words_ : nullptr; }
  /// Frees what matching took, with RegexBudget::Use::passed_on: for an expression that is kept,
  /// but will hardly be matched again.
  void release() const;
  /// Whether a compiled program is held.
  bool is_compiled() const;

 private:
  struct Program;
  Regex(std::string_view text, const RegexBudget& budget);
  std::shared_ptr<const Program> program() const;
  std::shared_ptr<const Program> compile() const;

  std::string text_;
  RegexBudget::Use use_;
  std::vector<std::string> words_;  // Sorted.
  bool is_list_ = false;            // words_ are all that it matches.
  std::vector<std::string_view> pieces_;
  std::vector<RegexCost> costs_;  // By piece.
  uint64_t program_bytes_ = 0;    // Of all pieces.
  uint64_t compile_steps_ = 0;
  std::shared_ptr<CompileBudget> budget_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Program> program_;
};

/// An expression that is looked for anywhere in a text, with RE2's own options: the same bounds, a
/// budget of its own. Errors as of Regex::create().
Result<std::shared_ptr<const re2::RE2>> compile_search(std::string_view text);

}  // namespace mread::model
