#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "model/sample.h"
#include "wire/chunk/histogram_chunk.h"

namespace mread::wire {

namespace {

constexpr size_t histogram_header_bytes = 3;
constexpr uint64_t most_buckets = uint64_t{1} << 20;
constexpr uint64_t most_decoded_bytes =
    uint64_t{256} << 20;               // a layout of many empty buckets costs few bits a sample
constexpr int32_t lowest_schema = -9;  // as reserved by the format; Prometheus writes -4 .. 8
constexpr int32_t highest_schema = 52;

double read_zero_threshold(VarbitReader& reader) {
  const auto code = static_cast<int>(reader.bits(8));
  if (code == 0) return 0;
  if (code == 255) return std::bit_cast<double>(reader.bits(64));
  return std::ldexp(0.5, code - 243);
}

double read_bound(VarbitReader& reader) {
  const uint64_t code = reader.varbit_uint();
  if (code == 0) return std::bit_cast<double>(reader.bits(64));
  return static_cast<double>(code - 1) / 1000;
}

}  // namespace

HistogramChunkReader::HistogramChunkReader(ChunkEncoding encoding, std::string_view bytes)
    : is_float_(compatible(encoding) == ChunkEncoding::float_histogram),
      has_starts_(is_newer(encoding)) {
  if (bytes.size() < histogram_header_bytes) {
    refuse(Errc::truncated, fmt::format("{} bytes, too short for a header", bytes.size()));
    return;
  }
  total_ = static_cast<uint16_t>(claimed_samples(encoding, bytes));
  header_ = counter_reset_header(encoding, bytes);
  if (has_starts_) starts_ = StartTimesReader(StartTimesHeader::of(static_cast<uint8_t>(bytes[2])));
  reader_ = VarbitReader(bytes.substr(histogram_header_bytes));
}

bool HistogramChunkReader::refuse(Errc errc, const std::string& what) {
  error_ =
      Error(errc, fmt::format("{} chunk: {}", is_float_ ? "float histogram" : "histogram", what));
  return false;
}

bool HistogramChunkReader::next() {
  if (error_ || read_ == total_) return false;
  const int64_t before_ms = timestamp_;
  bool good = true;
  if (read_ == 0) {
    good = read_layout() && (is_float_ ? read_first_float() : read_first_int());
  } else {
    good = is_float_ ? read_next_float() : read_next_int();
  }
  if (!good && error_) return false;
  if (good && has_starts_) starts_.read(reader_, read_, timestamp_, before_ms);
  if (!good || reader_.failed()) {
    const bool at_end = reader_.byte_position() + 9 >= reader_.size();
    return refuse(at_end ? Errc::truncated : Errc::malformed,
                  fmt::format("sample {} of {} {} at byte {}", read_, total_,
                              at_end ? "is cut off" : "is not valid",
                              histogram_header_bytes + reader_.byte_position()));
  }
  ++read_;
  publish();
  return true;
}

bool HistogramChunkReader::read_spans(std::vector<model::BucketSpan>& spans,
                                      std::string_view side) {
  const uint64_t count = reader_.varbit_uint();
  if (reader_.failed()) return false;
  if (count > reader_.bits_left() / 2) {  // a span has at least two bits
    return refuse(Errc::truncated,
                  fmt::format("{} {} spans, more than the chunk can hold", count, side));
  }
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t length = reader_.varbit_uint();
    const int64_t offset = reader_.varbit_int();
    if (reader_.failed()) return false;
    if (length > most_buckets || offset < INT32_MIN || offset > INT32_MAX ||
        (i > 0 && offset < 0)) {
      return refuse(Errc::malformed, fmt::format("{} span {} with offset {} and length {}", side, i,
                                                 offset, length));
    }
    spans.push_back({static_cast<int32_t>(offset), static_cast<uint32_t>(length)});
  }
  return true;
}

bool HistogramChunkReader::read_layout() {
  layout_.is_float = is_float_;
  layout_.zero_threshold = read_zero_threshold(reader_);
  const int64_t schema = reader_.varbit_int();
  if (reader_.failed()) return false;
  if (schema != model::custom_buckets_schema &&
      (schema < lowest_schema || schema > highest_schema)) {
    return refuse(Errc::unsupported, fmt::format("schema {} is unknown", schema));
  }
  layout_.schema = static_cast<int32_t>(schema);
  if (!read_spans(layout_.positive_spans, "positive") ||
      !read_spans(layout_.negative_spans, "negative"))
    return false;
  if (layout_.has_custom_buckets()) {
    const uint64_t bounds = reader_.varbit_uint();
    if (reader_.failed()) return false;
    if (bounds > reader_.bits_left() / 5) {  // the shortest bound
      return refuse(Errc::truncated,
                    fmt::format("{} custom bounds, more than the chunk can hold", bounds));
    }
    for (uint64_t i = 0; i < bounds; ++i) layout_.custom_values.push_back(read_bound(reader_));
    if (reader_.failed()) return false;
  }
  const uint64_t positive = bucket_count(layout_.positive_spans);
  const uint64_t negative = bucket_count(layout_.negative_spans);
  if (positive > most_buckets || negative > most_buckets) {
    return refuse(Errc::limit, fmt::format("{} buckets are above the limit of {}",
                                           positive + negative, most_buckets));
  }
  if ((positive + negative) * (is_float_ ? 64 : 1) > reader_.bits_left()) {
    return refuse(Errc::truncated,
                  fmt::format("{} buckets, more than the chunk can hold", positive + negative));
  }
  if (is_float_) {
    float_positive_.resize(positive);
    float_negative_.resize(negative);
  } else {
    positive_.resize(positive);
    negative_.resize(negative);
  }
  return true;
}

