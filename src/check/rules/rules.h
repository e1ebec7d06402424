#pragma once

#include "check/finding/report.h"
#include "check/input/input.h"

namespace mread::check {

// The rules, a file for each subject. Each function judges its rules for the whole input, or tells
// the report what it needs to judge them.

/// MR001, MR002, MR003, MR007, MR008, MR009, MR031: which data a query gets.
void check_selection(const Input& input, Report& report);
/// MR004, MR005, MR034, MR035: who waits for whom.
void check_timeouts(const Input& input, Report& report);
/// MR006, MR028: what rules are evaluated on.
void check_expressions(const Input& input, Report& report);
/// MR010, MR011, MR012: whether the backend serves remote reads.
void check_stores(const Input& input, Report& report);
/// MR013 to MR018: credentials and connections.
void check_access(const Input& input, Report& report);
/// MR019 to MR025: versions, encodings and limits of both sides.
void check_versions(const Input& input, Report& report);
/// MR026, MR027, MR032: who scrapes what.
void check_replicas(const Input& input, Report& report);
/// MR029, MR030, MR033, MR036: who reads whom.
void check_topology(const Input& input, Report& report);

}  // namespace mread::check
