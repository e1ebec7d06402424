#pragma once

#include <string>
#include <string_view>

namespace mread {

/// A URL as people may see it: scheme, host, port and path. "<hidden>@" stands for a user and a
/// password, "?<hidden>" for a query: names without values may be secrets too. Every message, log,
/// header, page and report shows a URL this way. Takes any text, also one that is no URL: what may
/// be a password stays hidden.
std::string shown_url(std::string_view text);

/// A text of a server that was asked at `url`, as people may see it: a server may repeat the URL in
/// its error. The query, and each of its values of four bytes or more, is replaced by "<hidden>".
std::string hide_query(std::string text, std::string_view url);

/// Replaces `secret` in `text` by "<hidden>", where it is four bytes or more: less may be a part of
/// a word.
void hide(std::string& text, std::string_view secret);

}  // namespace mread
