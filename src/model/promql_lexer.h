#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread::model {

/// The tokens of PromQL that a selector or a series is made of.
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
  /// Takes `token` if it stands here (after white space).
  bool take(std::string_view token);
  bool at_string() const;

  /// [a-zA-Z_][a-zA-Z0-9_]*, with colons if `colons`; empty where none stands here.
  std::string_view identifier(bool colons);
  /// A quoted string: "…" and '…' with Go's escapes, `…` without any.
  tl::expected<std::string, Failure> string();
  /// What stands here, for messages: a few characters in quotes, or "the end".
  std::string here() const;

  tl::unexpected<Failure> fail_here(std::string message) const {
    return tl::unexpected<Failure>(Failure{pos_, std::move(message)});
  }
  static tl::unexpected<Failure> fail_at(size_t offset, std::string message) {
    return tl::unexpected<Failure>(Failure{offset, std::move(message)});
  }
  /// The failure as the project's error, with the offset in `error_offset` or, where that is null,
  /// in the context.
  static tl::unexpected<Error> error(const Failure& failure, size_t* error_offset);

 private:
  tl::expected<void, Failure> escape(char quote, std::string& out);

  std::string_view text_;
  size_t pos_ = 0;
};

}  // namespace mread::model
