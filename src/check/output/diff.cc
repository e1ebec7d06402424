#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text_lines.h"
#include "check/output/formats.h"

namespace mread::check {

std::string to_diff(const CheckResult& result) {
  // Several findings may want the same edit.
  std::map<std::string, std::set<Edit>> by_file;
  for (const Finding& one : result.findings) {
    if (one.edit && !one.suppression) by_file[one.edit->file].insert(*one.edit);
  }
  std::string out;
  for (const auto& [file, edits] : by_file) {
    // A tab ends a name that has blanks.
    const std::string name = file.find(' ') == std::string::npos ? file : file + "\t";
    out += fmt::format("--- {}\n+++ {}\n", name, name);
    int shift = 0;  // Lines that were inserted above.
    for (auto at = edits.begin(); at != edits.end();) {
      const int line = at->line;
      // All edits of one line are one hunk; the set has the replacement first.
      std::string removed;
      std::string added;
      int count = 0;
      const bool replaces = !at->inserts;
      for (bool has_replaced = false; at != edits.end() && at->line == line; ++at) {
        // A second replacement of the line waits for the next run: it does not know the first.
        if (!at->inserts && std::exchange(has_replaced, true)) continue;
        added += "+" + at->text + "\n";
        ++count;
      }
      if (replaces) removed = fmt::format("-{}\n", line_at(result.documents.at(file), line));
      const int begin = line + shift + (replaces ? 0 : 1);
      out += fmt::format("@@ -{},{} +{},{} @@\n{}{}", line, replaces ? 1 : 0, begin, count, removed,
                         added);
      shift += count - (replaces ? 1 : 0);
    }
  }
  return out;
}

}  // namespace mread::check
