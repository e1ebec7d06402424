#include "base/workflow_command.h"

#include "base/printable.h"

namespace mread {

std::string workflow_command_text(std::string_view text, bool is_property) {
  std::string out;
  for (const char c : printable_lines(text)) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\n') {
      out += "%0A";
    } else if (is_property && c == ':') {
      out += "%3A";
    } else if (is_property && c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace mread
