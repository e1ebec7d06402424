#pragma once

#include <memory>
#include <string>
#include <vector>

#include "merger/config.h"
#include "serve/read_report.h"

namespace mread::serve {

/// What `mread serve` says of itself, in Prometheus's text format. Safe to use from several threads.
class Metrics {
 public:
  /// `config` is used during construction only.
  explicit Metrics(const merger::Config& config);
  ~Metrics();

  /// A read that was decoded and has ended.
  void count(const ReadReport& report);
  /// A request on the read endpoint that was refused before it was a read (405, 400, 415).
  void count_refused(int status);
  void set_reads(uint64_t running, uint64_t waiting);

  /// The exposition; the process's own figures included.
  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace mread::serve
