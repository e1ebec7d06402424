#include "rehearse/twin/planned_cells.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace mread::rehearse {
namespace {

struct PairKind {
  std::string_view word;
  std::string_view shown;
  std::string_view first;  // Failure::word
  std::string_view second;
  bool of_replicas_only;
};

constexpr PairKind pair_kinds[] = {
    {"down+down", "both down", "down", "down", true},
    {"hung+hung", "both hung", "hung", "hung", true},
    {"down+hung", "one down, one hung", "down", "hung", true},
    {"slow+down", "one slow, one down", "slow", "down", false},
};

bool is_chosen(const std::vector<std::string>& chosen, std::string_view word) {
  return chosen.empty() || std::ranges::find(chosen, word) != chosen.end();
}

class Planner {
 public:
  Planner(const NodeSetup& setup, const TwinOptions& options, const CellChoice& choice)
      : setup_(setup), options_(options), choice_(choice) {}

  std::vector<PlannedCell> plan() {
    for (const std::string& word : failure_words()) {
      for (size_t i = 0; i < setup_.backends.size(); ++i) {
        const Failure failure = failure_of(i, word);
        add({word, std::string(failure.shown), {{i, failure}}});
      }
    }
    for (const PairKind& kind : pair_kinds) {
      for (const auto& [first, second] : pairs_of(kind)) {
        add({std::string(kind.word),
             std::string(kind.shown),
             {{first, failure_of(first, kind.first)}, {second, failure_of(second, kind.second)}}});
      }
    }
    return std::move(cells_);
  }

 private:
  Failure failure_of(size_t backend, std::string_view word) const {
    const std::vector<Failure> all =
        failures(twin_time(setup_, options_, setup_.backends[backend].timeout));
    return *std::ranges::find(all, word, &Failure::word);
  }

  std::vector<std::pair<size_t, size_t>> pairs_of(const PairKind& kind) const {
    std::vector<std::pair<size_t, size_t>> pairs;
    std::optional<std::pair<size_t, size_t>> apart;
    for (size_t i = 0; i < setup_.backends.size(); ++i) {
      for (size_t k = i + 1; k < setup_.backends.size(); ++k) {
        if (setup_.backends[i].group == setup_.backends[k].group) {
          pairs.emplace_back(i, k);
        } else if (!apart) {
          apart.emplace(i, k);
        }
      }
    }
    if (apart && !kind.of_replicas_only) pairs.push_back(*apart);
    return pairs;
  }

  void add(PlannedCell cell) {
    const bool fits = is_chosen(choice_.failures, cell.word) &&
                      std::ranges::all_of(cell.broken, [this](const Broken& one) {
                        return is_chosen(choice_.backends, setup_.backends[one.backend].node);
                      });
    if (fits) cells_.push_back(std::move(cell));
  }

  const NodeSetup& setup_;
  const TwinOptions& options_;
  const CellChoice& choice_;
  std::vector<PlannedCell> cells_;
};

}  // namespace

std::string PlannedCell::name(const NodeSetup& setup) const {
  std::string out;
  for (const Broken& one : broken) {
    out += (out.empty() ? "" : ", ") + setup.backends[one.backend].node + " " +
           std::string(one.failure.shown);
  }
  return out;
}

std::vector<size_t> PlannedCell::backends() const {
  std::vector<size_t> out;
  for (const Broken& one : broken) out.push_back(one.backend);
  return out;
}

bool PlannedCell::only_loses() const {
  return std::ranges::all_of(broken, [](const Broken& one) { return one.failure.only_loses; });
}

bool PlannedCell::is_quick() const {
  return std::ranges::all_of(broken, [](const Broken& one) { return one.failure.is_quick; });
}

std::vector<PlannedCell> plan_cells(const NodeSetup& setup, const TwinOptions& options,
                                    const CellChoice& choice) {
  return Planner(setup, options, choice).plan();
}

std::vector<std::string> cell_words() {
  std::vector<std::string> words = failure_words();
  for (const PairKind& kind : pair_kinds) words.emplace_back(kind.word);
  return words;
}

}  // namespace mread::rehearse
