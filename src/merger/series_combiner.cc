#include "merger/series_combiner.h"

#include <algorithm>
#include <tuple>

#include "wire/histogram_chunk.h"
#include "wire/histogram_proto.h"
#include "wire/samples_response.h"
#include "wire/xor_chunk.h"

namespace mread::merger {
namespace {

tl::unexpected<SourceError> blame(uint32_t source, const Error& error) {
  return tl::unexpected<SourceError>(SourceError{source, error});
}

bool same_chunk(const wire::ChunkView& a, const wire::ChunkView& b) {
  return a.min_time_ms == b.min_time_ms && a.max_time_ms == b.max_time_ms && a.encoding == b.encoding &&
         a.data == b.data;
}

Result<void> append_samples(std::string_view entries, std::vector<model::Sample>& out) {
  wire::SamplesReader reader(entries);
  for (model::Sample sample; reader.next(sample);) out.push_back(sample);
  if (!reader.ok()) return fail(*reader.error());
  return {};
}

MixedSample mixed_of(uint32_t source, model::Sample sample) {
  MixedSample mixed;
  mixed.timestamp_ms = sample.timestamp_ms;
  mixed.source = source;
  mixed.bits = sample.bits;
  return mixed;
}

MixedSample mixed_of(uint32_t source, const model::HistogramSample& sample) {
  MixedSample mixed;
  mixed.timestamp_ms = sample.timestamp_ms;
  mixed.source = source;
  mixed.is_histogram = true;
  mixed.histogram = sample.histogram;
  return mixed;
}

Result<void> append_mixed(const wire::ChunkView& chunk, uint32_t source, std::vector<MixedSample>& out) {
  if (chunk.encoding == wire::ChunkEncoding::xor_) {
    wire::XorReader reader(chunk.data);
    for (model::Sample sample; reader.next(sample);) out.push_back(mixed_of(source, sample));
    if (!reader.ok()) return fail(*reader.error());
    return {};
  }
  wire::HistogramChunkReader reader(chunk.encoding == wire::ChunkEncoding::float_histogram, chunk.data);
  while (reader.next()) out.push_back(mixed_of(source, reader.sample()));
  if (reader.error()) return fail(*reader.error());
  return {};
}

Result<void> append_mixed(const Fragment& fragment, std::vector<MixedSample>& out) {
  wire::SamplesReader reader(fragment.samples);
  for (model::Sample sample; reader.next(sample);) out.push_back(mixed_of(fragment.source, sample));
  if (!reader.ok()) return fail(*reader.error());
  wire::HistogramEntries entries(fragment.histograms);
  for (std::string_view message; entries.next(message);) {
    auto sample = wire::parse_histogram_message(message);
    if (!sample) return fail(std::move(sample).error());
    out.push_back(mixed_of(fragment.source, *sample));
  }
  return {};
}

}  // namespace

Result<void> append_samples(const wire::ChunkView& chunk, std::vector<model::Sample>& out) {
  wire::XorReader reader(chunk.data);
  for (model::Sample sample; reader.next(sample);) out.push_back(sample);
  if (!reader.ok()) return fail(*reader.error());
  return {};
}

SourceResult<void> SeriesCombiner::combine(std::span<const Fragment> fragments, SeriesParts& out) {
  refs_.clear();
  bool sampled = false;
  for (const Fragment& fragment : fragments) {
    sampled = sampled || fragment.is_samples;
    for (const wire::ChunkView& chunk : fragment.chunks) {
      refs_.push_back({&chunk, fragment.source, static_cast<uint32_t>(refs_.size())});
    }
  }
  std::sort(refs_.begin(), refs_.end(), [](const ChunkRef& a, const ChunkRef& b) {
    return std::tie(a.chunk->min_time_ms, a.chunk->max_time_ms, a.source, a.order) <
           std::tie(b.chunk->min_time_ms, b.chunk->max_time_ms, b.source, b.order);
  });
  const auto last = std::unique(refs_.begin(), refs_.end(),
                                [](const ChunkRef& a, const ChunkRef& b) { return same_chunk(*a.chunk, *b.chunk); });
  refs_.erase(last, refs_.end());
  if (sampled) return merge(refs_, fragments, out);

  for (size_t begin = 0; begin < refs_.size();) {
    int64_t max_time_ms = refs_[begin].chunk->max_time_ms;
    size_t end = begin + 1;
    for (; end < refs_.size() && refs_[end].chunk->min_time_ms <= max_time_ms; ++end) {
      max_time_ms = std::max(max_time_ms, refs_[end].chunk->max_time_ms);
    }
    const auto put = end - begin == 1 ? out.chunk(*refs_[begin].chunk, refs_[begin].source)
                                      : merge(std::span(refs_).subspan(begin, end - begin), {}, out);
    if (!put) return put;
    begin = end;
  }
  return {};
}

SourceResult<void> SeriesCombiner::merge(std::span<ChunkRef> chunks, std::span<const Fragment> sampled,
                                         SeriesParts& out) {
  std::sort(chunks.begin(), chunks.end(), [](const ChunkRef& a, const ChunkRef& b) {
    return std::tie(a.source, a.chunk->min_time_ms, a.order) < std::tie(b.source, b.chunk->min_time_ms, b.order);
  });
  const bool histograms =
      std::any_of(chunks.begin(), chunks.end(),
                  [](const ChunkRef& ref) { return ref.chunk->encoding != wire::ChunkEncoding::xor_; }) ||
      std::any_of(sampled.begin(), sampled.end(), [](const Fragment& f) { return !f.histograms.empty(); });
  return histograms ? merge_all_kinds(chunks, sampled, out) : merge_floats(chunks, sampled, out);
}

std::vector<model::Sample>& SeriesCombiner::open_run() {
  if (open_runs_ == runs_.size()) runs_.emplace_back();
  std::vector<model::Sample>& run = runs_[open_runs_++];
  run.clear();
  return run;
}

// A run has to be strictly increasing. One that is not comes from a source with overlapping chunks, duplicates, or
// samples out of order, which Prometheus's client would pass on as they are.
void SeriesCombiner::close_run(std::vector<model::Sample>& run) {
  const auto lapse = std::adjacent_find(run.begin(), run.end(), [](const model::Sample& a, const model::Sample& b) {
    return a.timestamp_ms >= b.timestamp_ms;
  });
  if (lapse == run.end()) return;
  std::stable_sort(run.begin(), run.end(),
                   [](const model::Sample& a, const model::Sample& b) { return a.timestamp_ms < b.timestamp_ms; });
  size_t kept = 0;
  for (size_t i = 1; i < run.size(); ++i) {
    if (run[i].timestamp_ms != run[kept].timestamp_ms) {
      run[++kept] = run[i];
    } else if (run[i].bits != run[kept].bits) {
      ++conflicts_;
      run[kept] = resolve_conflict(rule_, run[kept], run[i]);
    }
  }
  run.resize(kept + 1);
}

SourceResult<void> SeriesCombiner::merge_floats(std::span<ChunkRef> chunks, std::span<const Fragment> sampled,
                                                SeriesParts& out) {
  open_runs_ = 0;
  views_.clear();
  const ChunkRef* chunk = chunks.data();
  const ChunkRef* chunks_end = chunk + chunks.size();
  const Fragment* fragment = sampled.data();
  const Fragment* fragments_end = fragment + sampled.size();
  while (fragment != fragments_end && !fragment->is_samples) ++fragment;
  while (chunk != chunks_end || fragment != fragments_end) {
    const uint32_t source = chunk == chunks_end         ? fragment->source
                            : fragment == fragments_end ? chunk->source
                                                        : std::min(chunk->source, fragment->source);
    std::vector<model::Sample>& run = open_run();
    for (; chunk != chunks_end && chunk->source == source; ++chunk) {
      if (auto read = append_samples(*chunk->chunk, run); !read) return blame(source, read.error());
    }
    while (fragment != fragments_end && fragment->source == source) {
      if (auto read = append_samples(fragment->samples, run); !read) return blame(source, read.error());
      do ++fragment;
      while (fragment != fragments_end && !fragment->is_samples);
    }
    close_run(run);
  }
  for (size_t i = 0; i < open_runs_; ++i) views_.emplace_back(runs_[i]);
  if (views_.size() == 1) return views_[0].empty() ? SourceResult<void>() : out.samples(views_[0]);
  chain_.reset(views_);
  size_t total = 0;
  for (const auto& view : views_) total += view.size();
  if (merged_.size() < total) merged_.resize(total);
  size_t size = 0;
  for (model::Sample sample; chain_.next(sample);) merged_[size++] = sample;
  return size == 0 ? SourceResult<void>() : out.samples(std::span(merged_).first(size));
}

SourceResult<void> SeriesCombiner::merge_all_kinds(std::span<ChunkRef> chunks, std::span<const Fragment> sampled,
                                                   SeriesParts& out) {
  mixed_.clear();
  for (const ChunkRef& ref : chunks) {
    if (auto read = append_mixed(*ref.chunk, ref.source, mixed_); !read) return blame(ref.source, read.error());
  }
  for (const Fragment& fragment : sampled) {
    if (!fragment.is_samples) continue;
    if (auto read = append_mixed(fragment, mixed_); !read) return blame(fragment.source, read.error());
  }
  merge_mixed(mixed_, rule_, conflicts_);
  return mixed_.empty() ? SourceResult<void>() : out.mixed(mixed_);
}

}  // namespace mread::merger
