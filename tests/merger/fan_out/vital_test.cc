#include "merger/fan_out/vital.h"

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

TEST(Vital, OnlyWhatTheInfrastructureDoesIsAFailure) {
  using boost::system::errc::connection_refused;
  using boost::system::errc::connection_reset;
  EXPECT_EQ(vital(failed(Error(Errc::deadline, "deadline 8s")), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(make_error_code(connection_refused), "a")), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(make_error_code(connection_reset), "a")), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(Errc::truncated, "a")), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(Errc::http_status, "HTTP 503"), 503), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(Errc::http_status, "HTTP 504"), 504), 10s), Vital::failed);
  EXPECT_EQ(vital(failed(Error(Errc::http_status, "HTTP 500"), 500), 10s), Vital::answered) << "of this read";
  EXPECT_EQ(vital(failed(Error(Errc::http_status, "HTTP 400"), 400), 10s), Vital::answered);
  EXPECT_EQ(vital(failed(Error(Errc::malformed, "a"), 200), 10s), Vital::answered);
  EXPECT_EQ(vital(failed(Error(Errc::limit, "a"), 200), 10s), Vital::answered);
  BackendOutcome outcome;
  for (const auto state : {BackendOutcome::State::not_asked, BackendOutcome::State::waiting,
                           BackendOutcome::State::dropped, BackendOutcome::State::unavailable}) {
    outcome.state = state;
    EXPECT_EQ(vital(outcome, 10s), Vital::unknown);
  }
  outcome.total = 10s;
  for (const auto state : {BackendOutcome::State::waiting, BackendOutcome::State::dropped}) {
    outcome.state = state;
    outcome.http_status = 0;
    EXPECT_EQ(vital(outcome, 10s), Vital::failed);
    EXPECT_EQ(vital(outcome, 11s), Vital::unknown);
    outcome.http_status = 200;
    EXPECT_EQ(vital(outcome, 10s), Vital::unknown);
  }
  outcome.state = BackendOutcome::State::complete;
  EXPECT_EQ(vital(outcome, 10s), Vital::answered);
}

}  // namespace
}  // namespace mread::merger
