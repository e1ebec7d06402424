#pragma once

#include <memory>
#include <string>

#include <re2/re2.h>

namespace mread::scenarios {

/// A regular expression of a scenario with the text it was made from.
struct Pattern {
  std::string text;
  std::shared_ptr<const re2::RE2> expression;

  bool found_in(const std::string& subject) const {
    return re2::RE2::PartialMatch(subject, *expression);
  }
};

}  // namespace mread::scenarios
