#include "serve/catalog/catalogs.h"

#include <algorithm>
#include <utility>

namespace mread::serve {

Catalogs::Catalogs(const config::Config& config, const Catalogs* previous)
    : settings_(config.prune) {
  if (!settings_) return;
  for (size_t i = 0; i < config.backends.size(); ++i) {
    Entry entry;
    entry.name = config.backends[i].name;
    entry.url = config.endpoints[i].url;
    entry.learns = settings_->learns(i);
    entries_.push_back(std::move(entry));
  }
  if (previous == nullptr) return;
  const std::lock_guard lock(previous->mutex_);
  for (Entry& entry : entries_) {
    const auto same = std::find_if(
        previous->entries_.begin(), previous->entries_.end(),
        [&entry](const Entry& old) { return old.name == entry.name && old.url == entry.url; });
    if (same == previous->entries_.end() || !same->learns || !entry.learns) continue;
    entry = *same;
    // One that is under way belongs to the old configuration.
    entry.due = std::min(entry.due, entry.begun + settings_->refresh);
  }
}

std::vector<merger::Knowledge> Catalogs::knowledge() const {
  std::vector<merger::Knowledge> knowledge;
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_)
    knowledge.push_back({entry.standing.catalog, entry.standing.suspect});
  return knowledge;
}

std::vector<CatalogStanding> Catalogs::standings() const {
  std::vector<CatalogStanding> standings;
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) standings.push_back(entry.standing);
  return standings;
}

void Catalogs::gone(size_t backend) {
  const std::lock_guard lock(mutex_);
  if (backend >= entries_.size()) return;
  entries_[backend].standing.suspect = true;
  ++entries_[backend].times_gone;
}

std::optional<TimePoint> Catalogs::due(size_t backend) const {
  const std::lock_guard lock(mutex_);
  if (retired_ || backend >= entries_.size() || !entries_[backend].learns) return std::nullopt;
  return entries_[backend].due;
}

uint64_t Catalogs::begin(size_t backend, TimePoint now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[backend];
  entry.begun = now;
  entry.due = now + settings_->refresh;
  return entry.times_gone;
}

void Catalogs::learned(size_t backend, uint64_t begun, merger::Catalog catalog) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[backend];
  entry.standing.catalog = std::make_shared<const merger::Catalog>(std::move(catalog));
  entry.standing.last_error.clear();
  // One that went away meanwhile may have come back with other data.
  if (entry.times_gone == begun) entry.standing.suspect = false;
}

void Catalogs::failed(size_t backend, std::string error, std::chrono::milliseconds retry) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[backend];
  entry.standing.last_error = std::move(error);
  entry.due = entry.begun + retry;
}

void Catalogs::retire() {
  const std::lock_guard lock(mutex_);
  retired_ = true;
}

}  // namespace mread::serve
