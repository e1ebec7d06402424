#include "scenarios/running/timeline_player.h"

#include <algorithm>

#include "base/duration.h"

namespace mread::scenarios {
namespace {

constexpr milliseconds ready_timeout{60'000};

// What takes an act back; the same act where nothing does.
Act opposite(Act act) {
  switch (act) {
    case Act::kill:
    case Act::stop:
      return Act::start;
    case Act::pause:
      return Act::resume;
    case Act::disconnect:
      return Act::connect;
    default:
      return act;
  }
}

bool brings_back(Act act) {
  return act == Act::start || act == Act::restart || act == Act::resume || act == Act::connect;
}

}  // namespace

bool TimelinePlayer::is_undone_by(const Active& active, const TimelineEntry& entry) {
  return active.entry->node == entry.node && active.entry->act &&
         (opposite(*active.entry->act) == *entry.act || *entry.act == Act::restart);
}

Result<void> TimelinePlayer::play(const RunPhase& run_phase,
                                  std::optional<Pace::TimePoint> hold_until, bool undo_at_end,
                                  std::stop_token stop) {
  const Pace::TimePoint begin = pace_.now();
  const std::vector<TimelineEntry>& timeline = test_.timeline;
  for (size_t i = 0; i < timeline.size();) {
    const Pace::TimePoint at = begin + timeline[i].at;
    if (auto done = undo_due(at, stop); !done) return done;
    if (!pace_.wait_until(at, stop)) return fail(Errc::canceled, "canceled");
    const std::string phase = timeline[i].phase;
    const milliseconds step = timeline[i].at;
    for (; i < timeline.size() && timeline[i].at == step; ++i) {
      if (auto applied = apply(timeline[i], begin, stop); !applied) {
        return fail(applied.error().in("timeline, line " + std::to_string(timeline[i].line)));
      }
    }
    note_span();
    run_phase(phase, away());
    if (stop.stop_requested()) return fail(Errc::canceled, "canceled");
  }
  if (!undo_at_end) {
    note_span();
    if (in_span_) spans_.back().end = pace_.now();
    return {};
  }
  if (auto done = undo_due(std::nullopt, stop); !done) return done;
  if (hold_until && !pace_.wait_until(*hold_until, stop)) return fail(Errc::canceled, "canceled");
  while (!active_.empty()) {
    const Active last = active_.back();
    active_.pop_back();
    if (auto undone = undo(last, stop); !undone) return undone;
  }
  note_span();
  return {};
}

Result<void> TimelinePlayer::apply(const TimelineEntry& entry, Pace::TimePoint begin,
                                   std::stop_token stop) {
  std::optional<Pace::TimePoint> end;
  if (entry.lasts) end = begin + entry.at + *entry.lasts;
  if (entry.act) {
    if (auto done = do_act(entry.node, *entry.act, stop); !done) return done;
    if (brings_back(*entry.act)) {
      recorder_.note_event(entry.node, to_string(*entry.act));
      for (const Active& active : active_) {
        if (is_undone_by(active, entry)) recorder_.end_fault(*active.entry);
      }
      // What this takes back needs no undoing any more.
      std::erase_if(active_, [&](const Active& active) { return is_undone_by(active, entry); });
    } else {
      active_.push_back({&entry, end});
      recorder_.begin_fault(entry);
    }
    return {};
  }
  active_.push_back({&entry, end});
  if (entry.node.empty()) return {};
  if (auto set = set_faults(entry.node, stop); !set) return set;
  recorder_.begin_fault(entry);
  return {};
}

Result<void> TimelinePlayer::undo(const Active& active, std::stop_token stop) {
  const TimelineEntry& entry = *active.entry;
  if (entry.node.empty()) return {};
  auto undone =
      entry.act ? do_act(entry.node, opposite(*entry.act), stop) : set_faults(entry.node, stop);
  if (undone) recorder_.end_fault(entry);
  return undone;
}

Result<void> TimelinePlayer::undo_due(std::optional<Pace::TimePoint> limit, std::stop_token stop) {
  while (true) {
    const auto first =
        std::min_element(active_.begin(), active_.end(), [](const Active& a, const Active& b) {
          return a.end.value_or(Pace::TimePoint::max()) < b.end.value_or(Pace::TimePoint::max());
        });
    if (first == active_.end() || !first->end || (limit && *first->end > *limit)) return {};
    if (!pace_.wait_until(*first->end, stop)) return fail(Errc::canceled, "canceled");
    const Active due = *first;
    active_.erase(first);
    if (auto undone = undo(due, stop); !undone) return undone;
    note_span();
  }
}

Result<void> TimelinePlayer::set_faults(const std::string& node, std::stop_token stop) {
  // A mock takes its faults as one list: those of every entry in force, in the file's order.
  std::string faults;
  for (const Active& active : active_) {
    if (active.entry->node == node && !active.entry->act)
      faults += (faults.empty() ? "" : ",") + active.entry->fault;
  }
  return asker_.set_faults(node, "[" + faults + "]", stop);
}

Result<void> TimelinePlayer::do_act(const std::string& node, Act act, std::stop_token stop) {
  if (auto done = topology_.act(node, act, stop); !done)
    return fail(done.error().in(std::string(to_string(act)) + " " + node));
  if (!brings_back(act)) return {};
  if (auto ready = topology_.wait_ready(node, ready_timeout, stop); !ready)
    return fail(ready.error().in(node));
  return {};
}

std::set<std::string> TimelinePlayer::away() const {
  std::set<std::string> nodes;
  for (const Active& active : active_) {
    if (!active.entry->node.empty()) nodes.insert(active.entry->node);
  }
  return nodes;
}

void TimelinePlayer::note_span() {
  const Pace::TimePoint now = pace_.now();
  if (!active_.empty() && !in_span_) {
    spans_.push_back({now, Pace::TimePoint::max()});
    in_span_ = true;
  } else if (active_.empty() && in_span_) {
    spans_.back().end = now;
    in_span_ = false;
  }
}

}  // namespace mread::scenarios
