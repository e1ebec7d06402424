#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "rehearse/setup/setup.h"
#include "rehearse/twin/twin.h"

namespace mread::rehearse {

/// What a question gets while a backend is broken, from harmless to bad.
enum class State {
  same,    ///< the right answer, as quick as ever
  slow,    ///< the right answer, later
  told,    ///< less than the right answer, with a warning
  failed,  ///< an error
  silent,  ///< less than the right answer, and nobody is told
  wrong,   ///< values that no lost data explain, and nobody is told
};
inline constexpr size_t states = 6;
/// The enumerator's name.
const char* to_string(State state);

/// One cell: a failure of a backend, or a pair of failures, and what all questions get.
struct Cell {
  std::string failure;              ///< PlannedCell::word; empty: nothing is broken
  std::string shown;                ///< PlannedCell::shown
  std::string name;                 ///< PlannedCell::name()
  std::vector<size_t> backends;     ///< that are broken: none, one or two
  std::vector<State> of_questions;  ///< by question of the table
  /// The same a little later, when circuit breakers know of the failure; empty: not asked again.
  std::vector<State> later;
  double longest_ms = 0;
  std::vector<size_t> not_firing;  ///< alerts that should fire, and would not
  std::vector<size_t> firing;      ///< alerts that should not fire, and would
  std::string example;             ///< an error or a warning of a question

  State worst() const;
  size_t count(State state) const;
};

/// The cells of one topology.
struct Table {
  Reader reader = Reader::direct;
  std::string version;  ///< of the query node, exact
  Cell healthy;
  std::vector<Cell> cells;
};

/// A question that is not in the tables, and why.
struct NotJudged {
  Question question;
  std::string reason;
};

/// A change that was tried: with nothing broken, all questions get the right answer with it.
struct TriedMend {
  Mends mends;
  Cell healthy;
};

struct Rehearsal {
  NodeSetup setup;
  std::vector<Question> questions;
  std::vector<NotJudged> not_judged;
  size_t series = 0;                             ///< in the twin's backends together, each once
  std::chrono::milliseconds longest_timeout{0};  ///< of the twin
  std::chrono::milliseconds query_timeout{0};    ///< of the set-up
  std::vector<Table> tables;
  std::optional<TriedMend> mend;
  std::vector<std::string> not_run;  ///< cells for which the budget was too small
  std::vector<std::string> notes;
  uint64_t seed = 0;
  double duration_s = 0;
};

/// The table as text, for a terminal.
std::string to_text(const Rehearsal& rehearsal);

/// The same as one JSON object.
std::string to_json(const Rehearsal& rehearsal);

/// A demand on the table of the set-up as it is: "told" (nothing is silent or wrong), "complete"
/// (everything is same or slow), "answered" (nothing fails), each for all cells, or with ":replica"
/// for those of one backend that has a replica, or with ":FAILURE" for one class of failures.
struct Requirement {
  std::string text;
  enum class What { told, complete, answered } what = What::told;
  std::string of;  ///< "", "replica", or one of cell_words()
};

/// Reads a comma-separated list. Errors (Errc::config): a word that is none, with the nearest.
Result<std::vector<Requirement>> parse_requirements(const std::string& text);

/// The cells that do not meet a requirement, a line each.
std::vector<std::string> unmet(const Rehearsal& rehearsal, const Requirement& requirement);

}  // namespace mread::rehearse
