#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/labels.h"

/// A series' labels in wire form: consecutive entries `0a LEN {0a N name 12 M value}`, the same
/// bytes in a TimeSeries and in a ChunkedSeries (field 1 of both; source: prompb/types.proto).
/// *Canonical* labels are what Prometheus itself writes: sorted by name, every name once, nothing
/// empty, shortest varints, no other fields. Two canonical label sets are equal exactly if their
/// bytes are.
namespace mread::wire {

/// Prometheus's order (see model::LabelSet) on the bytes: no allocation, and one pass over the
/// equal beginning. Both sides must be canonical. For other bytes the result is an arbitrary order,
/// but nothing outside them is read.
std::strong_ordering compare_labels(std::string_view a, std::string_view b);

/// The common beginning of two label sets, and their order.
struct LabelsStep {
  /// Of the second to the first: greater if it follows.
  std::strong_ordering order = std::strong_ordering::equal;
  size_t common = 0;      ///< bytes of the entries that both begin with
  bool canonical = true;  ///< whether the second is canonical
};

/// Compares canonical labels with the next ones: compare_labels and is_canonical_labels in one
/// pass, which looks closely only at the part that differs. If `labels` are not canonical, only
/// Step::canonical is valid.
LabelsStep step_labels(std::string_view last, std::string_view labels);

/// step_labels() for the series of an answer. Remembers where the entries of the previous labels
/// end: the part that neighbours share is compared, but not parsed again.
class LabelsStepper {
 public:
  /// Sets the labels that the next ones are compared with; they must be canonical, and valid until
  /// the call after next().
  void restart(std::string_view labels) {
    last_ = labels;
    ends_known_ = false;
  }

  /// Returns the step to the labels at `p` and moves `p` past them; they are then the predecessors
  /// of the next labels. If they are not canonical, only Step::canonical is valid, and restart()
  /// has to follow.
  LabelsStep next(const char*& p, const char* end);

  /// The memory that it takes [bytes].
  size_t memory() const { return ends_.capacity() * sizeof(ends_[0]); }

 private:
  std::string_view last_;
  std::vector<uint32_t> ends_;  // Of its entries.
  bool ends_known_ = true;
};

/// compare_labels for labels whose first `common` bytes are known to be equal whole entries.
/// `common` becomes the length of all equal entries.
std::strong_ordering compare_labels_from(std::string_view a, std::string_view b, size_t& common);

/// Whether the bytes are canonical labels; the empty string is.
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
