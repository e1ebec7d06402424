#pragma once

#include <filesystem>

#include "base/error.h"
#include "scenarios/model/results.h"

namespace mread::scenarios {

/// Reads a report.json, or the one in a report folder: what to_json() wrote, so that
/// to_json(read_report(…)) gives the same text. Members that an older mread did not write have their
/// defaults; a test's title is then its scenario.
///
/// Errors (Errc::config), each names the file: one that is not there or is above 256 MiB, one that
/// is no report, and a member of the wrong type, with its place ("tests[2].checks[0].line").
Result<Report> read_report(const std::filesystem::path& path);

}  // namespace mread::scenarios
