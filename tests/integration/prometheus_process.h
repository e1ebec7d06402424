#pragma once

#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "base/temporary_folder.h"
#include "net/http.h"

namespace mread {

/// The path of a program of a Prometheus generation ("3.5"), where ci/setup puts it: the newest
/// patch release there is, since that is whatever Debian carries. Empty where there is none.
std::string prometheus_program(const std::string& generation,
                               const std::string& program = "prometheus");

/// A Prometheus on a loopback port and in a folder of its own, which takes remote writes and native
/// histograms; gone at the end. The constructor waits until it serves, or has ended.
class PrometheusProcess {
 public:
  PrometheusProcess(const std::string& generation, const std::string& config,
                    const std::vector<std::string>& flags = {});
  ~PrometheusProcess();
  PrometheusProcess(const PrometheusProcess&) = delete;
  PrometheusProcess& operator=(const PrometheusProcess&) = delete;

  bool ready() const { return ready_; }
  /// What it said until it was ready, or why it is not.
  const std::string& log() const { return log_; }
  net::Url url(const std::string& target) const;

 private:
  uint16_t port_ = 0;
  TemporaryFolder folder_;
  pid_t pid_ = -1;
  int pipe_ = -1;
  bool ready_ = false;
  std::string log_;
  std::jthread drain_;  // Prometheus would stop at a full pipe.
};

}  // namespace mread
