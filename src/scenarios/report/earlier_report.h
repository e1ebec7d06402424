#pragma once

#include <filesystem>

#include "base/error.h"
#include "scenarios/model/results.h"

namespace mread::scenarios {

/// Reads the verdicts of a report.json, or of the one in a report folder. Errors (Errc::config): a
/// file that is not there, is above 256 MiB, or is no report; each names the file.
Result<EarlierReport> read_earlier_report(const std::filesystem::path& path);

}  // namespace mread::scenarios
