#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "merger/members/breaker.h"
#include "merger/select/prune.h"

namespace mread::serve {

/// What a backend's catalog is like, for the status page.
struct CatalogStanding {
  std::shared_ptr<const merger::Catalog> catalog;  ///< none yet, or none at all
  bool suspect = false;
  std::string last_error;  ///< of the last refresh; empty where that has succeeded
};

/// What is known of the backends of a configuration, for reads; without `prune:` it is nothing.
/// Safe to use from several threads.
class Catalogs {
 public:
  /// `previous` may be null; a backend of the same name and URL keeps what is known of it.
  explicit Catalogs(const config::Config& config, const Catalogs* previous = nullptr);

  bool enabled() const { return settings_.has_value(); }
  /// By backend, for merger::FanOutOptions.
  std::vector<merger::Knowledge> knowledge() const;
  std::vector<CatalogStanding> standings() const;

  /// The backend cannot be reached: until the next refresh it is asked in any case, for it may come
  /// back with other data.
  void gone(size_t backend);

  /// When the next refresh is to begin; empty where none is wanted any more.
  std::optional<TimePoint> due(size_t backend) const;
  /// A refresh begins; what it returns goes to learned().
  uint64_t begin(size_t backend, TimePoint now);
  void learned(size_t backend, uint64_t begun, merger::Catalog catalog);
  /// What is known stays. `retry`: when to try again, from the begin of the one that failed.
  void failed(size_t backend, std::string error, std::chrono::milliseconds retry);
  /// No more refreshes: another configuration has taken over.
  void retire();

 private:
  struct Entry {
    std::string name;
    std::string url;
    bool learns = false;
    CatalogStanding standing;
    uint64_t times_gone = 0;
    TimePoint begun;
    TimePoint due;
  };

  const std::optional<merger::PruneSettings> settings_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  bool retired_ = false;
};

}  // namespace mread::serve