bool HistogramChunkReader::read_first_int() {
  timestamp_ = reader_.varbit_int();
  count_.value = reader_.varbit_uint();
  zero_count_.value = reader_.varbit_uint();
  sum_.bits = reader_.bits(64);
  for (Counter& bucket : positive_) bucket.value = static_cast<uint64_t>(reader_.varbit_int());
  for (Counter& bucket : negative_) bucket.value = static_cast<uint64_t>(reader_.varbit_int());
  return !reader_.failed();
}

bool HistogramChunkReader::read_next_int() {
  const auto advance = [this](Counter& counter) {
    counter.delta += static_cast<uint64_t>(reader_.varbit_int());
    counter.value += counter.delta;
  };
  timestamp_delta_ = static_cast<int64_t>(static_cast<uint64_t>(timestamp_delta_) +
                                          static_cast<uint64_t>(reader_.varbit_int()));
  timestamp_ = static_cast<int64_t>(static_cast<uint64_t>(timestamp_) +
                                    static_cast<uint64_t>(timestamp_delta_));
  advance(count_);
  advance(zero_count_);
  if (!sum_.read(reader_)) return false;
  if (model::is_stale(sum_.bits)) return true;  // a stale sample has no buckets on the wire
  for (Counter& bucket : positive_) advance(bucket);
  for (Counter& bucket : negative_) advance(bucket);
  return !reader_.failed();
}

bool HistogramChunkReader::read_first_float() {
  timestamp_ = reader_.varbit_int();
  float_count_.bits = reader_.bits(64);
  float_zero_count_.bits = reader_.bits(64);
  sum_.bits = reader_.bits(64);
  for (XorValue& bucket : float_positive_) bucket.bits = reader_.bits(64);
  for (XorValue& bucket : float_negative_) bucket.bits = reader_.bits(64);
  return !reader_.failed();
}

bool HistogramChunkReader::read_next_float() {
  timestamp_delta_ = static_cast<int64_t>(static_cast<uint64_t>(timestamp_delta_) +
                                          static_cast<uint64_t>(reader_.varbit_int()));
  timestamp_ = static_cast<int64_t>(static_cast<uint64_t>(timestamp_) +
                                    static_cast<uint64_t>(timestamp_delta_));
  if (!float_count_.read(reader_) || !float_zero_count_.read(reader_) || !sum_.read(reader_))
    return false;
  if (model::is_stale(sum_.bits)) return true;
  for (XorValue& bucket : float_positive_) {
    if (!bucket.read(reader_)) return false;
  }
  for (XorValue& bucket : float_negative_) {
    if (!bucket.read(reader_)) return false;
  }
  return true;
}

void HistogramChunkReader::publish() {
  sample_.timestamp_ms = timestamp_;
  model::Histogram& out = sample_.histogram;
  if (model::is_stale(sum_.bits)) {
    out = model::Histogram::stale(is_float_);
    has_layout_ = false;
    return;
  }
  if (!has_layout_) {  // else it is there already: a long layout is not copied for every sample
    out = layout_;
    out.positive_counts.resize(float_positive_.size());
    out.negative_counts.resize(float_negative_.size());
    out.positive_deltas.resize(positive_.size());
    out.negative_deltas.resize(negative_.size());
    has_layout_ = true;
  }
  out.sum = std::bit_cast<double>(sum_.bits);
  if (header_ == CounterResetHeader::gauge) {
    out.counter_reset_hint = model::CounterResetHint::gauge;
  } else {
    out.counter_reset_hint =
        read_ > 1 ? model::CounterResetHint::no : model::CounterResetHint::unknown;
  }
  if (is_float_) {
    out.float_count = std::bit_cast<double>(float_count_.bits);
    out.float_zero_count = std::bit_cast<double>(float_zero_count_.bits);
    for (size_t i = 0; i < float_positive_.size(); ++i)
      out.positive_counts[i] = std::bit_cast<double>(float_positive_[i].bits);
    for (size_t i = 0; i < float_negative_.size(); ++i)
      out.negative_counts[i] = std::bit_cast<double>(float_negative_[i].bits);
  } else {
    out.count = count_.value;
    out.zero_count = zero_count_.value;
    for (size_t i = 0; i < positive_.size(); ++i)
      out.positive_deltas[i] = static_cast<int64_t>(positive_[i].value);
    for (size_t i = 0; i < negative_.size(); ++i)
      out.negative_deltas[i] = static_cast<int64_t>(negative_[i].value);
  }
}

Result<std::vector<model::HistogramSample>> decode_histogram_chunk(ChunkEncoding encoding,
                                                                   std::string_view bytes) {
  HistogramChunkReader reader(encoding, bytes);
  std::vector<model::HistogramSample> samples;
  uint64_t bytes_held = 0;
  while (reader.next()) {
    const model::Histogram& histogram = reader.sample().histogram;
    bytes_held += sizeof(model::HistogramSample) +
                  8 * (histogram.positive_spans.size() + histogram.negative_spans.size() +
                       histogram.custom_values.size() + bucket_count(histogram.positive_spans) +
                       bucket_count(histogram.negative_spans));
    if (bytes_held > most_decoded_bytes) {
      return fail(Errc::limit,
                  fmt::format("histogram chunk: its {} samples need more than {} MiB decoded",
                              reader.samples(), most_decoded_bytes >> 20));
    }
    samples.push_back(reader.sample());
  }
  if (reader.error()) return fail(*reader.error());
  return samples;
}

}  // namespace mread::wire
