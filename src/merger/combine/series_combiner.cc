#include "merger/combine/series_combiner.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <tuple>

#include <fmt/format.h>

#include "merger/combine/sample_order.h"
#include "wire/chunk/chunk_samples.h"
#include "wire/proto/proto_reader.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/sample_entries.h"
#include "wire/samples/samples_response.h"
#include "wire/streamed/chunk_check.h"

namespace mread::merger {
namespace {

// Assigning {} would keep the list's memory.
template <class List>
void give_back(List& list) {
  List().swap(list);
}

tl::unexpected<SourceError> blame(uint32_t source, const Error& error) {
  return tl::unexpected<SourceError>(SourceError{source, error});
}

struct Origin {
  uint32_t source;
  uint32_t run;
};

MixedSample mixed_of(Origin origin, model::Sample sample) {
  MixedSample mixed;
  mixed.timestamp_ms = sample.timestamp_ms;
  mixed.source = origin.source;
  mixed.run = origin.run;
  mixed.bits = sample.bits;
  return mixed;
}

MixedSample mixed_of(Origin origin, const model::HistogramSample& sample) {
  MixedSample mixed;
  mixed.timestamp_ms = sample.timestamp_ms;
  mixed.source = origin.source;
  mixed.run = origin.run;
  mixed.is_histogram = true;
  mixed.histogram = sample.histogram;
  return mixed;
}

// At most so many samples are read of a chunk: what it claims to hold is believed as far as its
// bytes go.
size_t most_samples(const wire::ChunkView& chunk) {
  const size_t a_byte = chunk.encoding == wire::ChunkEncoding::xor2 ? 8 : 4;
  return std::min<size_t>(wire::claimed_samples(chunk.encoding, chunk.data),
                          chunk.data.size() * a_byte);
}

// Of SAMPLES; counted only where it matters, which is `many` bytes.
size_t most_samples(std::string_view entries, uint64_t many) {
  constexpr size_t least_entry = 2;
  if (entries.size() / least_entry * sizeof(model::Sample) <= many)
    return entries.size() / wire::zero_entry + 1;
  size_t count = 0;
  wire::SamplesReader reader(entries);
  for (model::Sample sample; reader.next(sample);) ++count;
  return count;
}

// What a chunk claims to hold is believed as far as its bytes go: an XOR chunk's sample takes two
// bits at the least, an XOR2 chunk's one. One that claims more cannot be read to the end of even
// that many.
template <class Reader>
Result<void> append_samples(Reader& reader, size_t samples_a_byte, const wire::ChunkView& chunk,
                            std::vector<model::Sample>& memory, size_t& size) {
  const size_t most = std::min<size_t>(reader.count(), chunk.data.size() * samples_a_byte);
  if (memory.size() < size + most) memory.resize(size + most);
  size += reader.read(std::span(memory).subspan(size, most));
  if (!reader.ok()) return fail(*reader.error());
  return {};
}

// Puts them behind the first `size` samples of `memory`, which grows where it has to, and only
// then. Whether all are known to be strictly increasing, with the one before.
Result<bool> append_samples(const wire::ChunkView& chunk, std::vector<model::Sample>& memory,
                            size_t& size) {
  const size_t begin = size;
  if (chunk.encoding == wire::ChunkEncoding::xor2) {
    wire::Xor2Reader reader(chunk.data);
    if (auto read = append_samples(reader, 8, chunk, memory, size); !read)
      return fail(std::move(read).error());
    return false;
  }
  wire::XorReader reader(chunk.data);
  if (auto read = append_samples(reader, 4, chunk, memory, size); !read)
    return fail(std::move(read).error());
  const bool follows =
      begin == 0 || begin == size || memory[begin - 1].timestamp_ms < memory[begin].timestamp_ms;
  return follows && reader.is_increasing();
}

// The same of SAMPLES.
Result<bool> append_samples(std::string_view entries, std::vector<model::Sample>& memory,
                            size_t& size) {
  const size_t begin = size;
  if (const auto plain = wire::read_plain_samples(entries, memory, begin)) {
    size += plain->count;
    return begin == 0 || begin == size || memory[begin - 1].timestamp_ms < plain->first_ms;
  }
  memory.resize(begin);
  wire::SamplesReader reader(entries);
  for (model::Sample sample; reader.next(sample);) memory.push_back(sample);
  if (!reader.ok()) return fail(*reader.error());
  size = memory.size();
  return false;
}

bool same_samples(std::span<const model::Sample> a, std::span<const model::Sample> b) {
  static_assert(sizeof(model::Sample) == 16);
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

// Of strictly increasing samples.
bool contains(std::span<const model::Sample> all, std::span<const model::Sample> some) {
  if (some.empty()) return true;
  if (some.size() > all.size() || some.front().timestamp_ms < all.front().timestamp_ms ||
      some.back().timestamp_ms > all.back().timestamp_ms) {
    return false;
  }
  const auto earlier = [](const model::Sample& a, const model::Sample& b) {
    return a.timestamp_ms < b.timestamp_ms;
  };
  auto at = std::lower_bound(all.begin(), all.end(), some.front(), earlier);
  // Mostly all follow on each other in both.
  const auto from = all.subspan(static_cast<size_t>(at - all.begin()));
  if (from.size() >= some.size() && same_samples(from.first(some.size()), some)) return true;
  for (const model::Sample& sample : some) {
    while (at != all.end() && earlier(*at, sample)) ++at;
    if (at == all.end() || *at != sample) return false;
    ++at;
  }
  return true;
}

}  // namespace

Result<void> append_samples(const wire::ChunkView& chunk, std::vector<model::Sample>& out) {
  size_t size = out.size();
  auto read = append_samples(chunk, out, size);
  out.resize(size);
  if (!read) return fail(std::move(read).error());
  return {};
}

const SampleConflict& SeriesCombiner::last_conflict() const {
  if (chain_.conflicts().count() != chain_conflicts_before_) return chain_.conflicts().last();
  if (conflicts_.count() != own_conflicts_before_) return conflicts_.last();
  return dedup_->conflicts().last();
}

size_t SeriesCombiner::memory() const {
  const auto of = [](const auto& list) { return list.capacity() * sizeof(list[0]); };
  size_t bytes = of(runs_) + of(chunks_) + of(refs_) + of(samples_) + of(decoded_) +
                 of(decoded_chunks_) + of(to_keep_) + of(views_) + of(view_runs_) + of(merged_) +
                 of(mixed_);
  for (const Decoded& run : decoded_) bytes += of(run.memory);
  return bytes + mixed_bytes_ + chain_.memory() + dedup_->memory();
}

void SeriesCombiner::release() {
  give_back(chunks_);
  give_back(refs_);
  give_back(samples_);
  give_back(decoded_);
  open_runs_ = 0;
  give_back(decoded_chunks_);
  give_back(to_keep_);
  give_back(views_);
  give_back(merged_);
  give_back(mixed_);
  mixed_bytes_ = 0;
  dedup_->release();
}

// `of_source`: how much of the series' samples is that source's.
SourceResult<void> SeriesCombiner::check_room(uint64_t more, uint32_t source,
                                              uint64_t of_source) const {
  if (budget_.has_room(grown_ + more)) [[likely]]
    return {};
  const uint64_t limit = budget_.limit();
  if (of_source > limit / 4) return tl::unexpected<SourceError>({source, holds_too_much(limit)});
  return tl::unexpected<SourceError>(
      {SIZE_MAX,
       Error(Errc::limit,
             fmt::format("the read holds more than {} bytes (limits.bytes_in_flight)", limit))});
}

// What listing the chunks takes, which is much more than they take on the wire where they are tiny.
SourceResult<void> SeriesCombiner::check_chunks(std::span<const Fragment> fragments) const {
  constexpr size_t least_chunk = 6;
  constexpr size_t listed =
      2 * (sizeof(wire::ChunkView) + sizeof(ChunkRef));  // The lists grow by doubling.
  uint64_t entries = 0;
  for (const Fragment& fragment : fragments)
    entries += fragment.is_samples ? 0 : fragment.entries.size();
  if (budget_.has_room(entries / least_chunk * listed)) [[likely]]
    return {};
  uint64_t chunks = 0;
  uint64_t most = 0;
  uint32_t heaviest = fragments.front().source;
  uint64_t of_source = 0;
  const Fragment* before = nullptr;
  for (const Fragment& fragment : fragments) {
    if (before != nullptr && before->source != fragment.source) of_source = 0;
    before = &fragment;
    wire::ProtoReader reader(fragment.is_samples ? std::string_view() : fragment.entries);
    while (reader.next()) ++of_source, ++chunks;
    if (of_source <= most) continue;
    most = of_source;
    heaviest = fragment.source;
  }
  return check_room(chunks * listed, heaviest, most * listed);
}

// Before so many samples more are read into a run's memory.
SourceResult<void> SeriesCombiner::check_decoding(const Decoded& run, size_t samples) {
  const size_t needed = run.size + samples;
  if (needed <= run.memory.capacity()) return {};
  // What is to be moved and where it goes to are there at the same time.
  const uint64_t bytes = std::max(needed, 2 * run.memory.capacity()) * sizeof(model::Sample);
  const Decoded* heaviest = &run;
  uint64_t most = needed;
  for (const Decoded& each : std::span(decoded_).first(open_runs_)) {
    if (each.size <= most) continue;
    heaviest = &each;
    most = each.size;
  }
  if (auto room = check_room(bytes, runs_[heaviest->run].source, most * sizeof(model::Sample));
      !room)
    return room;
  grown_ += bytes - run.memory.capacity() * sizeof(model::Sample);
  return {};
}

// Before runs are merged, which takes so many bytes.
SourceResult<void> SeriesCombiner::check_merging(uint64_t bytes) const {
  assert(open_runs_ > 0 && open_runs_ <= decoded_.size());
  const Decoded* heaviest = &decoded_.front();
  for (const Decoded& each : std::span(decoded_).first(open_runs_)) {
    if (each.size > heaviest->size) heaviest = &each;
  }
  return check_room(bytes, runs_[heaviest->run].source, heaviest->size * sizeof(model::Sample));
}

SourceResult<void> SeriesCombiner::combine(std::span<const Fragment> fragments, SeriesParts& out) {
  constexpr size_t usual_memory = 4U << 20;
  grown_ = 0;
  auto combined = combine_now(fragments, out);
  // Unusually much is not kept for the next. What the parts were given lives until the next call,
  // though.
  if (!combined && memory() > usual_memory) release();
  return combined;
}

SourceResult<void> SeriesCombiner::combine_now(std::span<const Fragment> fragments,
                                               SeriesParts& out) {
  assert(!fragments.empty());
  assert(std::is_sorted(fragments.begin(), fragments.end(),
                        [](const Fragment& a, const Fragment& b) { return a.source < b.source; }));
  chain_conflicts_before_ = chain_.conflicts().count();
  own_conflicts_before_ = conflicts_.count();
  if (auto room = check_chunks(fragments); !room) return room;
  dedup_->list_runs(fragments, runs_);
  refs_.clear();
  chunks_.clear();
  samples_.clear();
  uint32_t run = 0;
  for (const Fragment& fragment : fragments) {
    run = dedup_->run_of(fragment, runs_, run);
    assert(run < runs_.size() && runs_[run].source == fragment.source);
    if (fragment.is_samples) samples_.push_back({&fragment, run});
    fragment.list_chunks(chunks_);
    while (refs_.size() < chunks_.size())
      refs_.push_back({nullptr, run, static_cast<uint32_t>(refs_.size())});
  }
  for (ChunkRef& ref : refs_) ref.chunk = &chunks_[ref.order];  // Now they stay where they are.
  if (!samples_.empty()) {
    std::stable_sort(samples_.begin(), samples_.end(),
                     [](const SamplesRef& a, const SamplesRef& b) { return a.run < b.run; });
    return merge(refs_, samples_, out);
  }
  return dedup_->choose_chunks(refs_, runs_) ? put_apart(out) : merge(refs_, {}, out);
}

// Chunks that overlap nothing as they are, the others merged.
SourceResult<void> SeriesCombiner::put_apart(SeriesParts& out) {
  std::sort(refs_.begin(), refs_.end(), [](const ChunkRef& a, const ChunkRef& b) {
    return std::tie(a.chunk->min_time_ms, a.chunk->max_time_ms, a.run, a.order) <
           std::tie(b.chunk->min_time_ms, b.chunk->max_time_ms, b.run, b.order);
  });
  const auto last = std::unique(
      refs_.begin(), refs_.end(),
      [](const ChunkRef& a, const ChunkRef& b) { return same_chunk(*a.chunk, *b.chunk); });
  refs_.erase(last, refs_.end());
  for (size_t begin = 0; begin < refs_.size();) {
    int64_t max_time_ms = refs_[begin].chunk->max_time_ms;
    size_t end = begin + 1;
    for (; end < refs_.size() && refs_[end].chunk->min_time_ms <= max_time_ms; ++end) {
      max_time_ms = std::max(max_time_ms, refs_[end].chunk->max_time_ms);
    }
    const auto put = end - begin == 1
                         ? out.chunk(*refs_[begin].chunk, runs_[refs_[begin].run].source)
                         : merge(std::span(refs_).subspan(begin, end - begin), {}, out);
    if (!put) return put;
    begin = end;
  }
  return {};
}

SourceResult<void> SeriesCombiner::merge(std::span<ChunkRef> chunks,
                                         std::span<const SamplesRef> samples_refs,
                                         SeriesParts& out) {
  std::sort(chunks.begin(), chunks.end(), [](const ChunkRef& a, const ChunkRef& b) {
    return std::tie(a.run, a.chunk->min_time_ms, a.order) <
           std::tie(b.run, b.chunk->min_time_ms, b.order);
  });
  const bool histograms =
      std::any_of(chunks.begin(), chunks.end(),
                  [](const ChunkRef& ref) { return !wire::has_floats(ref.chunk->encoding); }) ||
      std::any_of(samples_refs.begin(), samples_refs.end(),
                  [](const SamplesRef& ref) { return !ref.fragment->histograms().empty(); });
  return histograms ? merge_all_kinds(chunks, samples_refs, out)
                    : merge_floats(chunks, samples_refs, out);
}

SeriesCombiner::Decoded& SeriesCombiner::open_run(uint32_t run) {
  if (open_runs_ == decoded_.size()) decoded_.emplace_back();
  Decoded& decoded = decoded_[open_runs_++];
  decoded.run = run;
  decoded.in_chunks = true;
  decoded.size = 0;
  return decoded;
}

// A run has to be strictly increasing. One that is not comes from a source with overlapping chunks,
// duplicates, or samples out of order, which Prometheus's client would pass on as they are.
void SeriesCombiner::close_run(Decoded& decoded) {
  const std::span<model::Sample> run = decoded.samples();
  bool unordered = false;
  for (size_t i = 1; i < run.size(); ++i)
    unordered |= run[i - 1].timestamp_ms >= run[i].timestamp_ms;
  if (!unordered) return;
  decoded.in_chunks = false;
  std::stable_sort(run.begin(), run.end(), [](const model::Sample& a, const model::Sample& b) {
    return a.timestamp_ms < b.timestamp_ms;
  });
  size_t kept = 0;
  for (size_t i = 1; i < run.size(); ++i) {
    if (run[i].timestamp_ms != run[kept].timestamp_ms) {
      run[++kept] = run[i];
    } else if (run[i].bits != run[kept].bits) {
      conflicts_.add(run[kept], run[i].bits);
      run[kept] = resolve_conflict(rule_, run[kept], run[i]);
    }
  }
  decoded.size = kept + 1;
}

// All there is into decoded_, by run.
SourceResult<void> SeriesCombiner::decode(std::span<const ChunkRef> chunks,
                                          std::span<const SamplesRef> samples_refs) {
  open_runs_ = 0;
  decoded_chunks_.clear();
  auto chunk = chunks.begin();
  auto body = samples_refs.begin();
  while (chunk != chunks.end() || body != samples_refs.end()) {
    const uint32_t number = chunk == chunks.end()        ? body->run
                            : body == samples_refs.end() ? chunk->run
                                                         : std::min(chunk->run, body->run);
    const uint32_t source = runs_[number].source;
    const size_t index = open_runs_;
    Decoded& run = open_run(number);
    bool increasing = true;
    for (; chunk != chunks.end() && chunk->run == number; ++chunk) {
      const size_t begin = run.size;
      if (auto room = check_decoding(run, most_samples(*chunk->chunk)); !room) return room;
      const auto read = append_samples(*chunk->chunk, run.memory, run.size);
      if (!read) return blame(source, read.error());
      const auto samples =
          std::span<const model::Sample>(run.memory).subspan(begin, run.size - begin);
      if (auto inside = wire::check_times(*chunk->chunk, samples, *read); !inside)
        return blame(source, inside.error());
      increasing = increasing && *read;
      decoded_chunks_.push_back({chunk->chunk, index, begin, run.size - begin});
    }
    for (; body != samples_refs.end() && body->run == number; ++body) {
      const std::string_view entries = body->fragment->entries;
      if (auto room = check_decoding(run, most_samples(entries, budget_.room() / 2)); !room)
        return room;
      const auto read = append_samples(entries, run.memory, run.size);
      if (!read) return blame(source, read.error());
      run.in_chunks = false;
      increasing = increasing && *read;
    }
    if (!increasing) close_run(run);
    assert(is_increasing(run.samples()));
  }
  return {};
}

std::span<model::Sample> SeriesCombiner::samples_of(const DecodedChunk& chunk) {
  assert(chunk.run < open_runs_ && chunk.begin + chunk.size <= decoded_[chunk.run].memory.size());
  return std::span(decoded_[chunk.run].memory).subspan(chunk.begin, chunk.size);
}

SourceResult<void> SeriesCombiner::merge_floats(std::span<ChunkRef> chunks,
                                                std::span<const SamplesRef> samples_refs,
                                                SeriesParts& out) {
  if (auto read = decode(chunks, samples_refs); !read) return read;
  views_.clear();
  view_runs_.clear();
  size_t total = 0;
  for (size_t i = 0; i < open_runs_; ++i) {
    view_runs_.push_back(decoded_[i].run);
    views_.emplace_back(decoded_[i].samples());
    total += views_.back().size();
  }
  assert(std::is_sorted(view_runs_.begin(), view_runs_.end()));
  if (views_.size() == 1) return put_run(0, out);
  // Two lists of all, and what finds a sample's place in them.
  if (auto room = check_merging(total * (2 * sizeof(model::Sample) + 24)); !room) return room;
  if (dedup_->takes_one_for_all()) {
    if (const auto all = find_all_in_one()) return put_run(*all, out);
  }
  dedup_->choose_samples(views_, view_runs_, runs_);
  assert(!views_.empty());
  if (views_.size() > 1) merge_views();
  const std::span<const model::Sample> merged = views_[0];
  assert(is_increasing(merged));
  // A chunk that overlaps others can be kept only if samples of theirs are left out.
  if (merged.size() < total) return put_merged(merged, out);
  return merged.empty() ? SourceResult<void>() : out.samples(merged);
}

// The run whose samples are all that there are, bit for bit.
std::optional<size_t> SeriesCombiner::find_all_in_one() const {
  size_t most = 0;
  for (size_t i = 1; i < views_.size(); ++i) {
    if (views_[i].size() > views_[most].size()) most = i;
  }
  for (size_t i = 0; i < views_.size(); ++i) {
    if (i != most && !contains(views_[most], views_[i])) return std::nullopt;
  }
  return most;
}

void SeriesCombiner::merge_views() {
  size_t total = 0;
  for (const auto& view : views_) total += view.size();
  if (merged_.size() < total) merged_.resize(total);
  chain_.reset(views_);
  const size_t size = chain_.take_all(merged_.data());
  assert(size <= total);
  views_.assign(1, std::span(merged_).first(size));
}

SourceResult<void> SeriesCombiner::put_run(size_t i, SeriesParts& out) {
  assert(i < open_runs_);
  Decoded& run = decoded_[i];
  if (run.size == 0) return {};
  if (!run.in_chunks) return out.samples(run.samples());
  for (const DecodedChunk& chunk : decoded_chunks_) {
    if (chunk.run != i || chunk.size == 0) continue;
    if (auto put = out.decoded_chunk(*chunk.view, runs_[run.run].source, samples_of(chunk)); !put)
      return put;
  }
  return {};
}

// Keeps chunks whose samples the merged ones hold as they are.
SourceResult<void> SeriesCombiner::put_merged(std::span<const model::Sample> merged,
                                              SeriesParts& out) {
  to_keep_.clear();
  for (const DecodedChunk& chunk : decoded_chunks_) {
    if (decoded_[chunk.run].in_chunks && chunk.size >= worth_keeping) to_keep_.push_back(chunk);
  }
  const auto first_ms = [this](const DecodedChunk& chunk) {
    return samples_of(chunk).front().timestamp_ms;
  };
  // Of those that begin together the longest, of equal ones the first run's.
  std::sort(to_keep_.begin(), to_keep_.end(),
            [&first_ms](const DecodedChunk& a, const DecodedChunk& b) {
              return std::make_tuple(first_ms(a), b.size, a.run) <
                     std::make_tuple(first_ms(b), a.size, b.run);
            });
  size_t done = 0;
  for (const DecodedChunk& chunk : to_keep_) {
    const auto rest = merged.subspan(done);
    const auto at = std::lower_bound(rest.begin(), rest.end(), first_ms(chunk),
                                     [](const model::Sample& sample, int64_t timestamp_ms) {
                                       return sample.timestamp_ms < timestamp_ms;
                                     });
    const auto between = static_cast<size_t>(at - rest.begin());
    if (between > 0 && between < worth_keeping) continue;
    const auto from = rest.subspan(between);
    if (from.size() < chunk.size || !same_samples(from.first(chunk.size), samples_of(chunk)))
      continue;
    if (between > 0) {
      if (auto put = out.samples(rest.first(between)); !put) return put;
    }
    const uint32_t source = runs_[decoded_[chunk.run].run].source;
    if (auto put = out.decoded_chunk(*chunk.view, source, samples_of(chunk)); !put) return put;
    done += between + chunk.size;
    assert(done <= merged.size());
  }
  return done == merged.size() ? SourceResult<void>() : out.samples(merged.subspan(done));
}

SourceResult<void> SeriesCombiner::merge_all_kinds(std::span<ChunkRef> chunks,
                                                   std::span<const SamplesRef> samples_refs,
                                                   SeriesParts& out) {
  mixed_.clear();
  mixed_bytes_ = 0;
  for (const ChunkRef& ref : chunks) {
    if (auto read = mix(ref); !read) return read;
  }
  for (const SamplesRef& ref : samples_refs) {
    if (auto read = mix(ref); !read) return read;
  }
  order_mixed(mixed_, rule_, conflicts_);
  dedup_->choose_mixed(mixed_, runs_);
  merge_mixed(mixed_, rule_, conflicts_);
  return mixed_.empty() ? SourceResult<void>() : out.mixed(mixed_);
}

SourceResult<void> SeriesCombiner::add_mixed(MixedSample&& sample) {
  mixed_bytes_ += memory_with(sample);
  // Sorting takes half as much once more.
  const bool grows = mixed_.size() == mixed_.capacity();
  const uint64_t bytes = mixed_.size() * sizeof(MixedSample);
  if (auto room =
          check_room((grows ? 3 : 2) * bytes + mixed_bytes_, sample.source, bytes + mixed_bytes_);
      !room) {
    return room;
  }
  mixed_.push_back(std::move(sample));
  return {};
}

SourceResult<void> SeriesCombiner::mix(const ChunkRef& ref) {
  const Origin origin{runs_[ref.run].source, ref.run};
  const wire::ChunkView& chunk = *ref.chunk;
  if (wire::has_floats(chunk.encoding)) {
    SourceResult<void> added;
    const auto add = [&](const model::Sample& sample, int64_t) {
      if (!added) return;
      const auto inside = wire::check_time(chunk, sample.timestamp_ms);
      added = inside ? add_mixed(mixed_of(origin, sample)) : blame(origin.source, inside.error());
    };
    const auto ignore = [](const model::HistogramSample&, int64_t) {};
    if (auto read = wire::each_sample(chunk.encoding, chunk.data, add, ignore); !read) {
      return blame(origin.source, read.error());
    }
    return added;
  }
  wire::HistogramChunkReader reader(chunk.encoding, chunk.data);
  while (reader.next()) {
    if (auto inside = wire::check_time(chunk, reader.sample().timestamp_ms); !inside) {
      return blame(origin.source, inside.error());
    }
    if (auto added = add_mixed(mixed_of(origin, reader.sample())); !added) return added;
  }
  return reader.error() ? blame(origin.source, *reader.error()) : SourceResult<void>();
}

SourceResult<void> SeriesCombiner::mix(const SamplesRef& ref) {
  const Origin origin{runs_[ref.run].source, ref.run};
  wire::SamplesReader reader(ref.fragment->entries);
  for (model::Sample sample; reader.next(sample);) {
    if (auto added = add_mixed(mixed_of(origin, sample)); !added) return added;
  }
  if (!reader.ok()) return blame(origin.source, *reader.error());
  wire::HistogramEntries entries(ref.fragment->histograms());
  for (std::string_view message; entries.next(message);) {
    auto sample = wire::parse_histogram_message(message);
    if (!sample) return blame(origin.source, sample.error());
    if (auto added = add_mixed(mixed_of(origin, *sample)); !added) return added;
  }
  return {};
}

}  // namespace mread::merger
