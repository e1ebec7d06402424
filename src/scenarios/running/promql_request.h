#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mread::scenarios {

/// A request of Prometheus's query API, sent with POST as a form.
struct PromqlRequest {
  std::string path;  ///< "/api/v1/query"
  std::string form;  ///< application/x-www-form-urlencoded
};

PromqlRequest instant_query(const std::string& expr, int64_t time_ms);
PromqlRequest range_query(const std::string& expr, int64_t start_ms, int64_t end_ms,
                          std::chrono::milliseconds step);

}  // namespace mread::scenarios
