#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "mockstore/faults/fault_schedule.h"
#include "mockstore/store/journal.h"
#include "mockstore/store/store_answer.h"
#include "mockstore/store/store_config.h"
#include "mockstore/store/upstream_answer.h"
#include "mockstore/tsdb/dataset.h"

namespace mread::mockstore {

class Store;

/// One request to a store: the steps of its answer, faults included, and its entry in the journal.
/// The server carries the steps out and reports each result here. An exchange that is destroyed
/// before its end counts as one whose client closed the connection.
///
/// Not thread-safe.
class Exchange {
 public:
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// The next steps, at least one; `out` is overwritten. Bytes of bodies live until the next call.
  /// After a HangStep, EndStep or AbortStep there are none. Of a store with an upstream there are
  /// none either while the answer needs input.
  void next(std::vector<Step>& out);
  /// Where the upstream's answer is to be reported; null for a store with data of its own.
  UpstreamAnswer* upstream() { return upstream_.get(); }

  void sent_head(int status, std::string_view content_type);
  void sent_body(uint64_t bytes);
  void ended(JournalEntry::Outcome outcome);

 private:
  friend class Store;
  Exchange(Store& store, uint64_t ordinal, FaultChain faults)
      : store_(store), ordinal_(ordinal), faults_(std::move(faults)) {}

  std::optional<Step> next_of_answer();
  const ReadQueries& request() const { return upstream_ ? upstream_->request() : own_->request(); }
  const AnswerSummary& summary() const {
    return upstream_ ? upstream_->summary() : own_->summary();
  }

  Store& store_;
  const uint64_t ordinal_;
  FaultChain faults_;
  // One of the two.
  std::unique_ptr<StoreAnswer> own_;
  std::unique_ptr<UpstreamAnswer> upstream_;
  bool ended_ = false;
};

/// A mock store without its sockets: data or the name of an upstream, faults, journal. Thread-safe.
class Store {
 public:
  /// Errors: as Dataset::create. `time` outlives the store.
  static Result<std::unique_ptr<Store>> create(const StoreConfig& config, uint64_t seed,
                                               const TimeSource& time);

  /// Accepts a request. The exchange must not outlive the store.
  std::unique_ptr<Exchange> begin(std::string_view body, std::string peer);
  /// Why a request with these headers is refused, or nothing (StoreAuth). The journal shows a
  /// refused request with status 401.
  std::optional<std::string> refuse(const net::Headers& headers, std::string_view body,
                                    const std::string& peer);

  /// Replaces the faults; their `at` counts from now.
  void set_faults(std::vector<FaultRule> rules);

  FaultSchedule& faults() { return faults_; }
  Journal& journal() { return journal_; }
  const Dataset& dataset() const { return *dataset_; }
  const TimeSource& time() const { return time_; }
  const std::string& name() const { return name_; }
  bool has_upstream() const { return !upstream_.empty(); }
  const StoreAuth& auth() const { return auth_; }

 private:
  Store(const StoreConfig& config, uint64_t seed, const TimeSource& time,
        std::shared_ptr<const Dataset> dataset);

  const std::string name_;
  const std::string upstream_;  // HOST:PORT; empty: none.
  const AnswerOptions options_;
  const StoreAuth auth_;
  const TimeSource& time_;
  /// The data with the changes of the faults that act on one answer.
  std::shared_ptr<const Dataset> dataset_with(const DataChange& change);

  const std::shared_ptr<const Dataset> dataset_;
  std::mutex changed_mutex_;
  std::map<DataChange, std::shared_ptr<const Dataset>> changed_;  // At most `most_changed`.
  FaultSchedule faults_;
  Journal journal_;
  std::atomic<uint64_t> next_ordinal_{0};
};

}  // namespace mread::mockstore
