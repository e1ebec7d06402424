#pragma once

#include <string>

#include "base/yaml.h"

namespace mread::scenarios {

/// What a number must be: `8`, `'>= 8'`, `'!= 0'`, `'1..3'` (both included). A plain number means
/// "equal".
class Comparison {
 public:
  /// Throws yaml::ConfigError.
  static Comparison parse(const yaml::Node& node);

  bool holds(double value) const;
  const std::string& text() const { return text_; }

 private:
  enum class Kind { equal, not_equal, less, less_equal, greater, greater_equal, range };
  Kind kind_ = Kind::equal;
  double value_ = 0;
  double upper_ = 0;
  std::string text_;
};

/// Whether two values are the same for promtool: bit for bit, both NaN, or within 1e-9 of the
/// larger. Only a comparison of bits tells a staleness marker from another NaN.
bool nearly_equal(double a, double b, double relative = 1e-9);

}  // namespace mread::scenarios
