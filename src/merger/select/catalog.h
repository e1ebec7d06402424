#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "merger/select/bloom_filter.h"
#include "model/labels.h"
#include "model/matcher.h"

namespace mread::merger {

/// What one backend held at one moment: which values its series have for each label. A label can be
/// *open*: its values are not known, it may have any.
///
/// could_hold() is false only where no series that the backend serves can be an answer to the
/// matchers, whichever of its labels are external ones. A collector takes an equality matcher that
/// names an external label for "the label is absent", and holds all other matchers against what it
/// stores, where the external label is absent. So every label may be absent, and values that were
/// learned from answers may be those of an external label.
///
/// Decided label by label. A catalog that was learned from series knows the pairs of each metric as
/// well, in a Bloom filter: `a{region="us"}` is then no reason to ask a backend that has other
/// metrics with that region.
///
/// Immutable; a const one may be used from many threads.
class Catalog {
 public:
  /// `budget`: how many values may still be held against expressions that are no list of words, or
  /// looked up together with a metric; taken from. When it is used up, the answer is true.
  bool could_hold(std::span<const model::Matcher> matchers, size_t& budget) const;

  /// When it was taken, in the clock of whoever took it: what the backend has stored since is not
  /// in it.
  int64_t taken_at_ms() const { return taken_at_ms_; }
  /// All of the backend's samples are at this time or later, as far as the backend says.
  std::optional<int64_t> oldest_ms() const { return oldest_ms_; }

  size_t labels() const { return labels_.size(); }
  size_t open_labels() const;
  size_t values() const;
  /// About what it takes in memory.
  size_t bytes() const { return bytes_; }
  bool knows_metrics() const { return pairs_.has_value(); }

 private:
  friend class CatalogBuilder;

  // One label's values, sorted, in one text.
  struct Values {
    std::string name;
    bool open = false;
    std::string text;
    std::vector<uint32_t> ends;

    size_t size() const { return ends.size(); }
    std::string_view at(size_t i) const;
    bool contains(std::string_view value) const;
  };
  using Matchers = std::vector<const model::Matcher*>;

  const Values* find(std::string_view name) const;
  static bool could_hold_label(const Values& values, const Matchers& matchers, size_t& budget);
  bool could_hold_pairs(const std::map<std::string_view, Matchers>& by_label, size_t& budget) const;

  std::vector<Values> labels_;  // By name.
  bool all_names_ = true;       // A label that is not in labels_ is on no series.
  std::optional<BloomFilter> pairs_;
  int64_t taken_at_ms_ = 0;
  std::optional<int64_t> oldest_ms_;
  size_t bytes_ = 0;
};

/// Puts a catalog together. What does not fit into the limits becomes open, so that the catalog
/// never says too little. Memory while building: about three times `bytes`. Not thread-safe.
class CatalogBuilder {
 public:
  struct Limits {
    size_t values = 50'000;      ///< of one label
    size_t bytes = 16ULL << 20;  ///< in all
  };

  CatalogBuilder(int64_t taken_at_ms, Limits limits);

  void add(std::string_view label, std::string_view value);
  /// A series as it is served. Where all series are added in this way, and nothing by add(), the
  /// catalog knows the metrics.
  void add_series(const model::LabelSet& labels);
  void set_open(std::string_view label);
  /// Labels that were not named may be there.
  void set_names_unknown() { all_names_ = false; }
  void set_oldest(int64_t oldest_ms) { oldest_ms_ = oldest_ms; }

  /// Once, at the end.
  Catalog finish();

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Growing {
    bool open = false;
    std::unordered_set<std::string, Hash, std::equal_to<>> values;
    size_t bytes = 0;
  };

  void open(Growing& label);
  void add_pair(std::string_view metric, const model::Label& label);

  Limits limits_;
  int64_t taken_at_ms_;
  std::optional<int64_t> oldest_ms_;
  bool all_names_ = true;
  std::map<std::string, Growing, std::less<>> labels_;
  size_t bytes_ = 0;
  bool by_series_ = true;
  std::vector<uint64_t> pairs_;
};

}  // namespace mread::merger
