#pragma once

#include <string>

#include "scenarios/model/results.h"

namespace mread::scenarios {

/// The data of report.html as JSON on one line: what report.json holds of the tests, in rows, with
/// each text once. docs: "The page's data" of the page about reports has its form.
///
///   {"format": 1, "texts": [TEXT…], "verdicts": [WORD…], "outcomes": [WORD…], "tests": [TEST…]}
///   TEST       {"id", "title", "verdict", "length_s", "nodes", "events", "questions",
///              "more_questions", "checks", "load", "requests", "more_requests", "usage"}
///   nodes      [name, kind, version, log, [node read…], [node named…], column, row]
///   events     [at_s, until_s or null, node, what, is_fault]
///   questions  [at_s, duration_ms, node, expr, phase, outcome, text]
///   checks     [name, verdict, node, phase, duration_ms, line, want, got, detail, [warning…]]
///   load       [at_s, duration_ms, late_ms, failed]
///   requests   [mock, at_s, duration_ms or null, query, outcome, status, series, note], by time;
///              of a mock at most 150
///   usage      {"at_s": [at_s…], "nodes": [[node, [CPU percent…], [MiB…]]…]}: a number, or null,
///              for each at_s; at most 32 times
/// Texts are numbers: their index in `texts`; so are verdicts and outcomes.
std::string page_data(const Report& report);

}  // namespace mread::scenarios
