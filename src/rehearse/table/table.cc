#include "rehearse/table/table.h"

#include <algorithm>

#include "base/nearest.h"
#include "rehearse/twin/planned_cells.h"

namespace mread::rehearse {

const char* to_string(State state) {
  switch (state) {
    case State::same:
      return "same";
    case State::slow:
      return "slow";
    case State::told:
      return "told";
    case State::failed:
      return "failed";
    case State::silent:
      return "silent";
    case State::wrong:
      return "wrong";
  }
  return "";
}

State Cell::worst() const {
  return of_questions.empty() ? State::same : *std::ranges::max_element(of_questions);
}

size_t Cell::count(State state) const {
  return static_cast<size_t>(std::ranges::count(of_questions, state));
}

namespace {

Result<Requirement> parse_requirement(const std::string& text) {
  Requirement requirement;
  requirement.text = text;
  const size_t colon = std::min(text.find(':'), text.size());
  const std::string what = text.substr(0, colon);
  const std::vector<std::string> whats{"told", "complete", "answered"};
  const auto known = std::ranges::find(whats, what);
  if (known == whats.end()) {
    return fail(Errc::config,
                "\"" + what + "\" is no requirement" + suggestion(what, whats, "there are "));
  }
  requirement.what = static_cast<Requirement::What>(known - whats.begin());
  if (colon == text.size()) return requirement;
  requirement.of = text.substr(colon + 1);
  std::vector<std::string> ofs = cell_words();
  ofs.emplace_back("replica");
  if (std::ranges::find(ofs, requirement.of) == ofs.end()) {
    return fail(Errc::config, "\"" + requirement.of + "\" is no class of failures" +
                                  suggestion(requirement.of, ofs, "there are "));
  }
  return requirement;
}

bool meets(const Cell& cell, Requirement::What what) {
  switch (what) {
    case Requirement::What::told:
      return cell.count(State::silent) == 0 && cell.count(State::wrong) == 0;
    case Requirement::What::complete:
      return cell.worst() <= State::slow;
    case Requirement::What::answered:
      return cell.count(State::failed) == 0;
  }
  return false;
}

}  // namespace

Result<std::vector<Requirement>> parse_requirements(const std::string& text) {
  std::vector<Requirement> requirements;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    auto one = parse_requirement(text.substr(begin, end - begin));
    if (!one) return fail(one.error());
    requirements.push_back(std::move(*one));
    begin = end + 1;
  }
  return requirements;
}

std::vector<std::string> unmet(const Rehearsal& rehearsal, const Requirement& requirement) {
  std::vector<std::string> lines;
  const Table& table = rehearsal.tables.front();
  if (requirement.of.empty() && !meets(table.healthy, requirement.what))
    lines.push_back(std::string("nothing is broken: ") + to_string(table.healthy.worst()));
  for (const Cell& cell : table.cells) {
    if (requirement.of == "replica" &&
        (cell.backends.size() != 1 || !rehearsal.setup.has_replica(cell.backends.front())))
      continue;
    if (!requirement.of.empty() && requirement.of != "replica" && requirement.of != cell.failure)
      continue;
    if (meets(cell, requirement.what)) continue;
    lines.push_back(cell.name + ": " + to_string(cell.worst()));
  }
  return lines;
}

}  // namespace mread::rehearse
