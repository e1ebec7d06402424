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

/// What remains of a budget. Thread-safe.
struct CompileBudget {
  std::atomic<uint64_t> bytes;  ///< of programs; given back when one is freed
  std::atomic<uint64_t> steps;  ///< RegexCost::compile_steps(), of about a nanosecond each
};

/// Limits what the regular expressions of one request, or of one file, take together. Every
/// expression from outside is created with a budget. Expressions with the same text share one Regex
/// and count once.
///
/// Not thread-safe; the expressions are.
class RegexBudget {
 public:
  enum class Use {
    matched,    ///< values will be matched: an expression that is too large to compile is refused
    passed_on,  ///< most will only be sent on: nothing is compiled before a value is matched
  };
  explicit RegexBudget(Use use = Use::matched);
  /// Counts an expression before it is parsed. Errors: Errc::limit, which says what is too large.
  Result<void> take(std::string_view text);

  static constexpr uint64_t expression_bytes = 256U << 10;  ///< the longest expression
  static constexpr uint64_t request_bytes = 1U << 20;       ///< all of them together
  /// What RE2 takes to parse one, as estimated.
  static constexpr uint64_t expression_parse_bytes = 32U << 20;
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
/// The cost is bounded before RE2 sees the text, by its length and by an estimate of what RE2 takes
/// (model/regex_cost.h). A list of plain words ("a|b|c") is looked up and never compiled.
///
/// Thread-safe.
class Regex {
 public:
  /// Errors: Errc::malformed if RE2 refuses the expression ("is invalid: " and RE2's reason);
  /// Errc::limit if it is too large (the context names the figure and the limit). The context never
  /// quotes the whole expression.
  static Result<std::shared_ptr<const Regex>> create(std::string_view text, RegexBudget& budget);
  /// Creates an expression that is only sent on; the caller knows that it is valid. Cost: linear in
  /// the text.
  static std::shared_ptr<const Regex> passed_on(std::string_view text);
  ~Regex();

  /// Whether the whole value matches. Nothing if the expression is too large to compile, which
  /// happens only with RegexBudget::Use::passed_on.
  std::optional<bool> matches(std::string_view value) const;
  /// All values that match, sorted, if the expression is a list of plain words (model/regex_set.h);
  /// else null.
  const std::vector<std::string>* words() const { return is_list_ ? &words_ : nullptr; }
  /// With RegexBudget::Use::passed_on, frees the memory that matching took. For an expression that
  /// is kept but hardly ever matched again.
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

/// An expression that is searched for anywhere in a text, with RE2's own options. Same limits as
/// Regex, with a budget of its own. Errors: as Regex::create().
Result<std::shared_ptr<const re2::RE2>> compile_search(std::string_view text);

}  // namespace mread::model
