#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "scenarios/model/results.h"

namespace mread::cli {

/// "20261121-190000": names a report folder, and sorts by time.
std::string report_stamp(int64_t now_ms);

/// Appends the report's summary to the file that GitHub Actions names with GITHUB_STEP_SUMMARY; it
/// shows the file on the job's page. Does nothing without the variable. Errors: Errc::environment.
Result<void> append_job_summary(const scenarios::Report& report);

}  // namespace mread::cli
