#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/checks/query_answer.h"
#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// Compares an instant answer with `exp_samples:` as promtool does: the same label sets, each as
/// often, and the same values, as near as `exactness` says; order does not matter. Nothing when they
/// agree, else what differs, one line a series.
std::optional<std::string> compare_samples(const std::vector<ExpectedSample>& want,
                                           const QueryAnswer& got,
                                           Exactness exactness = Exactness::nearly);

/// Series as the answer to a range query that has exactly these.
QueryAnswer answer_of(const std::vector<model::Series>& series);

/// Compares two answers, series by series and point by point. Nothing when they agree, else the
/// first differences.
std::optional<std::string> compare_answers(const QueryAnswer& want, const QueryAnswer& got,
                                           Exactness exactness);

/// `exp_samples:` as text, like QueryAnswer::to_string.
std::string to_string(const std::vector<ExpectedSample>& samples);

/// True for an expression that is nothing but a selector, with or without a range: its answer
/// passes values on as they are.
bool is_plain_select(const std::string& expr);

}  // namespace mread::scenarios
