#include "merger/select/catalog.h"

#include <algorithm>

namespace mread::merger {
namespace {

using model::Matcher;
using model::MatchType;
using Matchers = std::vector<const Matcher*>;

// A longer list is matched value by value.
constexpr size_t words_limit = 1000;

bool all_match(const Matchers& matchers, std::string_view value) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [value](const Matcher* m) { return m->matches(value); });
}

// The values that alone can satisfy one of the matchers, where they can be listed.
std::optional<std::vector<std::string>> listed(const Matchers& matchers) {
  for (const Matcher* matcher : matchers) {
    if (matcher->type() == MatchType::equal) return std::vector<std::string>{matcher->value()};
  }
  for (const Matcher* matcher : matchers) {
    if (matcher->type() != MatchType::regex) continue;
    if (const auto* words = matcher->words(); words != nullptr && words->size() <= words_limit)
      return *words;
  }
  return std::nullopt;
}

// The value that an external label must have for a collector to read the equality matchers on it as
// "absent", and to find that all others are content with that.
std::optional<std::string_view> external_value(const Matchers& matchers) {
  std::optional<std::string_view> value;
  for (const Matcher* matcher : matchers) {
    if (matcher->type() == MatchType::equal && !matcher->value().empty()) {
      if (value && *value != matcher->value()) return std::nullopt;
      value = matcher->value();
    } else if (!matcher->matches("")) {
      return std::nullopt;
    }
  }
  return value;
}

uint64_t hash_pair(std::string_view metric, std::string_view name, std::string_view value) {
  uint64_t hash = 0;
  for (const std::string_view part : {metric, name, value}) {
    hash = (hash ^ std::hash<std::string_view>()(part)) * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 32;
  }
  return hash;
}

}  // namespace

std::string_view Catalog::Values::at(size_t i) const {
  const size_t from = i == 0 ? 0 : ends[i - 1];
  return std::string_view(text).substr(from, ends[i] - from);
}

bool Catalog::Values::contains(std::string_view value) const {
  size_t low = 0;
  size_t high = size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (at(middle) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < size() && at(low) == value;
}

const Catalog::Values* Catalog::find(std::string_view name) const {
  const auto found = std::lower_bound(
      labels_.begin(), labels_.end(), name,
      [](const Values& values, std::string_view want) { return values.name < want; });
  return found != labels_.end() && found->name == name ? &*found : nullptr;
}

bool Catalog::could_hold(std::span<const Matcher> matchers, size_t& budget) const {
  static const Values none;
  std::map<std::string_view, Matchers> by_label;
  for (const Matcher& matcher : matchers) by_label[matcher.name()].push_back(&matcher);
  for (const auto& [name, on_label] : by_label) {
    const Values* values = find(name);
    if (values == nullptr && !all_names_) continue;
    if (!could_hold_label(values == nullptr ? none : *values, on_label, budget)) return false;
  }
  return could_hold_pairs(by_label, budget);
}

bool Catalog::could_hold_label(const Values& values, const Matchers& matchers, size_t& budget) {
  if (values.open || all_match(matchers, "")) return true;
  if (const auto value = external_value(matchers); value && values.contains(*value)) return true;
  if (const auto candidates = listed(matchers)) {
    return std::any_of(candidates->begin(), candidates->end(), [&](const std::string& value) {
      return values.contains(value) && all_match(matchers, value);
    });
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (budget < matchers.size()) {
      budget = 0;
      return true;
    }
    budget -= matchers.size();
    if (all_match(matchers, values.at(i))) return true;
  }
  return false;
}

bool Catalog::could_hold_pairs(const std::map<std::string_view, Matchers>& by_label,
                               size_t& budget) const {
  if (!pairs_) return true;
  const auto on_name = by_label.find(model::metric_name_label);
  if (on_name == by_label.end()) return true;
  const auto metrics = listed(on_name->second);
  if (!metrics || std::find(metrics->begin(), metrics->end(), "") != metrics->end()) return true;
  // Of each label that has to be there, the values of which it must have one.
  std::vector<std::pair<std::string_view, std::vector<std::string>>> wanted;
  for (const auto& [name, of_label] : by_label) {
    const Matchers& matchers = of_label;  // A lambda takes no structured binding, says clang 14.
    if (name == model::metric_name_label || all_match(matchers, "")) continue;
    auto values = listed(matchers);
    if (!values) continue;
    const auto external = external_value(matchers);
    std::erase_if(*values, [&](const std::string& value) {
      return value.empty() || (!all_match(matchers, value) && value != external);
    });
    wanted.emplace_back(name, std::move(*values));
  }
  return std::any_of(metrics->begin(), metrics->end(), [&](const std::string& metric) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
      return std::any_of(label.second.begin(), label.second.end(), [&](const std::string& value) {
        if (budget == 0) return true;
        --budget;
        return pairs_->may_contain(hash_pair(metric, label.first, value));
      });
    });
  });
}

