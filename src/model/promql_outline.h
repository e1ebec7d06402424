#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "model/promql_lexer.h"

namespace mread::model {

/// What a series and a selector have in common: `metric{item, item, …}`, where the metric or the
/// braces may be missing, an item begins with a name, in quotes or bare, and the list may end with
/// a comma.
struct PromqlOutline {
  using Parsed = tl::expected<void, PromqlLexer::Failure>;

  std::string_view noun;  ///< "series", for messages
  /// A metric's name: before the braces, or alone in quotes within them. The offset is where it
  /// begins.
  std::function<Parsed(size_t offset, std::string name)> metric;
  /// The name of an item, behind which the lexer stands; takes the rest of the item.
  std::function<Parsed(size_t offset, std::string name)> item;

  /// Takes the whole text. Stops at the first failure, its own or that of what it calls.
  Parsed parse(PromqlLexer& lexer) const;

 private:
  Parsed parse_item(PromqlLexer& lexer) const;
};

/// The quoted value that has to stand here.
tl::expected<std::string, PromqlLexer::Failure> quoted_value(PromqlLexer& lexer);

}  // namespace mread::model
