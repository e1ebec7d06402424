#include <boost/json.hpp>

#include "rehearse/table/table.h"

namespace mread::rehearse {
namespace {

namespace json = boost::json;

const char* to_string(Question::Kind kind) {
  switch (kind) {
    case Question::Kind::query:
      return "query";
    case Question::Kind::alert:
      return "alert";
    case Question::Kind::record:
      return "record";
  }
  return "";
}

json::object object_of(const Question& question) {
  return {{"name", question.name},
          {"expr", question.expr},
          {"place", question.place},
          {"kind", to_string(question.kind)}};
}

json::array names(const Rehearsal& rehearsal, const std::vector<size_t>& questions) {
  json::array out;
  for (const size_t one : questions) out.emplace_back(rehearsal.questions[one].name);
  return out;
}

json::object object_of(const Rehearsal& rehearsal, const Cell& cell) {
  json::object counts;
  for (size_t i = 0; i < states; ++i) {
    const State state = static_cast<State>(i);
    if (cell.count(state) > 0) counts[rehearse::to_string(state)] = cell.count(state);
  }
  json::array each;
  for (const State state : cell.of_questions) each.emplace_back(rehearse::to_string(state));
  json::object out{{"worst", rehearse::to_string(cell.worst())},
                   {"counts", std::move(counts)},
                   {"questions", std::move(each)},
                   {"longest_ms", cell.longest_ms},
                   {"not_firing", names(rehearsal, cell.not_firing)},
                   {"firing", names(rehearsal, cell.firing)}};
  if (!cell.later.empty()) {
    json::array later;
    for (const State state : cell.later) later.emplace_back(rehearse::to_string(state));
    out["later"] = std::move(later);
  }
  if (!cell.backends.empty()) {
    out["backend"] = rehearsal.setup.backends[cell.backends.front()].node;
    out["failure"] = cell.failure;
  }
  if (cell.backends.size() > 1)
    out["second_backend"] = rehearsal.setup.backends[cell.backends.back()].node;
  if (!cell.example.empty()) out["example"] = cell.example;
  return out;
}

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  for (const std::string& one : list) out.emplace_back(one);
  return out;
}

}  // namespace

std::string to_json(const Rehearsal& rehearsal) {
  json::array backends;
  for (const Backend& one : rehearsal.setup.backends) {
    backends.push_back(json::object{{"name", one.node},
                                    {"url", one.url},
                                    {"remote_timeout_ms", one.timeout.count()},
                                    {"group", one.group}});
  }
  json::array questions;
  for (const Question& one : rehearsal.questions) questions.push_back(object_of(one));
  json::array not_judged;
  for (const NotJudged& one : rehearsal.not_judged) {
    json::object object = object_of(one.question);
    object["reason"] = one.reason;
    not_judged.push_back(std::move(object));
  }
  json::array tables;
  for (const Table& table : rehearsal.tables) {
    json::array cells;
    for (const Cell& cell : table.cells) cells.push_back(object_of(rehearsal, cell));
    tables.push_back(
        json::object{{"reader", table.reader == Reader::served ? "mread serve" : "query node"},
                     {"version", table.version},
                     {"healthy", object_of(rehearsal, table.healthy)},
                     {"cells", std::move(cells)}});
  }
  json::object out{{"format", 1},
                   {"file", rehearsal.setup.file},
                   {"seed", rehearsal.seed},
                   {"duration_s", rehearsal.duration_s},
                   {"series", rehearsal.series},
                   {"longest_timeout_ms", rehearsal.longest_timeout.count()},
                   {"backends", std::move(backends)},
                   {"questions", std::move(questions)},
                   {"not_judged", std::move(not_judged)},
                   {"tables", std::move(tables)},
                   {"not_run", texts(rehearsal.not_run)},
                   {"notes", texts(rehearsal.notes)},
                   {"mread_yml", mread_yml(rehearsal.setup)}};
  if (rehearsal.mend) {
    out["mend"] = {{"read_recent", rehearsal.mend->mends.read_recent},
                   {"filter_external_labels", !rehearsal.mend->mends.unfiltered}};
  }
  return json::serialize(out) + "\n";
}

}  // namespace mread::rehearse
