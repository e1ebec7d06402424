#include "scenarios/running/run.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include <fnmatch.h>

namespace mread::scenarios {
namespace {

namespace fs = std::filesystem;

bool is_scenario_file(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

// The test of a later round: the same, under a name of its own.
Test in_round(Test test, size_t round) {
  if (round > 0) test.id += "-r" + std::to_string(round + 1);
  return test;
}

TestResult not_run(const Test& test, const std::string& engine, const std::string& reason) {
  TestResult result;
  result.scenario = test.scenario;
  result.id = test.id;
  result.title = test.title();
  result.file = test.file;
  result.topology = test.topology;
  result.matrix_case = test.matrix_case;
  result.tags = test.tags;
  result.seed = test.seed;
  result.engine = engine;
  result.verdict = Verdict::skipped;
  result.reason = reason;
  return result;
}

}  // namespace

Result<std::vector<std::string>> find_scenarios(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  const auto add = [&](const fs::path& path) {
    std::string name = path.lexically_normal().string();
    if (std::find(files.begin(), files.end(), name) == files.end())
      files.push_back(std::move(name));
  };
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return fail(Errc::config, path + ": no such file or folder");
    if (!fs::is_directory(status)) {
      add(path);
      continue;
    }
    std::vector<fs::path> found;
    for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
      if (entry->is_regular_file() && is_scenario_file(entry->path()))
        found.push_back(entry->path());
    }
    if (error) return fail(Errc::config, path + ": " + error.message());
    if (found.empty()) return fail(Errc::config, path + ": no scenario (*.yaml) in this folder");
    std::sort(found.begin(), found.end());
    for (const fs::path& one : found) add(one);
  }
  return files;
}

bool Selection::fits(const Test& test) const {
  const auto matches = [&](const std::string& filter) {
    return fnmatch(filter.c_str(), test.scenario.c_str(), 0) == 0 ||
           fnmatch(filter.c_str(), test.id.c_str(), 0) == 0 ||
           fnmatch(filter.c_str(), test.title().c_str(), 0) == 0 ||
           fnmatch(filter.c_str(), test.file.c_str(), 0) == 0;
  };
  if (!filters.empty() && std::none_of(filters.begin(), filters.end(), matches)) return false;
  return tags.empty() || std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) {
           return std::find(test.tags.begin(), test.tags.end(), tag) != test.tags.end();
         });
}

std::vector<Test> load_tests(const std::vector<std::string>& files, const Selection& selection,
                             const LoadOptions& options) {
  std::vector<Test> tests;
  std::vector<std::string> errors;
  std::map<std::string, std::string> names;  // Of scenarios, with the file that has it.
  std::map<std::string, std::string> ids;    // Of tests: scenario "a" in its first case is "a-1".
  for (const std::string& file : files) {
    std::vector<Test> loaded;
    try {
      loaded = load_scenario(file, options);
    } catch (const yaml::ConfigError& error) {
      for (std::string& one : errors_of(error)) errors.push_back(std::move(one));
      continue;
    }
    for (const Test& test : loaded) {
      const auto [at, is_new] = names.try_emplace(test.scenario, file);
      const auto [id, is_new_id] = ids.try_emplace(test.id, file);
      if (!is_new_id && at->second == file) {
        errors.push_back(file + ": its test \"" + test.id + "\" has the name of one in " +
                         id->second);
        break;
      }
      if (!is_new && at->second != file) {
        errors.push_back(file + ": the scenario's name \"" + test.scenario + "\" is that of " +
                         at->second + " too");
        break;
      }
    }
    std::copy_if(loaded.begin(), loaded.end(), std::back_inserter(tests),
                 [&](const Test& test) { return selection.fits(test); });
  }
  throw_errors(std::move(errors));
  return tests;
}

Report run_tests(const std::vector<Test>& tests, const TestSurroundings& surroundings,
                 const RunOptions& options, RunObserver& observer,
                 const std::function<void(TestResult&)>& keep, std::stop_token stop) {
  Report report;
  report.mread_version = MREAD_VERSION;
  report.seed = options.seed;
  report.started =
      std::chrono::system_clock::time_point(milliseconds(surroundings.clock.wall_ms()));
  const TimePoint begin = surroundings.clock.now();

  std::vector<Test> all;
  for (size_t round = 0; round < std::max<size_t>(options.repeat, 1); ++round) {
    for (const Test& test : tests) all.push_back(in_round(test, round));
  }
  report.tests.resize(all.size());
  std::vector<char> is_done(all.size(), false);
  std::mutex mutex;  // Of the observer, `keep` and the report.
  std::atomic<size_t> next{0};
  std::atomic<bool> enough{false};

  TestSurroundings around = surroundings;
  around.progress = [&](const Test& test, const std::string& what) {
    const std::lock_guard lock(mutex);
    observer.test_progress(test, what);
  };
  const auto work = [&] {
    while (!stop.stop_requested()) {
      const size_t index = next.fetch_add(1);
      if (index >= all.size()) return;
      const Test& test = all[index];
      TestResult result;
      if (enough) {
        result =
            not_run(test, around.engine.name(), "not run: an earlier test failed (--fail-fast)");
      } else {
        {
          const std::lock_guard lock(mutex);
          observer.test_started(test);
        }
        result = run_test(test, around, stop);
      }
      // What a test says that was interrupted means nothing.
      if (stop.stop_requested()) return;
      if (options.fail_fast && result.verdict == Verdict::fail) enough = true;
      const std::lock_guard lock(mutex);
      keep(result);
      observer.test_finished(test, result);
      report.tests[index] = std::move(result);
      is_done[index] = true;
    }
  };
  {
    std::vector<std::jthread> workers;
    for (size_t i = 1; i < std::min(options.jobs, all.size()); ++i) workers.emplace_back(work);
    work();
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (is_done[i]) continue;
    report.is_interrupted = true;
    report.tests[i] = not_run(all[i], around.engine.name(), "interrupted before it had a verdict");
    report.tests[i].is_interrupted = true;
  }
  report.duration_s = std::chrono::duration<double>(surroundings.clock.now() - begin).count();
  return report;
}

}  // namespace mread::scenarios
