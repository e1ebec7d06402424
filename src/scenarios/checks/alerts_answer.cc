#include "scenarios/checks/alerts_answer.h"

#include <algorithm>

#include <boost/json.hpp>

namespace mread::scenarios {
namespace {

namespace json = boost::json;

model::LabelSet labels_of(const json::value& object) {
  std::vector<model::Label> labels;
  for (const auto& [name, value] : object.as_object())
    labels.push_back({std::string(name), std::string(value.as_string())});
  auto set = model::LabelSet::from(std::move(labels));
  if (!set) throw std::invalid_argument(set.error().context);
  return std::move(*set);
}

}  // namespace

std::string AlertsAnswer::to_string(size_t limit) const {
  if (!ok()) return "error: " + error;
  if (alerts.empty()) return "no alert";
  std::string out;
  for (size_t i = 0; i < alerts.size() && i < limit; ++i) {
    const HeldAlert& alert = alerts[i];
    out += (i > 0 ? "\n" : "") + alert.labels.to_string();
    if (!alert.annotations.empty()) out += " annotations " + alert.annotations.to_string();
    if (alert.state != "active") out += " " + alert.state;
  }
  if (alerts.size() > limit) out += "\n… " + std::to_string(alerts.size()) + " alerts";
  return out;
}

Result<AlertsAnswer> parse_alerts(std::string_view body,
                                  std::span<const model::Matcher> matchers) try {
  AlertsAnswer answer;
  const json::value list = json::parse(body);
  for (const json::value& item : list.as_array()) {
    const json::object& object = item.as_object();
    HeldAlert alert;
    alert.labels = labels_of(object.at("labels"));
    alert.annotations = labels_of(object.at("annotations"));
    alert.state = std::string(object.at("status").as_object().at("state").as_string());
    if (model::matches(matchers, alert.labels)) answer.alerts.push_back(std::move(alert));
  }
  std::sort(answer.alerts.begin(), answer.alerts.end(),
            [](const HeldAlert& a, const HeldAlert& b) { return a.labels < b.labels; });
  return answer;
} catch (const std::exception& error) {
  return fail(Errc::malformed, "no list of alerts: " + std::string(error.what()));
}

}  // namespace mread::scenarios
