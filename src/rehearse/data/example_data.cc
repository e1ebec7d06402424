#include "rehearse/data/example_data.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "model/promql_uses.h"
#include "rehearse/data/example_value.h"

namespace mread::rehearse {
namespace {

constexpr size_t most_series = 20'000;
constexpr size_t most_instances = 200;
constexpr size_t fewest_instances = 8;
constexpr size_t most_values = 3;     // Of one label of a selector.
constexpr size_t most_variants = 12;  // Of one selector.

using Labels = std::map<std::string, std::string>;

// What one selector wants: labels in several variants, without instance.
struct Wanted {
  std::vector<Labels> variants;
  bool has_instance = false;  // The selector itself says which.
};

// The samples of an instance, in promtool's notation. Instances differ, so that an average without
// some of them is another one.
std::string gauge(size_t role, size_t instance) {
  constexpr std::array<size_t, 4> levels{0, 1, 50, 1'000'000};
  return fmt::format("{}x{}", role < 2 ? levels[role] : levels[role] + instance, example_samples);
}
std::string counter(size_t role, size_t instance) {
  constexpr std::array<size_t, 4> rises{0, 1, 150, 15'000};
  return fmt::format("{}+{}x{}", instance, role == 0 ? 0 : rises[role] + instance, example_samples);
}
std::string up_or_down(size_t role) {
  return fmt::format("{}x{}", role == 0 ? 0 : 1, example_samples);
}
constexpr std::array<const char*, 3> buckets{"0.1", "1", "+Inf"};
constexpr std::array<size_t, 4> bucket_rates{0, 1, 10, 100};

bool is_counter(std::string_view name) {
  return std::ranges::any_of(std::array<std::string_view, 3>{"_total", "_count", "_sum"},
                             [name](std::string_view end) { return name.ends_with(end); });
}

// The variants of the labels that matchers allow; empty where a label has no value.
std::vector<Labels> variants_of(const std::vector<model::Matcher>& selector) {
  std::map<std::string, std::vector<model::Matcher>> by_label;
  for (const model::Matcher& matcher : selector) by_label[matcher.name()].push_back(matcher);
  std::vector<Labels> variants{{}};
  for (const auto& [label, matchers] : by_label) {
    const std::vector<std::string> values = example_values(matchers, most_values);
    std::vector<Labels> next;
    for (const Labels& variant : variants) {
      for (const std::string& value : values) {
        if (next.size() == most_variants) break;
        next.push_back(variant);
        next.back()[label] = value;
      }
    }
    variants = std::move(next);
  }
  return variants;
}

class Maker {
 public:
  Maker(const std::vector<Question>& questions, size_t groups) : groups_(groups) {
    for (const Question& question : questions) look_at(question);
  }

  ExampleData run() {
    size_t variants = 0;
    for (const Wanted& one : wanted_) variants += one.variants.size();
    instances_ =
        std::clamp(most_series / std::max<size_t>(variants, 1), fewest_instances, most_instances);
    for (const Wanted& one : wanted_) {
      for (const Labels& variant : one.variants) add(variant, one.has_instance);
    }
    return std::move(data_);
  }

 private:
  void look_at(const Question& question) {
    const auto uses = model::promql_uses(question.expr);
    if (!uses) {
      data_.notes.push_back(question.place + ": " + question.name + ": " + uses.error().context);
      return;
    }
    labels_.insert(uses->labels.begin(), uses->labels.end());
    for (const auto& [selector, range] : uses->selectors) {
      Wanted wanted{variants_of(selector), false};
      if (wanted.variants.empty()) {
        data_.notes.push_back(question.place + ": no series is made for " +
                              model::to_string(selector) + ": no values for its labels are found");
        continue;
      }
      wanted.has_instance = wanted.variants.front().contains("instance");
      wanted_.push_back(std::move(wanted));
    }
  }

  void add(Labels labels, bool has_instance) {
    labels.try_emplace("job", "job");
    labels.try_emplace(std::string(model::metric_name_label), "metric");
    for (const std::string& label : labels_) {
      if (label != "instance" && label != "le") labels.try_emplace(label, label + "-1");
    }
    const std::string name = labels[std::string(model::metric_name_label)];
    for (size_t i = 0; i < instances_; ++i) {
      if (!has_instance) labels["instance"] = fmt::format("host-{:03}:9100", i);
      // Each instance of such a selector is one more series of it.
      if (has_instance) labels["replica_of_example"] = fmt::format("{:03}", i);
      const size_t role = i / groups_ % 4;
      if (name.ends_with("_bucket") && !labels.contains("le")) {
        for (size_t k = 0; k < buckets.size(); ++k) {
          Labels bucket = labels;
          bucket["le"] = buckets[k];
          keep(bucket,
               fmt::format("0+{}x{}", bucket_rates[role] * (k + 1) * (i + 1), example_samples), i);
        }
      } else {
        keep(labels,
             name == "up"       ? up_or_down(role)
             : is_counter(name) ? counter(role, i)
                                : gauge(role, i),
             i);
      }
    }
  }

  void keep(const Labels& labels, const std::string& values, size_t instance) {
    model::LabelSet set;
    for (const auto& [name, value] : labels) {
      if (!value.empty()) set.set(name, value);
    }
    if (!known_.insert(set).second) return;
    data_.series.push_back({std::move(set), values, instance % groups_});
  }

  const size_t groups_;
  size_t instances_ = 0;
  std::vector<Wanted> wanted_;
  std::set<std::string> labels_;  // By which some question groups or joins.
  std::set<model::LabelSet> known_;
  ExampleData data_;
};

}  // namespace

ExampleData make_example_data(const std::vector<Question>& questions, size_t groups) {
  return Maker(questions, std::max<size_t>(groups, 1)).run();
}

}  // namespace mread::rehearse
