#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread::model {

/// Reads the tokens of PromQL that selectors and series consist of.
class PromqlLexer {
 public:
  explicit PromqlLexer(std::string_view text) : text_(text) {}

  struct Failure {
    size_t offset;
    std::string message;
  };

  void skip_space();
  bool at_end() const { return pos_ == text_.size(); }
  size_t offset() const { return pos_; }
  char peek() const { return at_end() ? '\0' : text_[pos_]; }
  /// Skips white space, then takes `token` if the text continues with it. Returns whether it did.
  bool take(std::string_view token);
  bool at_string() const;

  /// Takes an identifier: [a-zA-Z_][a-zA-Z0-9_]*, with colons if `colons`. Returns "" if there is
  /// none.
  std::string_view identifier(bool colons);
  /// Takes a quoted string: "…" and '…' with Go's escapes, `…` without escapes. The text must
  /// continue with a quote (at_string()).
  tl::expected<std::string, Failure> string();
  /// The next few characters in quotes, or "the end". For messages.
  std::string here() const;

  tl::unexpected<Failure> fail_here(std::string message) const {
    return tl::unexpected<Failure>(Failure{pos_, std::move(message)});
  }
  static tl::unexpected<Failure> fail_at(size_t offset, std::string message) {
    return tl::unexpected<Failure>(Failure{offset, std::move(message)});
  }
  /// Converts a failure to an Error. The offset goes into `error_offset`, or into the context if
  /// that is null.
  static tl::unexpected<Error> error(const Failure& failure, size_t* error_offset);

 private:
  tl::expected<void, Failure> escape(char quote, std::string& out);

  std::string_view text_;
  size_t pos_ = 0;
};

}  // namespace mread::model
