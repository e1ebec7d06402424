#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"

namespace mread::scenarios {

/// The value of a name: text (a matrix axis, a scalar of `vars:`) or structure (a list or a mapping
/// of `vars:`).
struct Value {
  std::string text;
  std::optional<yaml::Node> structure;

  bool is_text() const { return !structure; }
};

/// The names that `when:` and `${…}` may use, with their values in one case of the matrix.
class Scope {
 public:
  void set(std::string name, Value value);
  const Value* find(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Value> values_;
};

/// Where an expression is wrong, as an offset into its text.
struct ExpressionError {
  size_t offset = 0;
  std::string message;
};

template <class T>
using Evaluated = tl::expected<T, ExpressionError>;

/// A condition, as in `when:`:
///
///   query_path == direct    prometheus >= 3.0    region in [us, eu]    !(a == b) && c != 'd e' ||
///   mirrored
///
/// The left side of an operator is a name of the scope, the right side text, quoted unless it is a
/// plain word. == and != compare text, but where both sides are versions (v3.5, 2.42.0) or
/// durations (8s) their meaning: v3.5 equals 3.5, which a longer version 3.5.3 equals too. <, <=,
/// >, >= compare versions, durations or numbers; other text is an error. A name alone must be true
/// or false. At most 10000 bytes, and 100 levels of parentheses and choices.
Evaluated<bool> evaluate_condition(std::string_view text, const Scope& scope);

/// The inside of `${…}`: `name`, or `condition ? value : value` where a value is a name, a number
/// or duration, quoted text, or another such choice.
Evaluated<Value> evaluate_value(std::string_view text, const Scope& scope);

}  // namespace mread::scenarios
