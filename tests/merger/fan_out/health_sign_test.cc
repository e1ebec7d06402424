#include "merger/fan_out/health_sign.h"

#include <utility>

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using namespace std::chrono_literals;

BackendOutcome failed(Error error, int status = 0) {
  BackendOutcome outcome;
  outcome.state = BackendOutcome::State::failed;
  outcome.error = std::move(error);
  outcome.http_status = status;
  return outcome;
}

TEST(HealthSign, OnlyWhatTheInfrastructureDoesIsAFailure) {
  using boost::system::errc::connection_refused;
  using boost::system::errc::connection_reset;
  EXPECT_EQ(health_sign(failed(Error(Errc::deadline, "deadline 8s")), 10s), HealthSign::failed);
  EXPECT_EQ(health_sign(failed(Error(make_error_code(connection_refused), "a")), 10s),
            HealthSign::failed);
  EXPECT_EQ(health_sign(failed(Error(make_error_code(connection_reset), "a")), 10s),
            HealthSign::failed);
  EXPECT_EQ(health_sign(failed(Error(Errc::truncated, "a")), 10s), HealthSign::failed);
  EXPECT_EQ(health_sign(failed(Error(Errc::http_status, "HTTP 503"), 503), 10s),
            HealthSign::failed);
  EXPECT_EQ(health_sign(failed(Error(Errc::http_status, "HTTP 504"), 504), 10s),
            HealthSign::failed);
  EXPECT_EQ(health_sign(failed(Error(Errc::http_status, "HTTP 500"), 500), 10s),
            HealthSign::answered)
      << "of this read";
  EXPECT_EQ(health_sign(failed(Error(Errc::http_status, "HTTP 400"), 400), 10s),
            HealthSign::answered);
  EXPECT_EQ(health_sign(failed(Error(Errc::malformed, "a"), 200), 10s), HealthSign::answered);
  EXPECT_EQ(health_sign(failed(Error(Errc::limit, "a"), 200), 10s), HealthSign::answered);
  BackendOutcome outcome;
  for (const auto state : {BackendOutcome::State::not_asked, BackendOutcome::State::waiting,
                           BackendOutcome::State::dropped, BackendOutcome::State::unavailable}) {
    outcome.state = state;
    EXPECT_EQ(health_sign(outcome, 10s), HealthSign::unknown);
  }
  outcome.total = 10s;
  for (const auto state : {BackendOutcome::State::waiting, BackendOutcome::State::dropped}) {
    outcome.state = state;
    outcome.http_status = 0;
    EXPECT_EQ(health_sign(outcome, 10s), HealthSign::failed);
    EXPECT_EQ(health_sign(outcome, 11s), HealthSign::unknown);
    outcome.http_status = 200;
    EXPECT_EQ(health_sign(outcome, 10s), HealthSign::unknown);
  }
  outcome.state = BackendOutcome::State::complete;
  EXPECT_EQ(health_sign(outcome, 10s), HealthSign::answered);
}

}  // namespace
}  // namespace mread::merger
