#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "merger/select/catalog.h"
#include "model/labels.h"
#include "model/matcher.h"

namespace mread::merger::tests {

/// A real collector in few words: what it stores, and what it does with its external labels.
struct CollectorModel {
  model::LabelSet external;
  std::vector<model::LabelSet> stored;

  /// As it comes over remote read: a series' own label wins.
  model::LabelSet served(const model::LabelSet& series) const {
    model::LabelSet labels = series;
    for (const model::Label& label : external) {
      if (!labels.has(label.name)) labels.set(label.name, label.value);
    }
    return labels;
  }

  /// Whether it answers with this series: an equality matcher that names an external label asks for
  /// its absence.
  bool answers(const model::LabelSet& series, const std::vector<model::Matcher>& matchers) const {
    return std::all_of(matchers.begin(), matchers.end(), [&](const model::Matcher& matcher) {
      const std::string_view own = external.get(matcher.name());
      const bool rewritten =
          matcher.type() == model::MatchType::equal && !own.empty() && own == matcher.value();
      return rewritten ? !series.has(matcher.name()) : matcher.matches(series);
    });
  }

  /// What `matchers` really ask for: held against the labels that a reader gets to see.
  bool holds(const model::LabelSet& series, const std::vector<model::Matcher>& matchers) const {
    return model::matches(matchers, served(series));
  }

  /// Learned as from a labels API, which shows what is stored, and a configuration, which has the
  /// external labels.
  void learn_values(CatalogBuilder& builder) const {
    for (const model::LabelSet& series : stored) {
      for (const model::Label& label : series) builder.add(label.name, label.value);
    }
    for (const model::Label& label : external) builder.add(label.name, label.value);
  }
  void learn_series(CatalogBuilder& builder) const {
    for (const model::LabelSet& series : stored) builder.add_series(served(series));
  }
};

inline const std::vector<std::string>& values() {
  static const std::vector<std::string> all{"x", "y", "xy", "z"};
  return all;
}

inline model::LabelSet some_labels(const std::vector<std::string>& names, int absent_in_ten) {
  model::LabelSet labels;
  for (const std::string& name : names) {
    if (*rc::gen::inRange(0, 10) < absent_in_ten) continue;
    labels.set(name, *rc::gen::elementOf(values()));
  }
  return labels;
}

inline CollectorModel some_collector() {
  CollectorModel collector;
  collector.external = some_labels({"a", "region"}, 5);
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    model::LabelSet series = some_labels({"a", "b", "region"}, 4);
    series.set("__name__", *rc::gen::elementOf(values()));
    collector.stored.push_back(std::move(series));
  }
  return collector;
}

inline std::vector<model::Matcher> some_matchers() {
  static const std::vector<std::string> names{"__name__", "a", "b", "region", "nowhere"};
  static const std::vector<std::string> expressions{
      "x", "x|y", "(x|y)", "z|", "", ".*", ".+", "x.", "x.*", "[xz]", "y?", "x{2}", "(?i)X"};
  static const std::vector<std::string> words{"x", "y", "xy", "z", "", "w"};
  std::vector<model::Matcher> matchers;
  const int count = *rc::gen::inRange(1, 5);
  for (int i = 0; i < count; ++i) {
    const auto type = static_cast<model::MatchType>(*rc::gen::inRange(0, 4));
    const bool expression = type == model::MatchType::regex || type == model::MatchType::not_regex;
    auto matcher = model::Matcher::create(type, *rc::gen::elementOf(names),
                                          *rc::gen::elementOf(expression ? expressions : words));
    matchers.push_back(std::move(matcher.value()));
  }
  return matchers;
}

}  // namespace mread::merger::tests
