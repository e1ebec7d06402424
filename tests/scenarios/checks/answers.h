#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model/labels.h"
#include "scenarios/checks/query_answer.h"

namespace mread::scenarios {

/// An instant vector of {series, value} pairs, sorted as the parser sorts.
inline QueryAnswer vector_answer(const std::vector<std::pair<std::string, double>>& samples) {
  QueryAnswer answer;
  answer.type = "vector";
  for (const auto& [labels, value] : samples) {
    answer.series.push_back(
        {model::parse_series(labels).value(), {{600'000, value, std::nullopt}}});
  }
  std::stable_sort(
      answer.series.begin(), answer.series.end(),
      [](const AnswerSeries& a, const AnswerSeries& b) { return a.labels < b.labels; });
  return answer;
}

}  // namespace mread::scenarios
