#include <algorithm>
#include <map>

#include <boost/algorithm/string/join.hpp>
#include <fmt/format.h>

#include "base/printable.h"
#include "base/quantity.h"
#include "check/output/formats.h"

namespace mread::check {
namespace {

constexpr size_t width = 100;

std::string wrapped(const std::string& text, const std::string& head) {
  std::string out = head;
  const std::string indent(head.size(), ' ');
  size_t column = head.size();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const size_t length = end - begin;
    const bool is_first = column == head.size();
    if (!is_first && column + 1 + length > width) {
      out += "\n" + indent;
      column = indent.size();
    } else if (!is_first) {
      out += ' ';
      ++column;
    }
    out += text.substr(begin, length);
    column += length;
    begin = end + 1;
  }
  return out + "\n";
}

std::string colored(Severity severity, const std::string& text, bool has_color) {
  if (!has_color) return text;
  const char* code = severity == Severity::error     ? "\x1b[1;31m"
                     : severity == Severity::warning ? "\x1b[1;33m"
                                                     : "\x1b[1;36m";
  return code + text + "\x1b[0m";
}

class Text {
 public:
  Text(const CheckResult& result, const TextOptions& options)
      : result_(result), options_(options) {}

  std::string run() {
    for (const Finding& one : result_.findings) {
      if (!one.suppression) add(one);
    }
    for (const Finding& one : result_.findings) {
      if (one.suppression) add_suppressed(one);
    }
    add_not_judged();
    for (const std::string& note : result_.notes) out_ += wrapped(printable(note), "note: ");
    out_ += totals();
    return std::move(out_);
  }

 private:
  void add(const Finding& one) {
    const Rule& rule = rule_of(one.rule);
    const std::string head = fmt::format("{} {}", to_string(one.severity), rule.code);
    out_ += fmt::format("{}:{}:{}: {} {}\n", printable(one.place.file), one.place.line,
                        one.place.column, colored(one.severity, head, options_.has_color),
                        printable(one.message));
    if (!one.place.excerpt.empty()) out_ += printable_lines(one.place.excerpt) + "\n";
    for (const Related& related : one.related) {
      out_ += fmt::format("  {}:{}: {}\n", printable(related.place.file), related.place.line,
                          printable(related.text));
    }
    // A rule's text comes once; further findings of it say only what is theirs.
    if (!std::exchange(told_[one.rule], true)) {
      out_ += wrapped(std::string(rule.effect), "  effect: ");
      out_ += wrapped(std::string(rule.mend), "  mend:   ");
      out_ += "  more:   " + page_of(rule) + "\n";
    }
    if (!one.note.empty()) out_ += "  note:   " + one.note + "\n";
    out_ += "\n";
  }

  void add_suppressed(const Finding& one) {
    const Suppression& why = *one.suppression;
    out_ += fmt::format("{}:{}: {} is suppressed{}: {}\n", printable(one.place.file),
                        one.place.line, rule_of(one.rule).code,
                        why.until.empty() ? "" : " until " + why.until, printable(why.reason));
  }

  void add_not_judged() {
    std::map<std::string, std::vector<std::string>> by_need;
    for (const NotJudged& one : result_.not_judged)
      by_need[one.needs].emplace_back(rule_of(one.rule).code);
    if (by_need.empty()) return;
    out_ += "Not judged, for want of:\n";
    for (const auto& [needs, codes] : by_need)
      out_ += wrapped(printable(needs) + " (" + boost::algorithm::join(codes, ", ") + ")", "  ");
  }

  std::string totals() const {
    std::vector<std::string> counts;
    for (const Severity one : {Severity::error, Severity::warning}) {
      if (const size_t count = result_.count(one); count > 0)
        counts.push_back(counted(count, to_string(one)));
    }
    if (const size_t count = result_.count(Severity::info); count > 0)
      counts.push_back(fmt::format("{} for information", count));
    if (counts.empty()) counts.emplace_back("nothing found");
    if (const size_t count = result_.suppressed(); count > 0)
      counts.push_back(fmt::format("{} suppressed", count));
    return fmt::format("{}: {}; {} passed, {} looked at\n", printable(result_.file),
                       boost::algorithm::join(counts, ", "), counted(result_.passed.size(), "rule"),
                       counted(result_.expressions, "expression"));
  }

  const CheckResult& result_;
  const TextOptions& options_;
  std::map<RuleId, bool> told_;
  std::string out_;
};

}  // namespace

std::string to_text(const CheckResult& result, const TextOptions& options) {
  return Text(result, options).run();
}

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names{"text",   "json",   "checkstyle",
                                              "github", "gitlab", "sarif"};
  return names;
}

}  // namespace mread::check
