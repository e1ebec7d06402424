#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merger/answer/batch.h"
#include "merger/answer/client_class.h"
#include "merger/combine/conflict.h"
#include "merger/combine/series_combiner.h"
#include "merger/policy/policy.h"
#include "merger/source/samples_answer.h"
#include "merger/source/series_fragment.h"
#include "model/query.h"

namespace mread::merger {

struct AnswerCounts {
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t frames_passed_on = 0;
  uint64_t conflicts = 0;
  /// Chunks rewritten in an older encoding, by wire::newer_encodings.
  std::array<uint64_t, 3> transcoded{};
  LeftOut left_out{};  ///< series that the client would refuse
};

/// The source that is to blame is no source: the answer itself is too large.
inline constexpr size_t no_source = SIZE_MAX;

/// Writes an answer, series by series, into a Batch.
///
/// Input    The series of the first query in order, then the second's, …; each once, with all its
///          fragments.
/// Output   As the kind says. A failed write() has written nothing; the same series may be tried
///          again with fewer fragments. A series that the client's class refuses is left out, and
///          counted as such only.
/// Errors   Of write(): as SeriesCombiner, with the source to blame; no_source with Errc::limit
///          where limits.series, limits.samples or limits.bytes_in_flight would be exceeded.
/// Memory   Counts for `account`.
/// Not thread-safe. Tested by fan_out_test.cc.
class AnswerWriter {
 public:
  AnswerWriter(const Policy& policy, AccountPtr account, ClientClass client = ClientClass::v3_5)
      : policy_(policy),
        client_(client),
        account_(std::move(account)),
        charge_(account_),
        combiner_(policy.on_conflict, policy.dedup, account_->budget()) {}
  virtual ~AnswerWriter() = default;

  virtual const char* content_type() const = 0;
  virtual const char* content_encoding() const = 0;
  /// Whether bytes can leave before finish().
  virtual bool streams() const = 0;

  virtual void begin_result(size_t query_index, const model::Query& query) = 0;
  virtual SourceResult<void> write(std::vector<Fragment>& fragments, Batch& batch) = 0;
  /// Passes a SAMPLES body on as it came, in place of write() for all of its series, if it holds
  /// what they would make, and nothing that the client refuses: then it gives their number. For the
  /// only result of an answer.
  virtual std::optional<uint64_t> pass_on(SamplesAnswer::Pieces body);
  /// What was held back, until the batch has `batch_bytes`. Whether that was all; else it is to be
  /// called again.
  virtual bool finish(Batch& batch, size_t batch_bytes) = 0;
  /// Gives back what it holds: nothing more is written.
  virtual void release() noexcept = 0;

  AnswerCounts counts() const;
  /// The first series with conflicts, ten at most.
  const std::vector<SeriesConflict>& conflicts() const { return conflicts_; }

 protected:
  /// SeriesCombiner's, with a note of conflicts.
  SourceResult<void> combine(std::span<const Fragment> fragments, SeriesParts& out);
  SourceResult<void> count_series(uint64_t samples) {
    const auto& limits = policy_.limits;
    const bool within = (limits.series == 0 || counts_.series < limits.series) &&
                        (limits.samples == 0 || counts_.samples + samples <= limits.samples);
    if (!within) [[unlikely]]
      return too_large(samples);
    ++counts_.series;
    counts_.samples += samples;
    return {};
  }
  SourceResult<void> check_samples(uint64_t more) const;
  /// Whether the series is to be left out for its labels, and is counted as left out then.
  bool leaves_out(std::string_view labels) {
    if (takes_all(client_)) [[likely]]
      return false;
    const auto refused = refused_label(client_, labels);
    if (refused) leave_out(*refused);
    return refused.has_value();
  }
  void leave_out(Refusal refusal) { ++counts_.left_out[static_cast<size_t>(refusal)]; }
  /// Whether `more` bytes may be taken for the answer.
  SourceResult<void> check_room(uint64_t more) const {
    if (account_->budget().has_room(more)) [[likely]]
      return {};
    return too_many_bytes();
  }
  size_t combiner_memory() const { return combiner_.memory(); }
  bool combiner_has_grown() const { return combiner_.has_grown(); }
  void release_combiner() { combiner_.release(); }

  const Policy& policy_;
  const ClientClass client_;
  const AccountPtr account_;
  Charge charge_;
  AnswerCounts counts_;

 private:
  SourceResult<void> too_large(uint64_t samples) const;
  SourceResult<void> too_many_bytes() const;

  SeriesCombiner combiner_;
  std::vector<SeriesConflict> conflicts_;
};

/// Whether every fragment says the same as the first, byte for byte.
bool all_identical(std::span<const Fragment> fragments);

/// The range that samples of a query's answer lie in: the query's, narrowed by the hints' where
/// they have one, as Prometheus's own servers do.
struct TimeRange {
  int64_t first_ms;
  int64_t last_ms;
  bool contains(int64_t timestamp_ms) const {
    return timestamp_ms >= first_ms && timestamp_ms <= last_ms;
  }
};
TimeRange answered_range(const model::Query& query);

}  // namespace mread::merger
