#include "scenarios/report/merge_reports.h"

#include <algorithm>
#include <cassert>
#include <set>

#include "scenarios/report/read_report.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

namespace fs = std::filesystem;

// Gives the test another id. Its logs are below a folder with the id's name.
void rename(TestResult& test, const std::string& id) {
  const std::string old_folder = std::string(logs_folder) + "/" + test.id + "/";
  for (NodeResult& node : test.nodes) {
    if (node.log.starts_with(old_folder))
      node.log = std::string(logs_folder) + "/" + id + "/" + node.log.substr(old_folder.size());
  }
  test.id = id;
}

std::string join_versions(const std::vector<Report>& reports) {
  std::vector<std::string> versions;
  std::string out;
  for (const Report& report : reports) {
    if (std::find(versions.begin(), versions.end(), report.mread_version) != versions.end())
      continue;
    versions.push_back(report.mread_version);
    out += (out.empty() ? "" : ", ") + report.mread_version;
  }
  return out;
}

// The id is the name of a folder; a report that somebody else wrote could name any other one.
bool is_file_name(const std::string& id) {
  return id != "." && id != ".." && id.find('/') == std::string::npos;
}

Result<void> copy_logs(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::is_directory(from, error)) return {};
  fs::create_directories(to.parent_path(), error);
  if (!error)
    fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::skip_symlinks, error);
  if (!error) return {};
  return fail(Errc::environment,
              from.string() + ": cannot be copied to " + to.string() + ": " + error.message());
}

// A report may be named by its folder or by its report.json.
fs::path folder_of(const fs::path& path) {
  std::error_code ignored;
  const fs::path folder = fs::is_directory(path, ignored) ? path : path.parent_path();
  return fs::weakly_canonical(folder.empty() ? "." : folder, ignored);
}

Result<void> check_folders(const std::vector<fs::path>& folders, const fs::path& out) {
  std::set<fs::path> seen;
  for (const fs::path& folder : folders) {
    if (!seen.insert(folder_of(folder)).second)
      return fail(Errc::config, folder.string() + ": this report is given twice");
  }
  std::error_code ignored;
  if (seen.contains(fs::weakly_canonical(out, ignored)))
    return fail(Errc::config, out.string() + ": the merged report would replace this one");
  return {};
}

}  // namespace

Report merge_reports(std::vector<Report> reports) {
  Report merged;
  if (reports.empty()) return merged;
  merged.mread_version = join_versions(reports);
  merged.seed = reports.front().seed;
  merged.started = reports.front().started;
  const auto end_of = [](const Report& report) {
    return std::chrono::duration<double>(report.started.time_since_epoch()).count() +
           report.duration_s;
  };
  double end = end_of(reports.front());
  std::set<std::string> ids;
  for (const Report& report : reports) {
    merged.started = std::min(merged.started, report.started);
    end = std::max(end, end_of(report));
    merged.is_interrupted = merged.is_interrupted || report.is_interrupted;
    for (const TestResult& test : report.tests) ids.insert(test.id);
  }
  merged.duration_s =
      end - std::chrono::duration<double>(merged.started.time_since_epoch()).count();
  std::set<std::string> taken;
  for (Report& report : reports) {
    for (TestResult& test : report.tests) {
      if (taken.contains(test.id)) {
        const std::string id = test.id;
        size_t round = 2;
        // Not the id of a round that one of the reports has itself.
        while (ids.contains(id + "-r" + std::to_string(round))) ++round;
        rename(test, id + "-r" + std::to_string(round));
        ids.insert(test.id);
      }
      taken.insert(test.id);
      merged.tests.push_back(std::move(test));
    }
  }
  return merged;
}

Result<Report> merge_report_folders(const std::vector<fs::path>& folders, const fs::path& out,
                                    std::optional<EarlierReport> earlier) {
  if (auto checked = check_folders(folders, out); !checked) return fail(checked.error());
  std::vector<Report> reports;
  std::vector<fs::path> logs;  // Of each test: the folder that holds them.
  for (const fs::path& folder : folders) {
    auto report = read_report(folder);
    if (!report) return report;
    for (const TestResult& test : report->tests) {
      if (!is_file_name(test.id))
        return fail(Errc::config, folder.string() + ": no report of mread run: the test id \"" +
                                      test.id + "\" is not a file's name");
      logs.push_back(folder_of(folder) / logs_folder / test.id);
    }
    reports.push_back(std::move(*report));
  }
  Report merged = merge_reports(std::move(reports));
  merged.compared = std::move(earlier);
  assert(merged.tests.size() == logs.size());
  if (auto cleared = clear_report(out); !cleared) return fail(cleared.error());
  for (size_t i = 0; i < logs.size(); ++i) {
    if (auto copied = copy_logs(logs[i], out / logs_folder / merged.tests[i].id); !copied)
      return fail(copied.error());
  }
  if (auto written = write_report(out, merged); !written) return fail(written.error());
  return merged;
}

}  // namespace mread::scenarios
