#pragma once

#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace mread::serve {

/// The process_* metrics that every Prometheus client library has, read from /proc/self: CPU,
/// resident and virtual memory, descriptors, start time.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace mread::serve
