#include "model/promql_outline.h"

namespace mread::model {

PromqlOutline::Parsed PromqlOutline::parse(PromqlLexer& lexer) const {
  lexer.skip_space();
  const size_t begin = lexer.offset();
  const std::string_view bare = lexer.identifier(true);
  if (!bare.empty()) {
    if (auto taken = metric(begin, std::string(bare)); !taken) return taken;
  }
  if (lexer.take("{")) {
    while (!lexer.take("}")) {
      if (auto taken = parse_item(lexer); !taken) return taken;
      if (lexer.take(",")) continue;
      if (lexer.take("}")) break;
      return lexer.fail_here("expected ',' or '}', not " + lexer.here());
    }
  } else if (bare.empty()) {
    return lexer.fail_here("expected a metric name or '{', not " + lexer.here());
  }
  lexer.skip_space();
  if (!lexer.at_end())
    return lexer.fail_here("expected the end of the " + std::string(noun) + ", not " +
                           lexer.here());
  return {};
}

PromqlOutline::Parsed PromqlOutline::parse_item(PromqlLexer& lexer) const {
  lexer.skip_space();
  const size_t offset = lexer.offset();
  if (!lexer.at_string()) {
    std::string name(lexer.identifier(false));
    if (name.empty()) return lexer.fail_here("expected a label name or '}', not " + lexer.here());
    return item(offset, std::move(name));
  }
  auto name = lexer.string();
  if (!name) return tl::unexpected(name.error());
  lexer.skip_space();
  const bool alone = lexer.peek() == ',' || lexer.peek() == '}';
  return alone ? metric(offset, std::move(*name)) : item(offset, std::move(*name));
}

tl::expected<std::string, PromqlLexer::Failure> quoted_value(PromqlLexer& lexer) {
  lexer.skip_space();
  if (!lexer.at_string()) return lexer.fail_here("expected a quoted value, not " + lexer.here());
  return lexer.string();
}

}  // namespace mread::model
