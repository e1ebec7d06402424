#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rehearse/setup/setup.h"
#include "rehearse/twin/twin.h"

namespace mread::rehearse {

/// One cell of the table before it has run: what is broken at the same time.
struct PlannedCell {
  std::string word;            ///< a Failure::word, or that of a pair: "down+down"
  std::string shown;           ///< "hung", "one down, one hung"
  std::vector<Broken> broken;  ///< one backend, or two

  std::string name(const NodeSetup& setup) const;  ///< "us-east hung", "us-east slow, eu down"
  std::vector<size_t> backends() const;
  bool only_loses() const;  ///< Failure::only_loses of all
  bool is_quick() const;    ///< Failure::is_quick of all
};

/// Which cells run; an empty list means all.
struct CellChoice {
  std::vector<std::string> failures;  ///< words, of single failures and of pairs
  std::vector<std::string> backends;  ///< nodes; a pair is chosen if both of its own are
};

/// The cells of a set-up, the most telling first: each failure of each backend, then the pairs of
/// failures that the structure makes interesting. Of each two replicas: both down, both hung, one
/// down and one hung, one slow and one down. Of two backends that are no replicas, the first ones:
/// one slow and one down.
std::vector<PlannedCell> plan_cells(const NodeSetup& setup, const TwinOptions& options,
                                    const CellChoice& choice);

/// The words of all failures and pairs.
std::vector<std::string> cell_words();

}  // namespace mread::rehearse
