#include "scenarios/report/console.h"

#include <algorithm>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/printable.h"
#include "base/workflow_command.h"
#include "scenarios/report/folded.h"

namespace mread::scenarios {
namespace {

std::string seconds(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1fs", value);
  return buffer;
}

// "    want   a", with the lines after the first below it.
std::string block(const std::string& label, const std::string& text) {
  std::string out;
  size_t at = 0;
  while (at <= text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string head = at == 0 ? label : "";
    out += "      " + head + std::string(6 - head.size(), ' ') + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

// Indents `text` so that none of its lines looks like a line of the console itself.
std::string indented(const std::string& text) {
  std::string out = "    ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out + "\n";
}

std::string verdict_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "PASS ";
    case Verdict::fail:
      return "FAIL ";
    case Verdict::known_issue:
      return "KNOWN";
    case Verdict::inconclusive:
      return "NOISE";
    case Verdict::skipped:
      return "SKIP ";
  }
  return "FAIL ";
}

// The text cannot steer a terminal, and holds no command for a CI that reads the output.
std::string shown(const std::string& text) { return without_commands(printable_lines(text)); }

std::string times_line(const std::string& label, const LoadTimes& times) {
  char buffer[200];
  std::snprintf(buffer, sizeof buffer, "%zu request%s, %zu failed", times.requests,
                times.requests == 1 ? "" : "s", times.failed);
  std::string line = "    " + label + buffer;
  if (times.requests == 0) return line + "\n";
  // A percentile of few requests is the largest of them: the reader is told how many stand behind
  // it.
  std::snprintf(
      buffer, sizeof buffer,
      "; p50 %.1f ms, p90 %.1f ms, p95 %.1f ms, p99 %.1f ms (%zu at or above), max %.1f ms",
      times.p50_ms, times.p90_ms, times.p95_ms, times.p99_ms,
      requests_from_percentile(times.requests, 0.99), times.max_ms);
  return line + buffer + "\n";
}

std::string load_lines(const LoadResult& load) {
  std::string out = times_line("load: ", load.all);
  if (load.fault) out += times_line("  during faults: ", *load.fault);
  if (load.baseline) out += times_line("  baseline: ", *load.baseline);
  if (load.late > 0)
    out += "    load: " + std::to_string(load.late) + " requests left more than 50 ms late\n";
  if (!load.is_judged) out += "    load: it judges nothing, since there are no thresholds:\n";
  return out;
}

std::string details(const TestResult& result) {
  std::string out;
  if (result.load) out += load_lines(*result.load);
  if (result.verdict != Verdict::pass && !result.reason.empty()) {
    const bool shown_below =
        result.verdict == Verdict::fail && !result.checks.empty() &&
        std::any_of(result.checks.begin(), result.checks.end(),
                    [](const CheckResult& check) { return check.verdict == Verdict::fail; });
    if (!shown_below || !result.incident.empty()) out += indented(result.reason);
  }
  if (!result.note.empty()) out += indented("note: " + result.note);
  if (result.verdict != Verdict::fail) return out;
  for (const CheckResult& check : folded(result, Verdict::fail)) {
    std::string head =
        check.name + "  (" + check.phase + (check.node.empty() ? "" : ", on " + check.node);
    if (check.line > 0) head += ", " + result.file + ":" + std::to_string(check.line);
    out += indented(head + ")") + block("want", check.want) + block("got", check.got);
    if (!check.detail.empty()) out += block("", check.detail);
    for (const std::string& warning : check.warnings) out += block("warn", warning);
  }
  return out;
}

}  // namespace

std::string to_text(const TestResult& result) {
  return shown(verdict_word(result.verdict) + " " + printable(result.title) + "  " +
               seconds(result.duration_s) + "\n" + details(result));
}

std::string github_annotations(const TestResult& result) {
  std::string out;
  const auto add = [&](const char* level, int line, const std::string& title,
                       const std::string& text) {
    out += std::string("::") + level + " file=" + workflow_command_text(result.file, true);
    if (line > 0) out += ",line=" + std::to_string(line);
    out += ",title=" + workflow_command_text(title, true) +
           "::" + workflow_command_text(text, false) + "\n";
  };
  if (result.verdict == Verdict::fail) {
    bool any = false;
    for (const CheckResult& check : folded(result, Verdict::fail)) {
      any = true;
      add("error", check.line, result.title,
          check.name + " (" + check.phase + ")\nwant " + check.want + "\ngot " + check.got);
    }
    if (!any || !result.incident.empty()) add("error", 0, result.title, result.reason);
  } else if (result.verdict == Verdict::inconclusive) {
    add("warning", 0, result.title, "inconclusive: " + result.reason);
  } else if (!result.note.empty()) {
    add("notice", 0, result.title, result.note);
  }
  return out;
}

std::string github_annotation(const std::string& error, const std::vector<std::string>& files) {
  std::string out = "::error ";
  std::string_view rest = error;
  for (const std::string& file : files) {
    if (!rest.starts_with(file + ":")) continue;
    out += "file=" + workflow_command_text(file, true) + ",";
    rest.remove_prefix(file.size() + 1);
    for (const char* property : {"line=", "col="}) {
      const size_t end = rest.find_first_not_of("0123456789");
      if (end == 0 || end == std::string_view::npos || rest[end] != ':') break;
      out += property + std::string(rest.substr(0, end)) + ",";
      rest.remove_prefix(end + 1);
    }
    break;
  }
  const size_t begin = rest.find_first_not_of(' ');
  rest.remove_prefix(begin == std::string_view::npos ? 0 : begin);
  return out + "title=invalid scenario::" + workflow_command_text(std::string(rest), false) + "\n";
}

std::string skipped_tests(const Report& report) {
  std::string out;
  std::vector<std::pair<std::string, std::vector<const TestResult*>>> reasons;
  for (const TestResult& test : report.tests) {
    if (test.verdict != Verdict::skipped) continue;
    auto found = std::find_if(reasons.begin(), reasons.end(),
                              [&](const auto& one) { return one.first == test.reason; });
    if (found == reasons.end()) found = reasons.insert(found, {test.reason, {}});
    found->second.push_back(&test);
  }
  for (const auto& [reason, tests] : reasons) {
    const size_t count = tests.size();
    out += std::to_string(count) + (count == 1 ? " test" : " tests") +
           " skipped: " + printable(reason) + "\n";
    for (const TestResult* test : tests) out += "  " + printable(test->title) + "\n";
  }
  return without_commands(out);
}

void Console::test_started(const Test& test) {
  under_way_[test.id] = "starting";
  clear_progress();
  show_progress();
}

void Console::test_progress(const Test& test, const std::string& what) {
  under_way_[test.id] = what;
  clear_progress();
  show_progress();
}

void Console::test_finished(const Test& test, const TestResult& result) {
  under_way_.erase(test.id);
  ++finished_;
  clear_progress();
  const std::string text = to_text(result);
  print(colored(result.verdict, text.substr(0, 5)) + text.substr(5));
  if (options_.github) print(github_annotations(result));
  show_progress();
}

void Console::summary(const Report& report, const std::filesystem::path& report_dir) {
  clear_progress();
  std::string line;
  const auto add = [&](Verdict verdict, const std::string& word) {
    const size_t count = report.total(verdict);
    if (count == 0 && verdict != Verdict::pass && verdict != Verdict::fail) return;
    if (!line.empty()) line += ", ";
    const std::string text = std::to_string(count) + " " + word;
    line += count == 0 ? text : colored(verdict, text);
  };
  add(Verdict::pass, "passed");
  add(Verdict::fail, "failed");
  add(Verdict::known_issue,
      report.total(Verdict::known_issue) == 1 ? "known issue" : "known issues");
  add(Verdict::inconclusive, "inconclusive");
  add(Verdict::skipped, "skipped");
  if (report.is_interrupted) line += ", interrupted";
  print("\n" + line + " in " + seconds(report.duration_s) +
        "\nreport: " + printable(report_dir.string()) + "\n");
}

void Console::print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

void Console::clear_progress() {
  if (!progress_shown_) return;
  print("\r\033[K");
  progress_shown_ = false;
}

void Console::show_progress() {
  if (!options_.is_terminal || under_way_.empty()) return;
  winsize size{};
  const size_t width =
      ioctl(fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  std::string line = "[" + std::to_string(finished_) + "/" + std::to_string(options_.total) + "]";
  for (const auto& [id, what] : under_way_) line += " " + printable(id) + ": " + printable(what);
  if (line.size() >= width) {
    size_t end = width - 1;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80)
      --end;  // Not within a character.
    line.resize(end);
  }
  print(line);
  progress_shown_ = true;
}

std::string Console::colored(Verdict verdict, const std::string& text) const {
  if (!options_.color) return text;
  const char* code = verdict == Verdict::pass ? "32" : verdict == Verdict::fail ? "31" : "33";
  return std::string("\033[") + code + "m" + text + "\033[0m";
}

}  // namespace mread::scenarios
