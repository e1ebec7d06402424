#include "rehearse/table/judgement.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "scenarios/checks/compare.h"

namespace mread::rehearse {
namespace {

using scenarios::Exactness;
using scenarios::QueryAnswer;

std::set<model::LabelSet> labels_of(const QueryAnswer& answer) {
  std::set<model::LabelSet> labels;
  for (const auto& series : answer.series) labels.insert(series.labels);
  return labels;
}

bool is_within(const std::set<model::LabelSet>& part, const std::set<model::LabelSet>& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

bool is_equal(const QueryAnswer& a, const QueryAnswer& b) {
  return b.ok() && !scenarios::compare_answers(a, b, Exactness::nearly);
}

}  // namespace

State judge(const Question& question, const Truth& truth, const QueryAnswer& got,
            const Breakage& breakage) {
  if (!got.ok()) return State::failed;
  if (is_equal(truth.answer, got))
    return got.duration.count() > truth.slow_above_ms ? State::slow : State::same;
  const bool is_rule = question.kind != Question::Kind::query;
  if (!is_rule && !got.warnings.empty()) return State::told;
  for (const QueryAnswer* loss : {breakage.without, breakage.nothing}) {
    if (loss != nullptr && loss->ok() && is_equal(*loss, got)) return State::silent;
  }
  return breakage.only_loses && is_within(labels_of(got), labels_of(truth.answer)) ? State::silent
                                                                                   : State::wrong;
}

AlertDifference alert_difference(const QueryAnswer& truth, const QueryAnswer& got) {
  const auto want = labels_of(truth);
  const auto have = got.ok() ? labels_of(got) : std::set<model::LabelSet>{};
  return {!is_within(want, have), !is_within(have, want)};
}

}  // namespace mread::rehearse
