#include "merger/combine/dedup_policy.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace mread::merger {
namespace {

// Whether runs follow on each other in the order of their numbers.
[[maybe_unused]] bool are_sorted(std::span<const SeriesRun> runs) {
  return std::is_sorted(runs.begin(), runs.end(), [](const SeriesRun& a, const SeriesRun& b) {
    return std::tie(a.group, a.source, a.replica) < std::tie(b.group, b.source, b.replica);
  });
}

// `dedup: union`: all samples of all sources. What a source says is one run.
class Union final : public DedupPolicy {
 public:
  void list_runs(std::span<const Fragment> fragments, std::vector<SeriesRun>& runs) override {
    runs.clear();
    for (const Fragment& fragment : fragments) {
      if (runs.empty() || runs.back().source != fragment.source)
        runs.push_back({0, fragment.source, {}});
    }
    assert(are_sorted(runs));
  }

  uint32_t run_of(const Fragment& fragment, std::span<const SeriesRun> runs,
                  uint32_t last) const override {
    if (runs[last].source == fragment.source) return last;
    const auto run = std::find_if(runs.begin(), runs.end(), [&fragment](const SeriesRun& each) {
      return each.source == fragment.source;
    });
    assert(run != runs.end());
    return static_cast<uint32_t>(run - runs.begin());
  }

  bool choose_chunks(std::vector<ChunkRef>&, std::span<const SeriesRun>) override { return true; }
  bool takes_one_for_all() const override { return true; }
  void choose_samples(std::vector<View>&, std::span<const uint32_t>,
                      std::span<const SeriesRun>) override {}
  void choose_mixed(std::vector<MixedSample>&, std::span<const SeriesRun>) override {}
  const ConflictCount& conflicts() const override { return none_; }
  size_t memory() const override { return 0; }
  void release() override {}

 private:
  ConflictCount none_;
};

// `dedup: gapfill`: of each group one run, made by GapFill. The replicas of a source are runs of
// their own.
class FilledGaps final : public DedupPolicy {
 public:
  void list_runs(std::span<const Fragment> fragments, std::vector<SeriesRun>& runs) override {
    runs.clear();
    const auto key = [](const SeriesRun& each) {
      return std::tie(each.group, each.source, each.replica);
    };
    for (const Fragment& fragment : fragments) {
      const SeriesRun run{fragment.group, fragment.source, fragment.replica()};
      const auto place = std::lower_bound(
          runs.begin(), runs.end(), run,
          [&key](const SeriesRun& a, const SeriesRun& b) { return key(a) < key(b); });
      if (place == runs.end() || key(*place) != key(run)) runs.insert(place, run);
    }
    assert(are_sorted(runs));
  }

  uint32_t run_of(const Fragment& fragment, std::span<const SeriesRun> runs,
                  uint32_t last) const override {
    const auto is_of = [&fragment](const SeriesRun& run) {
      return run.source == fragment.source && run.replica == fragment.replica();
    };
    if (is_of(runs[last])) return last;
    const auto run = std::find_if(runs.begin(), runs.end(), is_of);
    assert(run != runs.end());
    return static_cast<uint32_t>(run - runs.begin());
  }

  // For each group of which one replica has all the chunks: drops the others'. False where some
  // group has no such replica.
  bool choose_chunks(std::vector<ChunkRef>& chunks, std::span<const SeriesRun> runs) override {
    if (runs.size() <= 1) return true;
    const auto group = [runs](const ChunkRef& ref) { return runs[ref.run].group; };
    std::sort(chunks.begin(), chunks.end(), [&group](const ChunkRef& a, const ChunkRef& b) {
      return std::make_tuple(group(a), a.chunk->min_time_ms, a.chunk->max_time_ms, a.run, a.order) <
             std::make_tuple(group(b), b.chunk->min_time_ms, b.chunk->max_time_ms, b.run, b.order);
    });
    kept_.clear();
    for (size_t begin = 0; begin < chunks.size();) {
      size_t end = begin + 1;
      while (end < chunks.size() && group(chunks[end]) == group(chunks[begin])) ++end;
      if (!leave_to_one(std::span(chunks).subspan(begin, end - begin))) return false;
      begin = end;
    }
    std::swap(chunks, kept_);
    return true;
  }

