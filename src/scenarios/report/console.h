#pragma once

#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "scenarios/model/observer.h"
#include "scenarios/model/results.h"

namespace mread::scenarios {

struct ConsoleOptions {
  bool is_terminal = false;  ///< progress in place
  bool color = false;
  bool github = false;  ///< a workflow command for every check that failed
  size_t total = 0;     ///< tests of the run
};

/// Tells a person how a run goes: a line a test, want and got of what failed, on a terminal also
/// what is under way.
class Console final : public RunObserver {
 public:
  Console(std::FILE* out, ConsoleOptions options) : out_(out), options_(options) {}

  void test_started(const Test& test) override;
  void test_progress(const Test& test, const std::string& what) override;
  void test_finished(const Test& test, const TestResult& result) override;
  /// The totals, and where the report is.
  void summary(const Report& report, const std::filesystem::path& report_dir);

 private:
  void print(const std::string& text);
  void clear_progress();
  void show_progress();
  std::string colored(Verdict verdict, const std::string& text) const;

  std::FILE* out_;
  ConsoleOptions options_;
  std::map<std::string, std::string> under_way_;  // Test id → what it does.
  size_t finished_ = 0;
  bool progress_shown_ = false;
};

/// The text of a result as the console shows it, without colours: verdict, title, duration, and
/// what failed.
std::string to_text(const TestResult& result);

/// GitHub's workflow commands for the checks of a result that failed.
std::string github_annotations(const TestResult& result);

/// The same for an error of a file ("FILE:LINE:COLUMN: …", of one of `files`), before any test has
/// begun.
std::string github_annotation(const std::string& error, const std::vector<std::string>& files);

/// The tests that were skipped, by reason, with how many each reason has kept from running. Empty:
/// none.
std::string skipped_tests(const Report& report);

}  // namespace mread::scenarios
