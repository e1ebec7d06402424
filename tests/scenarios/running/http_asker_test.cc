#include <gtest/gtest.h>

#include "scenarios/running/asker.h"

namespace mread::scenarios {
namespace {

struct Case {
  const char* name;
  const char* exposition;
  size_t reads;
};

class ReadsInMetrics : public testing::TestWithParam<Case> {};

TEST_P(ReadsInMetrics, AddsUpWhatWasAnsweredToReads) {
  EXPECT_EQ(reads_in_metrics(GetParam().exposition), GetParam().reads);
}

INSTANTIATE_TEST_SUITE_P(
    Expositions, ReadsInMetrics,
    testing::Values(
        Case{"Nothing", "", 0}, Case{"NoReadsYet", "up 1\n", 0},
        Case{"EveryStatusCounts",
             "# TYPE prometheus_http_requests_total counter\n"
             "prometheus_http_requests_total{code=\"200\",handler=\"/api/v1/read\"} 3\n"
             "prometheus_http_requests_total{code=\"400\",handler=\"/api/v1/read\"} 1e+01\n",
             13},
        Case{"OtherPagesDoNot",
             "prometheus_http_requests_total{code=\"200\",handler=\"/api/v1/query\"} 3\n"
             "other_total{handler=\"/api/v1/read\"} 3\n",
             0},
        Case{"WithoutANewlineAtTheEnd",
             "prometheus_http_requests_total{code=\"200\",handler=\"/api/v1/read\"} 7", 7}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::scenarios
