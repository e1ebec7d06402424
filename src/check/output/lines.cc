#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/markup.h"
#include "base/printable.h"
#include "base/workflow_command.h"
#include "check/output/formats.h"

namespace mread::check {

std::string to_github(const CheckResult& result) {
  std::string out;
  for (const Finding& one : result.findings) {
    if (one.suppression) continue;
    const Rule& rule = rule_of(one.rule);
    const std::string_view level =
        one.severity == Severity::info ? "notice" : to_string(one.severity);
    out +=
        fmt::format("::{} file={},line={},col={},title={}::{}\n", level,
                    workflow_command_text(one.place.file, true), one.place.line, one.place.column,
                    workflow_command_text(fmt::format("{} {}", rule.code, rule.title), true),
                    workflow_command_text(fmt::format("{}\n{}", one.message, rule.mend), false));
  }
  return out;
}

std::string to_checkstyle(const CheckResult& result) {
  std::vector<std::string> files;
  for (const Finding& one : result.findings) {
    if (std::ranges::find(files, one.place.file) == files.end()) files.push_back(one.place.file);
  }
  const auto text = [](std::string_view raw) { return xml_text(raw, XmlPlace::attribute); };
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"10.0\">\n";
  for (const std::string& file : files) {
    out += fmt::format("  <file name=\"{}\">\n", text(file));
    for (const Finding& one : result.findings) {
      if (one.suppression || one.place.file != file) continue;
      out += fmt::format(
          "    <error line=\"{}\" column=\"{}\" severity=\"{}\" message=\"{}\" "
          "source=\"mread.{}\"/>\n",
          one.place.line, one.place.column, to_string(one.severity), text(one.message),
          rule_of(one.rule).code);
    }
    out += "  </file>\n";
  }
  return out + "</checkstyle>\n";
}

namespace {

std::string_view line_of(std::string_view document, int number) {
  for (int i = 1; i < number; ++i) {
    const size_t end = document.find('\n');
    if (end == std::string_view::npos) return {};
    document.remove_prefix(end + 1);
  }
  return document.substr(0, document.find('\n'));
}

}  // namespace

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
      if (replaces) removed = fmt::format("-{}\n", line_of(result.documents.at(file), line));
      const int begin = line + shift + (replaces ? 0 : 1);
      out += fmt::format("@@ -{},{} +{},{} @@\n{}{}", line, replaces ? 1 : 0, begin, count, removed,
                         added);
      shift += count - (replaces ? 1 : 0);
    }
  }
  return out;
}

}  // namespace mread::check
