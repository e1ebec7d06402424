#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scenarios/model/scenario.h"
#include "scenarios/running/asker.h"

namespace mread::scenarios {

/// The union of all nodes' data, in a Prometheus of its own. Answers are compared with its answers.
///
/// What it holds   Every series that a data node (one that does not read remotely) gives over
///                 remote read, so with its external labels; and the input_series of query nodes;
///                 not what rules of query nodes make (checks/oracle_scope.h). Replica labels are
///                 taken off. Of two values at the same time the one of the node that stands first
///                 in the file counts; conflicts() counts the rest.
/// When            sync() reads what the nodes have gained since; a node that is away (killed,
///                 paused, …) is passed over and read again the next time.
///
/// Not thread-safe.
class Oracle {
 public:
  /// `node` is the Prometheus that holds the union; it runs already.
  Oracle(const Test& test, std::string node, std::vector<std::string> replica_labels, Asker& asker);

  /// Reads every data node that is not `away` up to `end_ms`, and writes what is new. Errors: a
  /// node that does not answer; Errc::not_found if the union is empty, because nothing could be
  /// compared with it.
  Result<void> sync(int64_t end_ms, const std::set<std::string>& away, std::stop_token stop);

  QueryAnswer instant(const std::string& expr, int64_t time_ms, std::stop_token stop);
  QueryAnswer range(const std::string& expr, int64_t start_ms, int64_t end_ms, milliseconds step,
                    std::stop_token stop);

  size_t series() const { return known_.size(); }
  size_t conflicts() const { return conflicts_; }
  /// The time of the newest sample; empty if there is none.
  std::optional<int64_t> newest_ms() const { return newest_ms_; }

 private:
  struct KnownSeries {
    std::map<int64_t, uint64_t> samples;
    std::map<int64_t, model::Histogram> histograms;
  };
  struct Source {
    std::string node;
    int64_t read_up_to_ms;
    bool is_static;  ///< its data do not grow
  };

  Result<void> add(std::vector<model::Series> series, std::stop_token stop);

  const Test& test_;
  std::string node_;
  std::vector<std::string> replica_labels_;
  Asker& asker_;
  std::vector<Source> sources_;
  std::map<model::LabelSet, KnownSeries> known_;
  size_t conflicts_ = 0;
  std::optional<int64_t> newest_ms_;
  bool query_nodes_added_ = false;
};

}  // namespace mread::scenarios
