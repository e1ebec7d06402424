#include <algorithm>

#include <fmt/format.h>

#include "base/markup.h"
#include "check/output/formats.h"

namespace mread::check {

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

}  // namespace mread::check
