#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "scenarios/model/results.h"

namespace mread::scenarios {

/// report.json as docs/reference/run.md shows it. U+FFFD replaces bytes that are not UTF-8; unprintable
/// characters (base/printable.h) are \u escapes.
std::string to_json(const Report& report);

/// report.html: one page that needs nothing else, with page_data() in it (`<script
/// type="application/json" id="report">`). Texts of servers and scenarios cannot add markup.
/// Verdicts, reasons and what did not hold can be read without JavaScript; with it, tests are
/// filtered, and their topologies, courses and loads are drawn.
std::string to_html(const Report& report);

/// A summary in Markdown, for the job page of a CI server: totals, and what failed and why.
std::string to_markdown(const Report& report);

/// junit.xml: a testsuite a test, with its case, seed and the line that runs it again as properties; a
/// testcase a check and phase, with its file and line. Failed checks hold their want and got. Known
/// issues and inconclusive checks are `skipped`. What no check says (a skipped test, a node that
/// ended by itself, a test without checks) is a testcase called "the whole test"; if it has no
/// verdict because the run was interrupted, it is an `error`.
std::string to_junit(const Report& report);

/// A form of the report: a file's name, and how it is made.
struct ReportFormat {
  std::string file_name;
  std::function<std::string(const Report&)> write;
};
/// All forms that every run writes.
const std::vector<ReportFormat>& report_formats();

/// Writes a whole file or none; makes its parent folders.
Result<void> write_file(const std::filesystem::path& path, const std::string& contents);

/// Writes every form of the report into `folder`.
Result<void> write_report(const std::filesystem::path& folder, const Report& report);

/// Removes what an earlier run has left in a report folder: its reports and the logs of its nodes.
/// Other files stay. Errors: a report that cannot be removed.
Result<void> clear_report(const std::filesystem::path& folder);

/// A new folder below `parent`, called `name`, or `name`-2 and so on where another run has that
/// already.
Result<std::filesystem::path> make_report_folder(const std::filesystem::path& parent,
                                                 const std::string& name);

/// "2026-11-21T19:00:00Z"
std::string format_time(std::chrono::system_clock::time_point time);

}  // namespace mread::scenarios
