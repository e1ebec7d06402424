#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "merger/series_fragment.h"

namespace mread::merger {

struct SourceOptions;

/// The part of a SeriesSource whose body is a SAMPLES answer.
///
/// Input    the body in pieces; nothing is known of it before its end. Its series need not be sorted: in one that is
///          not, that is no lapse of the backend's.
/// Output   after end(), the series in order, each once, with all its fragments.
/// Memory   the whole body.
/// Errors   of feed() and end(), all final: see SeriesSource.
/// The options are always those of the one source. Not thread-safe.
class SampledAnswer {
 public:
  Result<void> feed(std::shared_ptr<const std::string> piece, const SourceOptions& options);
  Result<void> end(uint32_t source, const SourceOptions& options);
  /// Drops everything.
  void clear();

  bool empty() const { return next_ == fragments_.size(); }
  /// The labels of the first series; not empty.
  std::string_view front() const { return fragments_[next_].labels; }
  /// What they have in common with those of the series that was taken before (Fragment::common).
  size_t front_common() const { return fragments_[next_].common; }
  /// Moves all fragments of the first series to the end of `out`; not empty.
  void pop_series(std::vector<Fragment>& out);

  size_t held() const { return bytes_; }
  bool over_limit() const { return over_limit_; }
  /// That the answer holds, wanted or not.
  uint64_t series() const { return series_; }

 private:
  Result<void> exceed(std::string what);

  std::vector<std::shared_ptr<const std::string>> pieces_;
  std::vector<Fragment> fragments_;  // Sorted.
  size_t next_ = 0;                  // The first of them that was not taken.
  size_t bytes_ = 0;                 // Of the body, later of the fragments.
  uint64_t series_ = 0;
  bool over_limit_ = false;
};

}  // namespace mread::merger
