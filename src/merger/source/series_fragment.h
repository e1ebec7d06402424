#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "merger/memory/budget.h"
#include "wire/streamed/chunked_series.h"

namespace mread::merger {

/// Of Fragment::common: the labels are those of the series before; nothing is known of them.
inline constexpr uint32_t same_labels = UINT32_MAX;
inline constexpr uint32_t unknown_common = UINT32_MAX - 1;

/// Bytes that views point into, for as long as somebody holds it. It counts without locks: a read
/// and all that belongs to it are one thread's at a time.
class Block : public boost::intrusive_ref_counter<Block, boost::thread_unsafe_counter> {
 public:
  /// `charge`: of the bytes, where nobody else has counted them.
  explicit Block(std::shared_ptr<const void> bytes, Charge charge = {})
      : bytes_(std::move(bytes)), charge_(std::move(charge)) {}

 private:
  std::shared_ptr<const void> bytes_;
  Charge charge_;
};
using Pin = boost::intrusive_ptr<const Block>;

/// A block with these bytes, which `view` then shows.
Pin pin_copy(std::string bytes, std::string_view& view, const AccountPtr& account);

/// The piece, which counts for `account` as long as somebody holds it, be it for one byte of it.
std::shared_ptr<const std::string> counted(std::shared_ptr<const std::string> piece,
                                           const AccountPtr& account);

/// What one source says of one series: a frame of a streamed answer, or a series of a SAMPLES
/// answer, as views of the bytes that came. A source may hold several fragments of one series.
///
/// Very many are held at a time, so what few of them have is kept apart.
struct Fragment {
  struct Rare : boost::intrusive_ref_counter<Rare, boost::thread_unsafe_counter> {
    Pin labels_pin;            ///< keeps `labels` where they had to be rewritten
    std::string_view replica;  ///< the replica labels that were taken off; one replica's are equal
    std::string_view histograms;          ///< SAMPLES: the entries
    std::vector<wire::ChunkView> chunks;  ///< streamed: where they do not stand together
    Charge charge;                        ///< of this
  };

  Pin pin;                  ///< keeps the bytes behind every view
  std::string_view labels;  ///< canonical wire bytes, without replica labels
  /// The whole of it, to be passed on as it came. Streamed: the frame, checksum included, where it
  /// holds this series alone in canonical form with its chunks one after another; SAMPLES: the
  /// message, where its labels are canonical. Else empty.
  std::string_view whole;
  /// Streamed: the chunks' entries (wire::ChunkView::wire), where they stand together; SAMPLES: the
  /// samples' entries.
  std::string_view entries;
  boost::intrusive_ptr<Rare> rare;  ///< shared by copies: it is not changed once there is one
  uint64_t sample_count = 0;        ///< what the chunks' headers claim; 0 for SAMPLES
  size_t bytes = 0;  ///< on the wire, and not less than a Fragment takes: what windows are made of
  /// Bytes of the entries that `labels` share with the fragment before.
  uint32_t common = unknown_common;
  uint32_t source = 0;  ///< on ties, the lowest wins
  uint32_t group = 0;   ///< sources of one group are replicas of each other
  bool is_samples = false;
  /// Holds chunks of an encoding that not every client reads (wire::is_newer).
  bool newer_chunks = false;

  /// To be filled in; before the fragment is copied.
  Rare& own_rare() {
    if (!rare) rare = new Rare();
    return *rare;
  }
  /// Counts what is rare of it, once that is complete.
  void charge_rare(const AccountPtr& account) {
    if (!rare || rare->charge.bytes() > 0) return;
    rare->charge = Charge(account, sizeof(Rare) + object_overhead +
                                       rare->chunks.capacity() * sizeof(wire::ChunkView));
  }
  std::string_view replica() const { return rare ? rare->replica : std::string_view(); }
  std::string_view histograms() const { return rare ? rare->histograms : std::string_view(); }
  /// Appends the chunks; views of bytes that the pin keeps. None for SAMPLES.
  void list_chunks(std::vector<wire::ChunkView>& out) const;
  /// Keeps `labels`.
  const Pin& labels_pin() const { return rare && rare->labels_pin ? rare->labels_pin : pin; }
};

/// A failure of one source's data, found while they were merged.
struct SourceError {
  size_t source = 0;
  Error error;
};

template <class T>
using SourceResult = tl::expected<T, SourceError>;

}  // namespace mread::merger
