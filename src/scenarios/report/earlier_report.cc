#include "scenarios/report/earlier_report.h"

#include "scenarios/report/read_report.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {

Result<EarlierReport> read_earlier_report(const std::filesystem::path& path) {
  const auto report = read_report(path);
  if (!report) return fail(report.error());
  EarlierReport earlier;
  earlier.started = format_time(report->started);
  for (const TestResult& test : report->tests) earlier.verdicts[test.id] = to_string(test.verdict);
  return earlier;
}

}  // namespace mread::scenarios
