#include "mockstore/faults/fault_schedule.h"

#include <algorithm>
#include <utility>

namespace mread::mockstore {

void FaultChain::apply(Step step, std::vector<Step>& out) {
  out.clear();
  if (finished_) return;
  out.push_back(std::move(step));
  for (Link& link : links_) {
    scratch_.clear();
    std::swap(scratch_, out);
    for (Step& one : scratch_) {
      link.stage->take(std::move(one), out);
      if (!out.empty() && is_last(out.back())) break;
    }
  }
  finished_ = !out.empty() && is_last(out.back());
}

bool FaultSchedule::Entry::refuses() const {
  return std::any_of(rule.faults.begin(), rule.faults.end(),
                     [](const auto& fault) { return fault->refuses(); });
}

void FaultSchedule::set(std::vector<FaultRule> rules, Time now) {
  std::vector<Entry> entries;
  for (FaultRule& rule : rules) {
    Entry entry;
    entry.from = now + rule.at;
    if (rule.duration) entry.until = entry.from + *rule.duration;
    entry.rule = std::move(rule);
    entries.push_back(std::move(entry));
  }
  const std::lock_guard lock(mutex_);
  entries_ = std::move(entries);
}

FaultChain FaultSchedule::decide(uint64_t ordinal, Time now) {
  FaultChain chain;
  const std::lock_guard lock(mutex_);
  uint64_t salt = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    const uint64_t rule_salt = salt;
    salt += 1 + entry.rule.faults.size();
    if (!entry.stands(now)) continue;
    if (entry.rule.first && entry.asked++ >= *entry.rule.first) continue;
    Draw chance(seed_, node_, ordinal, rule_salt);
    if (entry.rule.probability < 1 && chance.unit() >= entry.rule.probability) continue;
    for (size_t k = 0; k < entry.rule.faults.size(); ++k) {
      const auto& fault = entry.rule.faults[k];
      Draw draw(seed_, node_, ordinal, rule_salt + 1 + k);
      fault->shape(chain.shape_, draw);
      if (auto stage = fault->start(draw)) chain.links_.push_back({fault, std::move(stage)});
      chain.names_.emplace_back(fault->name());
    }
  }
  return chain;
}

bool FaultSchedule::refusing(Time now) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(),
                     [now](const Entry& entry) { return entry.refuses() && entry.stands(now); });
}

std::optional<FaultSchedule::Time> FaultSchedule::next_change(Time now) const {
  std::optional<Time> next;
  const auto consider = [&](Time time) {
    if (time > now && (!next || time < *next)) next = time;
  };
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (!entry.refuses()) continue;
    consider(entry.from);
    if (entry.until) consider(*entry.until);
  }
  return next;
}

std::string FaultSchedule::to_json() const {
  const std::lock_guard lock(mutex_);
  std::string text = "[";
  for (const Entry& entry : entries_) {
    if (text.size() > 1) text += ",";
    text += entry.rule.notation;
  }
  return text + "]";
}

}  // namespace mread::mockstore
