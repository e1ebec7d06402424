#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "rehearse/table/table.h"

namespace mread::rehearse {
namespace {

std::string plural(size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// A column is as wide as its characters, not as its bytes: "…" is one.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Breaks a text at its spaces above 100 columns; each line begins with `indent`.
std::string wrapped(const std::string& text, const std::string& indent) {
  constexpr size_t most = 100;
  std::string out;
  std::string line = indent;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    if (line.size() > indent.size() && width_of(line) + 1 + width_of(word) > most) {
      out += line + "\n";
      line = indent;
    }
    line += (line.size() > indent.size() ? " " : "") + word;
    begin = end + 1;
  }
  return out + line + "\n";
}

// "3 alerts, 1 recorded series, 2 queries"
std::string counted(const std::vector<Question>& questions) {
  std::map<Question::Kind, size_t> counts;
  for (const Question& one : questions) ++counts[one.kind];
  std::vector<std::string> parts;
  if (const size_t n = counts[Question::Kind::alert]; n > 0) parts.push_back(plural(n, "alert"));
  if (const size_t n = counts[Question::Kind::record]; n > 0)
    parts.push_back(fmt::format("{} recorded series", n));
  if (const size_t n = counts[Question::Kind::query]; n > 0)
    parts.push_back(fmt::format("{} {}", n, n == 1 ? "query" : "queries"));
  return comma_list(parts);
}

std::string padded(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, width_of(text)), ' ');
}

// "same", "silent", "silent 4, told 8"
std::string shown(const std::vector<State>& of_questions) {
  std::vector<std::string> parts;
  for (size_t i = states; i-- > 0;) {
    const State state = static_cast<State>(i);
    const auto count = static_cast<size_t>(std::ranges::count(of_questions, state));
    if (count == of_questions.size() && count > 0) return to_string(state);
    if (count > 0) parts.push_back(fmt::format("{} {}", to_string(state), count));
  }
  return comma_list(parts);
}

std::string wait_of(const Rehearsal& rehearsal, const Cell& cell) {
  if (cell.backends.empty()) return "";
  TwinOptions options;
  options.longest_timeout = rehearsal.longest_timeout;
  std::chrono::milliseconds timeout{0};
  for (const size_t one : cell.backends) {
    timeout = std::max(timeout,
                       twin_time(rehearsal.setup, options, rehearsal.setup.backends[one].timeout));
  }
  if (cell.longest_ms < 0.8 * static_cast<double>(timeout.count())) return "";
  return ", after remote_timeout";
}

// What a cell says, with the wait that it costs, and what comes later.
std::string cell_text(const Rehearsal& rehearsal, const Cell& cell) {
  std::string text = shown(cell.of_questions) + wait_of(rehearsal, cell);
  if (!cell.later.empty() && cell.later != cell.of_questions)
    text += "; later " + shown(cell.later);
  return text;
}

const Cell* cell_like(const Table& table, const Cell& cell) {
  for (const Cell& one : table.cells) {
    if (one.failure == cell.failure && one.backends == cell.backends) return &one;
  }
  return nullptr;
}

struct Row {
  std::string failure;
  std::string backends;
  std::vector<std::string> cells;
};

// "us-east", or "us-east + eu" of a pair.
std::string backends_of(const Rehearsal& rehearsal, const Cell& cell) {
  std::string names;
  for (const size_t one : cell.backends)
    names += (names.empty() ? "" : " + ") + rehearsal.setup.backends[one].node;
  return names;
}

// The backends of cells with the same failure.
std::string listed(const Rehearsal& rehearsal, const std::vector<const Cell*>& cells) {
  const size_t all = rehearsal.setup.backends.size();
  if (cells.size() == all && all > 1 && cells.front()->backends.size() == 1) return "any backend";
  std::vector<std::string> names;
  names.reserve(cells.size());
  for (const Cell* one : cells) names.push_back(backends_of(rehearsal, *one));
  return comma_list(names);
}

