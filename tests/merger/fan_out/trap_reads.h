#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.h"
#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger::tests {

// What the tests of the traps (docs/internals/traps.md) share.

constexpr int64_t first_ms = 1'000;
constexpr int64_t last_ms = 10'000'000;
inline const std::string up = "up{job=\"a\"}";

inline Samples one(int64_t t, double value) { return samples(t, 1000, {value}); }
inline Samples bits(int64_t t, uint64_t value) { return {{t, value}}; }

/// One read of `up` between first_ms and last_ms.
Answer read(const config::Config& config, std::vector<Script> scripts, bool streamed);
/// Its series, or what stands in their place.
std::string shown(const Answer& answer, bool streamed);
/// Both kinds of client, and both kinds of backend.
void expect_merged(const std::vector<std::string>& streamed_bodies,
                   const std::vector<std::string>& samples_bodies, const std::string& want,
                   uint64_t conflicts = 0, const std::string& more = "");

}  // namespace mread::merger::tests
