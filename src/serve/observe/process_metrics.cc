#include "serve/observe/process_metrics.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace mread::serve {
namespace {

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type,
                                double value) {
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return {name, help, type, {metric}};
}

double open_descriptors() {
  std::error_code error;
  double count = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    ++count;
  }
  return count;
}

double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double value = 0;
    if (word == "btime" && file >> value) return value;
  }
  return 0;
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const {
  using prometheus::MetricType;
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  // The second field, the program's name, may hold anything; the third follows the last ')'.
  const size_t after_name = text.rfind(')');
  if (after_name == std::string::npos) return {};
  std::vector<double> fields(3);  // Numbered from 1 as in proc(5); fields[0] is unused.
  size_t begin = after_name + 2;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    fields.push_back(std::strtod(text.substr(begin, end - begin).c_str(), nullptr));
    begin = end + 1;
  }
  if (fields.size() < 25) return {};
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  return {
      family("process_cpu_seconds_total", "CPU time spent, user and system.", MetricType::Counter,
             (fields[14] + fields[15]) / ticks),
      family("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge,
             fields[24] * page),
      family("process_virtual_memory_bytes", "Virtual memory.", MetricType::Gauge, fields[23]),
      family("process_start_time_seconds", "When the process started, since the epoch.",
             MetricType::Gauge, boot_time_seconds() + fields[22] / ticks),
      family("process_open_fds", "Open file descriptors.", MetricType::Gauge, open_descriptors()),
      family("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge,
             static_cast<double>(descriptors.rlim_cur)),
  };
}

}  // namespace mread::serve
