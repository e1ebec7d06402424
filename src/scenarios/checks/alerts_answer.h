#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "model/matcher.h"

namespace mread::scenarios {

/// An alert that an Alertmanager holds. Alerts with the same labels are one to it.
struct HeldAlert {
  model::LabelSet labels;
  model::LabelSet annotations;
  std::string state;  ///< active | suppressed (silenced or inhibited) | unprocessed
};

/// The alerts that an Alertmanager holds, sorted by labels; or an error.
struct AlertsAnswer {
  std::string error;  ///< empty where it succeeded
  std::vector<HeldAlert> alerts;
  std::chrono::duration<double, std::milli> duration{0};

  bool ok() const { return error.empty(); }
  /// One line an alert, at most `limit` of them, then how many there are; "no alert" for none. A
  /// state is said unless it is active.
  std::string to_string(size_t limit = 20) const;
};

/// Reads the answer to GET /api/v2/alerts, and keeps the alerts whose labels match. Errors:
/// Errc::malformed for other text.
Result<AlertsAnswer> parse_alerts(std::string_view body, std::span<const model::Matcher> matchers);

}  // namespace mread::scenarios
