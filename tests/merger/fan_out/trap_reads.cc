#include "merger/fan_out/trap_reads.h"

#include <gtest/gtest.h>

namespace mread::merger::tests {

Answer read(const config::Config& config, std::vector<Script> scripts, bool streamed) {
  return FanOutDriver(config, std::move(scripts)).run(request({"up"}, first_ms, last_ms, streamed));
}

std::string shown(const Answer& answer, bool streamed) {
  if (answer.status != 200 || answer.aborted)
    return "status " + std::to_string(answer.status) + ": " + answer.body;
  return streamed ? show(read_streamed(answer.body)) : show(read_samples(answer.body).at(0));
}

void expect_merged(const std::vector<std::string>& streamed_bodies,
                   const std::vector<std::string>& samples_bodies, const std::string& want,
                   uint64_t conflicts, const std::string& more) {
  for (const bool streamed : {true, false}) {
    for (const auto* bodies : {&streamed_bodies, &samples_bodies}) {
      if (bodies->empty()) continue;
      std::vector<Script> scripts;
      for (const auto& body : *bodies) {
        scripts.push_back(bodies == &samples_bodies ? Script::samples_form(body)
                                                    : Script::streamed(body));
      }
      const config::Config config = config_of(scripts.size(), more);
      const Answer answer = read(config, scripts, streamed);
      SCOPED_TRACE(std::string(streamed ? "streamed" : "samples") + " from " +
                   (bodies == &samples_bodies ? "samples" : "streamed"));
      EXPECT_EQ(shown(answer, streamed), want);
      EXPECT_EQ(answer.outcome.conflicts, conflicts);
      EXPECT_EQ(answer.partial, "");
      EXPECT_TRUE(answer.finished);
    }
  }
}

}  // namespace mread::merger::tests
