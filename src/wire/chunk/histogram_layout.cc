#include "wire/chunk/histogram_layout.h"

namespace mread::wire {

namespace {

std::vector<int64_t> bucket_indices(const std::vector<model::BucketSpan>& spans) {
  std::vector<int64_t> indices;
  indices.reserve(bucket_count(spans));
  int64_t next = 0;
  for (const model::BucketSpan& span : spans) {
    next += span.offset;
    for (uint32_t i = 0; i < span.length; ++i) indices.push_back(next++);
  }
  return indices;
}

}  // namespace

SideMerge merge_side(const std::vector<model::BucketSpan>& chunk,
                     const std::vector<model::BucketSpan>& sample) {
  const std::vector<int64_t> a = bucket_indices(chunk);
  const std::vector<int64_t> b = bucket_indices(sample);
  SideMerge merge;
  int64_t behind = 0;  // the index after the last bucket
  for (size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    const bool from_a = j == b.size() || (i < a.size() && a[i] <= b[j]);
    const bool from_b = i == a.size() || (j < b.size() && b[j] <= a[i]);
    const int64_t index = from_a ? a[i] : b[j];
    if (merge.positions.empty() || index != behind) {
      merge.spans.push_back({static_cast<int32_t>(index - behind), 0});
    }
    ++merge.spans.back().length;
    behind = index + 1;
    merge.positions.push_back(
        {from_a ? static_cast<int64_t>(i) : -1, from_b ? static_cast<int64_t>(j) : -1});
    merge.chunk_grows |= !from_a;
    merge.sample_grows |= !from_b;
    i += from_a ? 1 : 0;
    j += from_b ? 1 : 0;
  }
  return merge;
}

std::vector<uint64_t> widen(const std::vector<uint64_t>& values,
                            const std::vector<SideMerge::Position>& positions,
                            int64_t SideMerge::Position::*member) {
  std::vector<uint64_t> out;
  out.reserve(positions.size());
  for (const SideMerge::Position& place : positions) {
    const int64_t at = place.*member;
    out.push_back(at < 0 ? 0 : values[static_cast<size_t>(at)]);
  }
  return out;
}

}  // namespace mread::wire
