#pragma once

#include <string>
#include <vector>

#include "model/labels.h"
#include "rehearse/setup/setup.h"

namespace mread::rehearse {

/// A series that the twin's backends hold.
struct ExampleSeries {
  model::LabelSet labels;
  std::string values;  ///< promtool's notation
  size_t group = 0;    ///< of the backends that hold it
};

struct ExampleData {
  std::vector<ExampleSeries> series;  ///< each label set once
  std::vector<std::string> notes;     ///< selectors for which no series could be made
};

/// Samples of a series, and the time between two of them.
constexpr size_t example_samples = 240;
constexpr const char* example_interval = "15s";
/// When the questions are asked, from the first sample on: just before the last one.
constexpr const char* example_eval_time = "59m";

/// Series that the selectors of the questions find, spread over all groups. Each selector gets up to
/// 200 instances: some stand still, some rise slowly, some fast, so that a threshold has data on
/// both sides. Deterministic.
ExampleData make_example_data(const std::vector<Question>& questions, size_t groups);

}  // namespace mread::rehearse
