#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "scenarios/model/results.h"

namespace mread::scenarios {

/// The tests of several reports as one report, in the order of the reports. It starts with the
/// first of them and ends with the last; it is interrupted if one of them is. Its seed is that of
/// the first report; versions of mread that differ are listed. A test that several reports have is
/// kept each time: the second one is called "ID-r2", as a round of --repeat, and its logs too.
/// Nothing is read or written.
Report merge_reports(std::vector<Report> reports);

/// Reads the reports of `folders`, writes them as one report into `out`, and copies the nodes' logs.
/// A report that was in `out` is removed first. report.html shows what has changed since `earlier`.
///
/// Errors: those of read_report() (Errc::config); a folder that is given twice, or that is `out`
/// (Errc::config); a file that cannot be copied or written (Errc::environment).
Result<Report> merge_report_folders(const std::vector<std::filesystem::path>& folders,
                                    const std::filesystem::path& out,
                                    std::optional<EarlierReport> earlier = std::nullopt);

}  // namespace mread::scenarios
