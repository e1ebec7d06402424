#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "model/labels.h"
#include "model/sample.h"

namespace mread::wire::test {

/// Label sets that are near each other: few names and values, now and then a long one or bytes that
/// are no UTF-8.
inline rc::Gen<model::LabelSet> label_sets() {
  const auto names = rc::gen::element<std::string>("__name__", "a", "ab", "b", "instance", "job",
                                                   "region", "http.status", "\xc3\xa4");
  const auto values = rc::gen::oneOf(rc::gen::element<std::string>("a", "ab", "b", "\xff\x01", "z"),
                                     rc::gen::map(rc::gen::inRange(1, 300), [](int size) {
                                       return std::string(static_cast<size_t>(size), 'v');
                                     }));
  const auto pairs =
      rc::gen::resize(8, rc::gen::container<std::vector<std::pair<std::string, std::string>>>(
                             rc::gen::pair(names, values)));
  return rc::gen::map(pairs, [](const std::vector<std::pair<std::string, std::string>>& labels) {
    model::LabelSet set;
    for (const auto& [name, value] : labels) set.set(name, value);
    return set;
  });
}

/// Values that compress in every way: repeated, near each other, any bits, and the special ones.
inline rc::Gen<uint64_t> value_bits() {
  return rc::gen::oneOf(
      rc::gen::element<uint64_t>(0, 1, 0x8000000000000000, model::stale_nan_bits,
                                 model::normal_nan_bits, 0x7ff0000000000000, 0x3ff0000000000000,
                                 0x4000000000000000, ~uint64_t{0}),
      rc::gen::map(rc::gen::inRange(0, 1000), [](int n) { return model::Sample::of(0, n).bits; }),
      rc::gen::arbitrary<uint64_t>());
}

/// Timestamps as they are in chunks: regular, with jitter, with gaps of every size; any start, also
/// negative.
inline rc::Gen<std::vector<model::Sample>> chunk_samples() {
  const auto steps = rc::gen::oneOf(
      rc::gen::just<int64_t>(15000), rc::gen::inRange<int64_t>(14990, 15010),
      rc::gen::inRange<int64_t>(1, 1 << 21), rc::gen::inRange<int64_t>(1, int64_t{1} << 50));
  const auto starts = rc::gen::oneOf(
      rc::gen::inRange<int64_t>(1'600'000'000'000, 1'900'000'000'000),
      rc::gen::element<int64_t>(0, -1, 1), rc::gen::inRange<int64_t>(-(int64_t{1} << 50), 0));
  const auto pairs = rc::gen::container<std::vector<std::pair<int64_t, uint64_t>>>(
      rc::gen::pair(steps, value_bits()));
  return rc::gen::map(rc::gen::pair(starts, pairs),
                      [](const std::pair<int64_t, std::vector<std::pair<int64_t, uint64_t>>>& in) {
                        std::vector<model::Sample> samples;
                        int64_t timestamp_ms = in.first;
                        for (const auto& [step, bits] : in.second) {
                          samples.push_back({timestamp_ms, bits});
                          timestamp_ms += step;
                        }
                        return samples;
                      });
}

/// Samples with any timestamps in any order.
inline rc::Gen<std::vector<model::Sample>> wild_samples() {
  const auto timestamps = rc::gen::oneOf(
      rc::gen::inRange<int64_t>(1'600'000'000'000, 1'900'000'000'000),
      rc::gen::element<int64_t>(0, -1, INT64_MIN, INT64_MAX), rc::gen::arbitrary<int64_t>());
  return rc::gen::container<std::vector<model::Sample>>(rc::gen::map(
      rc::gen::pair(timestamps, value_bits()), [](const std::pair<int64_t, uint64_t>& in) {
        return model::Sample{in.first, in.second};
      }));
}

}  // namespace mread::wire::test
