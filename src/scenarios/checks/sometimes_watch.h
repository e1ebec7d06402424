#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/model/invariant.h"
#include "scenarios/model/results.h"

namespace mread::scenarios {

/// Watches whether what a test is about has happened at all: its `sometimes:` invariants. A test in
/// which a failover never came has shown nothing about failovers, though all its checks pass.
/// One thread.
class SometimesWatch {
 public:
  /// The invariants outlive it; those of other subjects are passed over.
  explicit SometimesWatch(const std::vector<Invariant>& invariants);

  /// A question of a check with its answer: `outcome` is failed, told or complete, `text` the error
  /// or the warnings.
  void note(const AskedQuestion& question);
  /// A result for each of them: a pass, or inconclusive. `log_of` gives what a node has written: its output, or
  /// a file of its folder.
  std::vector<CheckResult> results(
      const std::function<std::string(const std::string& node, const std::string& file)>& log_of)
      const;

 private:
  struct Watched {
    const Invariant* invariant;
    std::string seen;  // What it was seen in; empty: not yet.
  };
  std::vector<Watched> watched_;
};

}  // namespace mread::scenarios
