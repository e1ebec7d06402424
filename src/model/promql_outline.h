#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "model/promql_lexer.h"

namespace mread::model {

/// The common form of a series and a selector: `metric{item, item, …}`. The metric or the braces
/// may be absent, an item begins with a name, quoted or bare, and the list may end with a comma.
struct PromqlOutline {
  using Parsed = tl::expected<void, PromqlLexer::Failure>;

  std::string_view noun;  ///< "series", for messages
  /// Called with the metric's name, which stands before the braces or alone in quotes within them,
  /// and the offset where it begins.
  std::function<Parsed(size_t offset, std::string name)> metric;
  /// Called with the name of an item. The lexer stands behind the name; the function takes the rest
  /// of the item.
  std::function<Parsed(size_t offset, std::string name)> item;

  /// Parses the whole text. Stops at the first failure, whether its own or that of a function that
  /// it calls.
  Parsed parse(PromqlLexer& lexer) const;

 private:
  Parsed parse_item(PromqlLexer& lexer) const;
};

/// Takes a quoted value, or fails.
tl::expected<std::string, PromqlLexer::Failure> quoted_value(PromqlLexer& lexer);

}  // namespace mread::model
