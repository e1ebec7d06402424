#pragma once

#include <compare>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mread::model {

inline constexpr std::string_view metric_name_label = "__name__";

struct Label {
  std::string name;
  std::string value;

  friend auto operator<=>(const Label&, const Label&) = default;
};

/// The labels that identify a series: sorted by name, every name once, no empty value (an empty
/// value means that the label is absent). Names and values are bytes; UTF-8 names ("http.status")
/// are ordinary names.
///
/// Order      Prometheus's: pair by pair the names, then the values, byte by byte; of two equal
///            beginnings the one with fewer labels comes first.
/// Not thread-safe; a const set may be read from many threads.
class LabelSet {
 public:
  LabelSet() = default;
  /// Like from(), but throws std::invalid_argument instead of returning an error. For literals in
  /// code.
  LabelSet(std::initializer_list<Label> labels);

  /// Sorts, and drops empty values. Errors: Errc::malformed for a name that comes twice (also with
  /// an empty value), or an empty name.
  static Result<LabelSet> from(std::vector<Label> labels);

  /// The value, or "" where the label is absent. The view lives until the set changes.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const { return !get(name).empty(); }
  std::string_view metric_name() const { return get(metric_name_label); }

  /// Sets or replaces a label; an empty value erases it.
  void set(std::string_view name, std::string_view value);
  /// True if the label was there.
  bool erase(std::string_view name);

  size_t size() const { return labels_.size(); }
  bool empty() const { return labels_.empty(); }
  auto begin() const { return labels_.begin(); }
  auto end() const { return labels_.end(); }
  const std::vector<Label>& labels() const { return labels_; }

  friend bool operator==(const LabelSet&, const LabelSet&) = default;
  friend std::strong_ordering operator<=>(const LabelSet& a, const LabelSet& b);

  /// Prints a series as Prometheus does: `up{job="x"}`, `{job="x"}`, `up`, `{}`. A metric name or
  /// label name outside the classic character set is quoted: `{"http.requests",
  /// "http.status"="200"}`.
  std::string to_string() const;

 private:
  std::vector<Label> labels_;
};

/// Parses a series notation: `name{a="b",c='d',}`, `{a="b"}`, `name`, `{"utf8.name",
/// "http.status"="200"}`; strings as in PromQL. White space around tokens and a trailing comma are
/// allowed. Used for promtool's `series:` and for the `labels:` of expected samples. Errors:
/// Errc::malformed. The context begins with "offset N: ", unless `error_offset` takes the offset
/// instead.
Result<LabelSet> parse_series(std::string_view text, size_t* error_offset = nullptr);

/// quote() of base/printable.h: `"text"` with Go's escapes, which PromQL and the exposition formats
/// read back.
std::string quote(std::string_view text);

/// Whether a name needs no quotes: as a metric name ([a-zA-Z_:][a-zA-Z0-9_:]*), or as a label name
/// (the same without the colon).
bool is_classic_metric_name(std::string_view name);
bool is_classic_label_name(std::string_view name);

}  // namespace mread::model
