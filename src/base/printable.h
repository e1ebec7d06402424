#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// Text that others wrote (labels, files, servers, scenarios), shown to people. What could steer a
/// terminal, turn a line around, hide in it or begin another one is *unprintable*: control
/// characters (C0, DEL, C1), bidirectional marks and overrides, line and paragraph separators,
/// invisible format characters, code points that are no characters, and bytes that are no UTF-8.
/// Everything else stays as it is; the zero-width joiners of scripts and emoji do too.
namespace mread {

/// The length of the UTF-8 sequence that `text` begins with; 0 where it begins with none, or is
/// empty.
size_t utf8_length(std::string_view text);

/// `text` on one line, for a terminal, a log or a page: each unprintable character is written as in
/// a string of Go (\n, \x1b, \u202e, \U000e0041; \xff for a byte that is no UTF-8). A backslash
/// stays one, so a second call changes nothing.
std::string printable(std::string_view text);

/// The same for text of several lines: line feeds stay.
std::string printable_lines(std::string_view text);

/// printable(), at most `most_bytes` long. What is cut is counted: "abc… (997 bytes cut)"; this
/// marker comes on top.
std::string printable(std::string_view text, size_t most_bytes);

/// `"text"` with Go's escapes, which PromQL, the exposition formats and YAML read back; unprintable
/// characters too.
std::string quote(std::string_view text);

/// `text` as valid UTF-8: U+FFFD in place of each byte that is none.
std::string valid_utf8(std::string_view text);

/// A JSON text as valid JSON in printable characters, which says the same: unprintable characters
/// of its strings become \u escapes, bytes that are no UTF-8 become U+FFFD. `json` has C0 controls
/// escaped already, as every writer does.
std::string printable_json(std::string_view json);

/// What the functions above are made of, for other notations: `text` with every unprintable code
/// point, and every byte that is no UTF-8, written by the function for it.
std::string rewrite_unprintable(
    std::string_view text,
    const std::function<void(std::string& out, uint32_t code_point)>& on_code_point,
    const std::function<void(std::string& out, char byte)>& on_byte);

/// For consoles that may be a CI's: no line of `text` begins with "::", and nowhere stands "##[",
/// which GitHub's runner takes for commands in whatever a step prints.
std::string without_commands(std::string_view text);

}  // namespace mread
