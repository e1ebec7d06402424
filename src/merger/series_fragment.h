#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "wire/chunked_series.h"

namespace mread::merger {

/// Of Fragment::common: the labels are those of the series before; nothing is known of them.
inline constexpr size_t same_labels = SIZE_MAX;
inline constexpr size_t unknown_common = SIZE_MAX - 1;

/// What one source says of one series: a frame of a streamed answer, or a series of a SAMPLES answer, as views of the
/// bytes that came. A source may hold several fragments of one series.
struct Fragment {
  std::shared_ptr<const void> pin;         ///< keeps the bytes behind every view
  std::shared_ptr<const void> labels_pin;  ///< keeps `labels` where they had to be written anew
  std::string_view labels;                 ///< canonical wire bytes, without replica labels
  size_t common = unknown_common;          ///< bytes of the entries that `labels` share with the fragment before
  std::string_view replica;                ///< the replica labels that were taken off; one replica's are equal
  uint32_t source = 0;                     ///< on ties, the lowest wins
  uint32_t group = 0;                      ///< sources of one group are replicas of each other

  /// Streamed: the whole frame, checksum included, where it holds this series alone in canonical form with its chunks
  /// one after another, so that it can be passed on as it came; else empty.
  std::string_view frame;
  boost::container::small_vector<wire::ChunkView, 1> chunks;

  /// SAMPLES: the entries, and the whole message where its labels are canonical (else empty).
  bool is_samples = false;
  std::string_view samples;
  std::string_view histograms;
  std::string_view body;

  bool newer_chunks = false;  ///< holds chunks of an encoding that not every client reads (wire::is_newer)
  uint64_t sample_count = 0;  ///< what the chunks' headers claim; 0 for SAMPLES
  size_t bytes = 0;           ///< on the wire, for accounting
};

/// A failure of one source's data, found while they were merged.
struct SourceError {
  size_t source = 0;
  Error error;
};

template <class T>
using SourceResult = tl::expected<T, SourceError>;

}  // namespace mread::merger
