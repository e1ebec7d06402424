#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probe/read_client.h"

namespace mread::probe {

enum class Verdict : uint8_t {
  yes,             ///< the endpoint honours it
  no,              ///< it does not, and a client gets wrong data or none
  differs,         ///< it does not, and a client has to know
  not_applicable,  ///< the endpoint's data do not show it, or it lacks what this is about
};

/// "yes", "no", "differs", "n/a".
std::string_view to_string(Verdict verdict);

/// One fact of the protocol, and what the endpoint makes of it.
struct ConformanceRow {
  std::string fact;  ///< "both ends of the range are included"
  Verdict verdict = Verdict::not_applicable;
  std::string seen;  ///< what the endpoint did; empty where the fact says all
  std::string why;   ///< why it matters
};

/// Asks an endpoint a few dozen reads and judges the answers by the facts of remote read. It only
/// reads; two of the bodies that it sends are broken on purpose. Blocks the calling thread.
///
/// Input    a call with the range of the data. Without matchers, `up` is asked, and if there is
///          none, the metric with the most series. `accept` is not used.
/// Output   the rows, always the same ones in the same order.
/// Errors   Errc::not_found if the endpoint has no sample in the range; errors of read_series() if
///          the first read fails. A later failure is the row's verdict.
Result<std::vector<ConformanceRow>> examine(const ReadCall& call);

/// A line for each row; below it, what was seen and why it matters if the verdict is no or differs.
std::string conformance_text(const std::vector<ConformanceRow>& rows);

/// One line of JSON: {"rows":[{"fact":…,"verdict":…,"seen":…,"why":…}],"yes":20,…}.
std::string conformance_json(const std::vector<ConformanceRow>& rows);

}  // namespace mread::probe
