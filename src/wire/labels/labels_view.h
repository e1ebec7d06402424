#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/labels.h"

/// A series' labels as they stand on the wire: consecutive entries `0a LEN {0a N name 12 M value}`,
/// the same bytes in a TimeSeries and in a ChunkedSeries (field 1 of both; source:
/// prompb/types.proto). *Canonical* means what Prometheus itself writes: sorted by name, every name
/// once, nothing empty, shortest varints, no other fields. Two canonical label sets are equal
/// exactly when their bytes are.
namespace mread::wire {

/// Prometheus's order (see model::LabelSet), straight on the bytes: no allocation, and one pass
/// over the equal beginning. Both sides must be canonical; for other bytes the result is some
/// order, but nothing is read outside them.
std::strong_ordering compare_labels(std::string_view a, std::string_view b);

/// What two label sets have in common, and their order.
struct LabelsStep {
  std::strong_ordering order =
      std::strong_ordering::equal;  ///< of the second to the first: greater if it follows
  size_t common = 0;                ///< bytes of the entries that both begin with
  bool canonical = true;            ///< whether the second is canonical
};

/// From canonical labels to those that come next: one pass for compare_labels and
/// is_canonical_labels, which looks closely only at what is not in common. Where `labels` are not
/// canonical, that is all it says.
LabelsStep step_labels(std::string_view last, std::string_view labels);

/// step_labels() along the series of an answer. Of the labels before it remembers where their
/// entries end: what neighbours share is compared, but not walked through once more.
class LabelsStepper {
 public:
  /// The labels that the next ones are to be compared with: canonical. They are looked at until the
  /// call after next().
  void restart(std::string_view labels) {
    last_ = labels;
    ends_known_ = false;
  }

  /// The step to the labels that the bytes from `p` on begin with, and moves `p` behind them; they
  /// are the next ones' predecessors then. Where they are not canonical, that is all it says:
  /// restart() has to follow.
  LabelsStep next(const char*& p, const char* end);

  /// Bytes that it takes.
  size_t memory() const { return ends_.capacity() * sizeof(ends_[0]); }

 private:
  std::string_view last_;
  std::vector<uint32_t> ends_;  // Of its entries.
  bool ends_known_ = true;
};

/// compare_labels for labels of which the first `common` bytes are known to be whole entries and
/// the same; `common` becomes all that they have in common.
std::strong_ordering compare_labels_from(std::string_view a, std::string_view b, size_t& common);

/// True if the bytes are canonical labels (the empty string is).
bool is_canonical_labels(std::string_view wire);

/// The canonical form: sorted, empty values dropped, unknown fields dropped.
/// Errors: Errc::malformed for broken protobuf, a duplicate name, an empty name.
Result<std::string> canonical_labels(std::string_view wire);

/// The value of one label in canonical labels, or "" where it is absent.
std::string_view find_label(std::string_view wire, std::string_view name);

/// Errors as canonical_labels.
Result<model::LabelSet> decode_labels(std::string_view wire);

void append_label(std::string& out, std::string_view name, std::string_view value);
std::string encode_labels(const model::LabelSet& labels);

}  // namespace mread::wire
