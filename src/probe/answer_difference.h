#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probe/read_client.h"

namespace mread::probe {

enum class DifferenceKind : uint8_t {
  response_type,   ///< one answer is streamed, the other is SAMPLES
  missing_series,  ///< a series is in one answer only, or more often in one
  labels,  ///< a series is in one answer only, and its samples have other labels in the other
  missing_samples,  ///< a timestamp of a series is in one answer only
  values,           ///< a timestamp has different values, bit by bit, or histogram hints
  order,            ///< the same series, or samples of a series, come in another order
};
inline constexpr size_t difference_kinds = 6;

/// "missing series".
std::string_view to_string(DifferenceKind kind);

struct Difference {
  DifferenceKind kind;
  std::string series;  ///< empty for the response type
  std::string text;    ///< what each answer has
};

struct AnswerDifference {
  std::array<uint64_t, difference_kinds> counts{};  ///< by DifferenceKind
  std::vector<Difference> first;                    ///< at most `most_shown`
  uint64_t equal_series = 0;

  uint64_t total() const;
  bool equal() const { return total() == 0; }
};

/// Compares two answers to the same query. Values are compared as 64 bits, histograms with their
/// hints; the frames and the cuts of chunks are not compared.
///
/// Input    in the order of the wire. The k-th occurrence of a label set in one is compared with
///          the k-th in the other.
/// Output   `first` in this order: response type, missing series and labels in the order of labels,
///          then series by series at most one difference of each kind, then the order of series.
///          `counts` counts all of them; samples one by one.
/// Cost     O(n log n) in the series, linear in the samples that are in order.
AnswerDifference compare_answers(const ReadReply& a, const ReadReply& b, size_t most_shown = 10);

}  // namespace mread::probe