size_t Catalog::open_labels() const {
  return static_cast<size_t>(std::count_if(labels_.begin(), labels_.end(),
                                           [](const Values& values) { return values.open; }));
}

size_t Catalog::values() const {
  size_t count = 0;
  for (const Values& values : labels_) count += values.size();
  return count;
}

CatalogBuilder::CatalogBuilder(int64_t taken_at_ms, Limits limits)
    : limits_(limits), taken_at_ms_(taken_at_ms) {}

void CatalogBuilder::add(std::string_view label, std::string_view value) {
  constexpr size_t overhead = sizeof(uint32_t);
  constexpr size_t name_overhead = 64;
  auto found = labels_.find(label);
  if (found == labels_.end()) {
    // The names themselves may be too many.
    if (bytes_ + label.size() + name_overhead > limits_.bytes) {
      all_names_ = false;
      return;
    }
    bytes_ += label.size() + name_overhead;
    found = labels_.emplace(label, Growing()).first;
  }
  Growing& growing = found->second;
  if (growing.open || value.empty() || growing.values.find(value) != growing.values.end()) return;
  const size_t size = value.size() + overhead;
  if (growing.values.size() >= limits_.values || bytes_ + size > limits_.bytes) {
    open(growing);
    return;
  }
  growing.values.emplace(value);
  growing.bytes += size;
  bytes_ += size;
}

void CatalogBuilder::open(Growing& label) {
  bytes_ -= label.bytes;
  label = {};
  label.open = true;
}

void CatalogBuilder::set_open(std::string_view label) {
  add(label, "");
  if (const auto found = labels_.find(label); found != labels_.end()) open(found->second);
}

void CatalogBuilder::add_series(const model::LabelSet& labels) {
  const std::string_view metric = labels.metric_name();
  for (const model::Label& label : labels) {
    add(label.name, label.value);
    if (label.name != model::metric_name_label) add_pair(metric, label);
  }
  if (labels.size() == 1) add_pair(metric, {});
}

// The hashes are kept as they come, and each once when they become many.
void CatalogBuilder::add_pair(std::string_view metric, const model::Label& label) {
  if (!by_series_) return;
  const size_t most = limits_.bytes / sizeof(uint64_t);
  if (pairs_.size() >= most) {
    std::sort(pairs_.begin(), pairs_.end());
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
    if (pairs_.size() > most / 2) {
      by_series_ = false;
      pairs_ = {};
      return;
    }
  }
  pairs_.push_back(hash_pair(metric, label.name, label.value));
}

Catalog CatalogBuilder::finish() {
  Catalog catalog;
  catalog.taken_at_ms_ = taken_at_ms_;
  catalog.oldest_ms_ = oldest_ms_;
  catalog.all_names_ = all_names_;
  for (auto& [name, growing] : labels_) {
    Catalog::Values values;
    values.name = name;
    values.open = growing.open;
    std::vector<std::string_view> sorted(growing.values.begin(), growing.values.end());
    std::sort(sorted.begin(), sorted.end());
    for (const std::string_view value : sorted) {
      values.text += value;
      values.ends.push_back(static_cast<uint32_t>(values.text.size()));
    }
    values.text.shrink_to_fit();
    catalog.labels_.push_back(std::move(values));
    growing = {};
  }
  catalog.bytes_ = bytes_;
  if (by_series_ && !pairs_.empty()) {
    std::sort(pairs_.begin(), pairs_.end());
    pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
    catalog.pairs_.emplace(pairs_);
    catalog.bytes_ += catalog.pairs_->bytes();
  }
  return catalog;
}

}  // namespace mread::merger
