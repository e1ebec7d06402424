// Attacks on the real program, a table: `mread serve` in 1 GiB of address space and 1024
// descriptors, limits at their defaults. While each attack runs, small honest reads go on and are
// answered right; behind it the process lives, has taken bounded memory, and holds no more
// descriptors and threads than before. MREAD_PROGRAM is the program's path.

#include <algorithm>
#include <iostream>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "integration/attacks/attack.h"
#include "integration/attacks/stage.h"
#include "merger/answers.h"

namespace mread::attacks {
namespace {

std::vector<Attack> all_attacks() {
  std::vector<Attack> all;
  for (auto* part : {request_attacks, connection_attacks, backend_attacks, file_attacks}) {
    for (Attack& attack : part()) all.push_back(std::move(attack));
  }
  return all;
}

class AttackTest : public testing::TestWithParam<Attack> {};

void judge_light_reads(const Attack& attack, const std::vector<LightRead>& reads) {
  std::map<std::string, size_t> failures;
  size_t refused = 0;
  std::vector<double> seconds;
  for (const LightRead& read : reads) {
    seconds.push_back(read.latency.count());
    if (read.right) continue;
    const bool clean = (read.status == 429 || read.status == 503) && read.may_try_again;
    if (clean) ++refused;
    if (!clean || attack.refused_share == 0)
      ++failures[read.failure.empty() ? "a wrong answer" : read.failure];
  }
  std::sort(seconds.begin(), seconds.end());
  std::cout << fmt::format("{} light reads: median {:.1f} ms, slowest {:.1f} ms; {} refused\n",
                           reads.size(), seconds[seconds.size() / 2] * 1e3, seconds.back() * 1e3,
                           refused);
  for (const auto& [failure, count] : failures)
    ADD_FAILURE() << count << " light reads: " << failure;
  EXPECT_LE(seconds.back(), attack.light_seconds);
  EXPECT_LE(static_cast<double>(refused), attack.refused_share * static_cast<double>(reads.size()));
}

TEST_P(AttackTest, LeavesTheProgramWhole) {
  const Attack& attack = GetParam();
  Stage stage(attack);
  stage.start_light_reads();
  stage.wait_for_light_reads(3);
  // A light read under way has some of its own.
  const size_t descriptors_before = stage.settled_descriptors(SIZE_MAX) + 3;
  const size_t threads_before = stage.threads();

  attack.run(stage);
  // Those that were sent while the attack went on are among them.
  if (stage.alive()) stage.wait_for_light_reads(3);
  const auto reads = stage.end_light_reads();

  ASSERT_TRUE(stage.alive()) << "the program has died: " << stage.log().substr(0, 2000);
  judge_light_reads(attack, reads);
  EXPECT_EQ(stage.get("/-/healthy"), "mread is healthy\n");
  const size_t descriptors_after = stage.settled_descriptors(descriptors_before);
  std::cout << fmt::format(
      "peak {:.1f} MiB; descriptors {} before, {} behind; threads {}, {}; log {} KiB\n",
      static_cast<double>(stage.peak_bytes()) / (1 << 20), descriptors_before, descriptors_after,
      threads_before, stage.threads(), stage.log().size() >> 10);
  EXPECT_LE(stage.peak_bytes() >> 20, attack.peak_mib);
  EXPECT_LE(descriptors_after, descriptors_before);
  EXPECT_LE(stage.threads(), threads_before + attack.more_threads);
  EXPECT_LE(stage.log().size() >> 10, attack.log_kib) << stage.log().substr(0, 1000);
  if (attack.reload_works_behind) {
    EXPECT_EQ(stage.get("/-/reload", "POST"), "the configuration is loaded\n");
  }
}

INSTANTIATE_TEST_SUITE_P(All, AttackTest, testing::ValuesIn(all_attacks()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace mread::attacks
