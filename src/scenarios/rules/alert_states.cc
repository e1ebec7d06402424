#include "scenarios/rules/alert_states.h"

#include <algorithm>

#include "scenarios/rules/alert_template.h"

namespace mread::scenarios {

using std::chrono::milliseconds;

Result<std::map<model::LabelSet, AlertStates::Alert>> AlertStates::alerts_of(
    const std::vector<RuleSample>& samples, milliseconds at) {
  std::map<model::LabelSet, Alert> alerts;
  for (const RuleSample& sample : samples) {
    const TemplateData data{sample.labels, sample.value, rules_.external_labels};
    model::LabelSet labels = sample.labels;
    labels.erase(model::metric_name_label);
    for (const auto& [name, text] : rule_.labels) {
      const auto value = expand_template(text, data);
      if (!value) unknown_labels_[name] = value.error().context;
      labels.set(name, value ? *value : text);
    }
    labels.set("alertname", rule_.name);
    Alert alert;
    alert.since = at;
    for (const auto& [name, text] : rule_.annotations) {
      const auto value = expand_template(text, data);
      if (!value) unknown_annotations_[name] = value.error().context;
      alert.annotations[name] = value ? *value : text;
    }
    if (!alerts.emplace(std::move(labels), std::move(alert)).second) {
      return fail(Errc::malformed,
                  "vector contains metrics with the same labelset after applying alert labels");
    }
  }
  return alerts;
}

Result<void> AlertStates::step(milliseconds at, const std::vector<RuleSample>& samples) {
  auto now = alerts_of(samples, at);
  if (!now) {
    active_.clear();
    return fail(now.error());
  }
  for (auto alert = active_.begin(); alert != active_.end();) {
    Alert& known = alert->second;
    if (const auto found = now->find(alert->first); found != now->end()) {
      known.annotations = std::move(found->second.annotations);
      known.gone_since.reset();
      now->erase(found);
      ++alert;
      continue;
    }
    if (known.fires && rule_.keep_firing.count() > 0) {
      if (!known.gone_since) known.gone_since = at;
      if (at - *known.gone_since < rule_.keep_firing) {
        ++alert;
        continue;
      }
    }
    alert = active_.erase(alert);
  }
  active_.merge(*now);
  for (auto& [labels, alert] : active_) alert.fires |= at - alert.since >= rule_.hold;
  if (rule_.limit > 0 && active_.size() > rule_.limit) {
    const size_t count = active_.size();
    active_.clear();
    return fail(Errc::limit, "exceeded limit of " + std::to_string(rule_.limit) + " with " +
                                 std::to_string(count) + " alerts");
  }
  return {};
}

std::vector<FiringAlert> AlertStates::firing() const {
  std::vector<FiringAlert> out;
  for (const auto& [labels, alert] : active_) {
    if (!alert.fires) continue;
    FiringAlert one;
    for (const model::Label& label : labels) one.labels[label.name] = label.value;
    one.annotations = alert.annotations;
    out.push_back(std::move(one));
  }
  std::ranges::sort(out);
  return out;
}

std::vector<RuleSample> AlertStates::samples(double start_s) const {
  std::vector<RuleSample> out;
  for (const auto& [labels, alert] : active_) {
    RuleSample state{labels, 1};
    state.labels.set(model::metric_name_label, "ALERTS");
    state.labels.set("alertstate", alert.fires ? "firing" : "pending");
    const auto whole = std::chrono::floor<std::chrono::seconds>(alert.since).count();
    RuleSample since{labels, start_s + static_cast<double>(whole)};
    since.labels.set(model::metric_name_label, "ALERTS_FOR_STATE");
    out.push_back(std::move(state));
    out.push_back(std::move(since));
  }
  return out;
}

}  // namespace mread::scenarios