  // GapFill leaves samples out, so a run that has all of them is not the result.
  bool takes_one_for_all() const override { return false; }

  // Makes one view of those of each group.
  void choose_samples(std::vector<View>& views, std::span<const uint32_t> numbers,
                      std::span<const SeriesRun> runs) override {
    assert(views.size() == numbers.size());
    size_t groups = 0;
    for (size_t begin = 0; begin < numbers.size(); ++groups) {
      size_t end = begin + 1;
      while (end < numbers.size() && runs[numbers[end]].group == runs[numbers[begin]].group) ++end;
      if (filled_.size() == groups) filled_.emplace_back();
      std::vector<model::Sample>& filled = filled_[groups];
      const auto of_group = std::span<const GapFill::Run>(views).subspan(begin, end - begin);
      filled.clear();
      for (const SampleRef ref : gap_fill_.select(of_group))
        filled.push_back(of_group[ref.run][ref.index]);
      begin = end;
    }
    views.clear();
    for (size_t i = 0; i < groups; ++i) views.emplace_back(filled_[i]);
  }

  void choose_mixed(std::vector<MixedSample>& samples, std::span<const SeriesRun> runs) override {
    for (size_t begin = 0; begin < runs.size();) {
      size_t end = begin + 1;
      while (end < runs.size() && runs[end].group == runs[begin].group) ++end;
      if (end - begin > 1) {
        fill_mixed_gaps(samples, static_cast<uint32_t>(begin), static_cast<uint32_t>(end),
                        gap_fill_);
      }
      begin = end;
    }
  }

  const ConflictCount& conflicts() const override { return gap_fill_.conflicts(); }

  size_t memory() const override {
    const auto of = [](const auto& list) { return list.capacity() * sizeof(list[0]); };
    size_t bytes = of(kept_) + of(holders_) + of(next_holders_) + of(filled_);
    for (const auto& filled : filled_) bytes += of(filled);
    return bytes + gap_fill_.memory();
  }

  void release() override {
    // Assigning {} would keep their memory.
    decltype(kept_)().swap(kept_);
    decltype(filled_)().swap(filled_);
  }

 private:
  // `of_group`: one group's chunks by time. Which run has every chunk is told by times, since no
  // two different chunks may have the same.
  bool leave_to_one(std::span<const ChunkRef> of_group) {
    const bool alone =
        std::all_of(of_group.begin(), of_group.end(),
                    [&of_group](const ChunkRef& ref) { return ref.run == of_group[0].run; });
    const auto same_times = [](const ChunkRef& a, const ChunkRef& b) {
      return a.chunk->min_time_ms == b.chunk->min_time_ms &&
             a.chunk->max_time_ms == b.chunk->max_time_ms;
    };
    for (size_t begin = 0; begin < of_group.size();) {
      next_holders_.clear();
      size_t end = begin;
      for (; end < of_group.size() && same_times(of_group[begin], of_group[end]); ++end) {
        if (!same_chunk(*of_group[begin].chunk, *of_group[end].chunk) && !alone) return false;
        const uint32_t run = of_group[end].run;
        const bool still =
            begin == 0 || std::find(holders_.begin(), holders_.end(), run) != holders_.end();
        if (still && (next_holders_.empty() || next_holders_.back() != run))
          next_holders_.push_back(run);
      }
      std::swap(holders_, next_holders_);
      if (holders_.empty()) return false;
      begin = end;
    }
    for (const ChunkRef& ref : of_group) {
      if (ref.run == holders_.front()) kept_.push_back(ref);
    }
    return true;
  }

  GapFill gap_fill_;
  std::vector<ChunkRef> kept_;
  std::vector<uint32_t> holders_;  // Runs that have every chunk so far.
  std::vector<uint32_t> next_holders_;
  std::vector<std::vector<model::Sample>> filled_;  // By group.
};

}  // namespace

std::unique_ptr<DedupPolicy> make_dedup_policy(Dedup dedup) {
  switch (dedup) {
    case Dedup::union_:
      return std::make_unique<Union>();
    case Dedup::gapfill:
      return std::make_unique<FilledGaps>();
  }
  assert(false);
  return std::make_unique<Union>();
}

}  // namespace mread::merger
