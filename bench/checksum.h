#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/query.h"
#include "model/series.h"

namespace mread::bench {

/// Every label, timestamp and value of an answer in order. bench/peers/prometheus computes the same
/// in Go.
class Checksum {
 public:
  void add(const model::Series& series);

  uint64_t value() const { return state_; }
  uint64_t series() const { return series_; }
  uint64_t samples() const { return samples_; }

  friend bool operator==(const Checksum&, const Checksum&) = default;

 private:
  void mix(uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15;
    state_ ^= state_ >> 32;
  }
  void text(std::string_view text);

  uint64_t state_ = 0;
  uint64_t series_ = 0;
  uint64_t samples_ = 0;
};

/// An answer's series, decoded; a series of several frames comes once. Errors: what wire/ finds,
/// and Errc::unsupported for histograms.
Result<std::vector<model::Series>> decode_body(std::string_view body, model::ResponseType type);

/// The reference that every merge is held against: all samples of all backends, sorted; of those at
/// one time the first backend's.
Checksum merge_by_sorting(const std::vector<std::string>& bodies, model::ResponseType type);

/// Of an answer. Throws std::runtime_error where it does not decode.
Checksum checksum_of(std::string_view body, model::ResponseType type);

}  // namespace mread::bench
