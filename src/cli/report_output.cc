#include "cli/report_output.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/timestamp.h"
#include "scenarios/report/writers.h"

namespace mread::cli {

std::string report_stamp(int64_t now_ms) {
  std::string text = format_timestamp(now_ms - now_ms % 1000);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  std::replace(text.begin(), text.end(), 'T', '-');
  return text;
}

Result<void> append_job_summary(const scenarios::Report& report) {
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (path == nullptr || *path == '\0') return {};
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << to_markdown(report) << std::flush;
  if (!file) return fail(Errc::environment, std::string(path) + ": cannot be written");
  return {};
}

}  // namespace mread::cli