// A row for each failure; backends with the same cells share one.
std::vector<Row> rows_of(const Rehearsal& rehearsal) {
  std::vector<Row> rows;
  Row healthy{"nothing is broken", "", {}};
  for (const Table& table : rehearsal.tables)
    healthy.cells.push_back(shown(table.healthy.of_questions));
  rows.push_back(std::move(healthy));
  std::vector<std::pair<std::string, std::string>> classes;
  for (const Cell& cell : rehearsal.tables.front().cells) {
    const std::pair<std::string, std::string> one{cell.failure, cell.shown};
    if (std::ranges::find(classes, one) == classes.end()) classes.push_back(one);
  }
  for (const auto& [word, shown_word] : classes) {
    std::vector<std::pair<std::vector<std::string>, std::vector<const Cell*>>> groups;
    for (const Cell& cell : rehearsal.tables.front().cells) {
      if (cell.failure != word) continue;
      std::vector<std::string> texts;
      for (const Table& table : rehearsal.tables) {
        const Cell* same = cell_like(table, cell);
        texts.push_back(same == nullptr ? "not run" : cell_text(rehearsal, *same));
      }
      const auto group =
          std::ranges::find_if(groups, [&texts](const auto& one) { return one.first == texts; });
      if (group != groups.end())
        group->second.push_back(&cell);
      else
        groups.emplace_back(std::move(texts), std::vector<const Cell*>{&cell});
    }
    for (const auto& [texts, cells] : groups)
      rows.push_back({shown_word, listed(rehearsal, cells), texts});
  }
  return rows;
}

std::string table_text(const Rehearsal& rehearsal) {
  const std::vector<Row> rows = rows_of(rehearsal);
  std::vector<std::string> titles{"failure", "backends", "as it is", "with mread serve"};
  titles.resize(2 + rehearsal.tables.size());
  std::vector<std::vector<std::string>> lines{titles};
  std::string last;
  for (const Row& row : rows) {
    lines.push_back({row.failure == last ? "" : row.failure, row.backends});
    lines.back().insert(lines.back().end(), row.cells.begin(), row.cells.end());
    last = row.failure;
  }
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      size_t width = 0;
      for (const auto& other : lines) width = std::max(width, width_of(other[i]));
      text += i + 1 == line.size() ? line[i] : padded(line[i], width + 2);
    }
    out += "  " + text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

// "us-east hung, down; eu hung"
std::string failures_of(const Rehearsal& rehearsal, const std::vector<const Cell*>& cells) {
  std::map<std::string, std::vector<const Cell*>> by_failure;
  std::vector<std::string> order;
  for (const Cell* cell : cells) {
    if (!by_failure.contains(cell->shown)) order.push_back(cell->shown);
    by_failure[cell->shown].push_back(cell);
  }
  std::map<std::string, std::vector<std::string>> failures;  // By backends.
  std::vector<std::string> who;
  for (const std::string& failure : order) {
    const std::string names = listed(rehearsal, by_failure[failure]);
    if (!failures.contains(names)) who.push_back(names);
    failures[names].push_back(failure);
  }
  std::string text;
  for (const std::string& names : who)
    text += (text.empty() ? "" : "; ") + names + ": " + comma_list(failures[names]);
  return text;
}

std::string alerts_text(const Rehearsal& rehearsal, const Table& table) {
  std::string out;
  for (const bool missing : {true, false}) {
    // Alerts with the same cells share a line.
    std::vector<std::pair<std::string, std::vector<std::string>>> lines;
    for (size_t i = 0; i < rehearsal.questions.size(); ++i) {
      std::vector<const Cell*> cells;
      for (const Cell& cell : table.cells) {
        const auto& alerts = missing ? cell.not_firing : cell.firing;
        if (std::ranges::find(alerts, i) != alerts.end()) cells.push_back(&cell);
      }
      if (cells.empty()) continue;
      const std::string where = failures_of(rehearsal, cells);
      const auto line =
          std::ranges::find_if(lines, [&where](const auto& one) { return one.first == where; });
      if (line != lines.end())
        line->second.push_back(rehearsal.questions[i].name);
      else
        lines.push_back({where, {rehearsal.questions[i].name}});
    }
    for (const auto& [where, names] : lines) {
      out +=
          wrapped(comma_list(names) + (missing ? " would not fire, or not for all that it should:"
                                               : " would fire falsely:"),
                  "  ");
      out += wrapped(where, "    ");
    }
  }
  return out;
}

size_t bad_cells(const Table& table, State from) {
  return static_cast<size_t>(std::ranges::count_if(
      table.cells, [from](const Cell& cell) { return cell.worst() >= from; }));
}

std::string indented(const std::string& text) {
  std::string out = "    ";
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out.substr(0, out.find_last_not_of(" \n") + 1) + "\n";
}

std::string mend_text(const TriedMend& mend) {
  std::vector<std::string> lines;
  if (mend.mends.read_recent) lines.emplace_back("read_recent: true");
  if (mend.mends.unfiltered) lines.emplace_back("filter_external_labels: false");
  std::string out = "  With nothing broken, answers are not right. In each entry of remote_read:\n";
  for (const std::string& line : lines) out += "    " + line + "\n";
  return out + "  This was tried: all answers are then right.\n";
}

std::string advice_text(const Rehearsal& rehearsal) {
  std::string out;
  const NodeSetup& setup = rehearsal.setup;
  const Table& direct = rehearsal.tables.front();
  if (rehearsal.mend) out += mend_text(*rehearsal.mend);
  bool has_replicas = false;
  for (size_t i = 0; i < setup.backends.size(); ++i)
    has_replicas = has_replicas || setup.has_replica(i);
  if (!has_replicas) {
    out +=
        "  No backend has a replica: what one holds is lost while it is away. If some hold the "
        "same\n"
        "  data, say so: --replicas " +
        setup.backends.front().node +
        (setup.backends.size() > 1 ? "," + setup.backends[1].node : ",…") + "\n";
  }
  if (rehearsal.tables.size() < 2) return out;
  const Table& served = rehearsal.tables.back();
  const size_t total = direct.cells.size();
  out += fmt::format(
      "  mread serve in front: {} of {} cells are silent or wrong with it ({} without), {} are "
      "not\n"
      "  complete ({} without). Its mread.yml{}:\n",
      bad_cells(served, State::silent), total, bad_cells(direct, State::silent),
      bad_cells(served, State::told), bad_cells(direct, State::told),
      setup.has_credentials ? " (add the credentials of prometheus.yml)" : "");
  return out + indented(mread_yml(setup)) + "  The query node then has\n" +
         indented(served_remote_read(setup, rehearsal.query_timeout));
}

}  // namespace

std::string to_text(const Rehearsal& rehearsal) {
  const NodeSetup& setup = rehearsal.setup;
  std::string out =
      fmt::format("{}: a query node (Prometheus {}) and {}, asked {}\n\n", setup.file,
                  rehearsal.tables.front().version, plural(setup.backends.size(), "backend"),
                  counted(rehearsal.questions));
  size_t width = 0;
  for (const Backend& one : setup.backends) width = std::max(width, one.node.size());
  for (size_t i = 0; i < setup.backends.size(); ++i) {
    std::vector<std::string> replicas;
    for (size_t k = 0; k < setup.backends.size(); ++k) {
      if (k != i && setup.backends[k].group == setup.backends[i].group)
        replicas.push_back(setup.backends[k].node);
    }
    out += "  " + padded(setup.backends[i].node, width + 2) + setup.backends[i].url +
           (replicas.empty() ? "" : "  holds the same as " + comma_list(replicas)) + "\n";
  }
  out += "\n" + table_text(rehearsal);
  out +=
      "\n  same: the right answer. slow: later. told: less, with a warning. failed: an error.\n"
      "  silent: less, and nobody is told. wrong: values that no lost data explain.\n"
      "  Prometheus drops the warnings of rules, so a rule with less data is silent.\n";
  for (const Table& table : rehearsal.tables) {
    const std::string alerts = alerts_text(rehearsal, table);
    if (alerts.empty()) continue;
    out += std::string("\nAlerts") + (table.reader == Reader::served ? ", with mread serve" : "") +
           "\n" + alerts;
  }
  if (const std::string advice = advice_text(rehearsal); !advice.empty())
    out += "\nWhat would mend most of it\n" + advice;
  if (!rehearsal.not_judged.empty()) {
    out += "\nNot judged\n";
    for (const NotJudged& one : rehearsal.not_judged)
      out += fmt::format("  {}: {}: {}\n", one.question.place, one.question.name, one.reason);
  }
  if (!rehearsal.not_run.empty()) {
    out += "\nNot run, for lack of time\n" + wrapped(comma_list(rehearsal.not_run), "  ");
  }
  out += fmt::format(
      "\nThe twin has {} series; a remote_timeout of {} is {} there, and other times are scaled "
      "alike.\n",
      rehearsal.series,
      format_duration(std::ranges::max_element(setup.backends, {}, &Backend::timeout)->timeout),
      format_duration(
          std::min(rehearsal.longest_timeout,
                   std::ranges::max_element(setup.backends, {}, &Backend::timeout)->timeout)));
  for (const std::string& note : rehearsal.notes) out += "note: " + note + "\n";
  return out;
}

}  // namespace mread::rehearse
