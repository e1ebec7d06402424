#include "wire/remote_write.h"

#include "wire/histogram_proto.h"
#include "wire/labels_view.h"
#include "wire/snappy_block.h"
#include "wire/varint.h"

namespace mread::wire {

namespace {

constexpr char timeseries_tag = 0x0a;
constexpr char sample_tag = 0x12;
constexpr char value_tag = 0x09;
constexpr char timestamp_tag = 0x10;

void append_sample_entry(std::string& out, const model::Sample& sample) {
  out.push_back(sample_tag);
  // As Go encodes it, zeros are left out; -0 too, whose sign remote write loses therefore.
  const bool has_value = (sample.bits << 1) != 0;
  const bool has_timestamp = sample.timestamp_ms != 0;
  const auto timestamp = static_cast<uint64_t>(sample.timestamp_ms);
  append_varint(out, (has_value ? 9 : 0) + (has_timestamp ? 1 + varint_size(timestamp) : 0));
  if (has_value) {
    out.push_back(value_tag);
    for (unsigned i = 0; i < 8; ++i) out.push_back(static_cast<char>(sample.bits >> (8 * i)));
  }
  if (has_timestamp) {
    out.push_back(timestamp_tag);
    append_varint(out, timestamp);
  }
}

}  // namespace

void WriteRequestWriter::append(const model::LabelSet& labels, std::span<const model::Sample> samples,
                                std::span<const model::HistogramSample> histograms) {
  series_.clear();
  series_ += encode_labels(labels);
  for (const model::Sample& sample : samples) append_sample_entry(series_, sample);
  for (const model::HistogramSample& histogram : histograms) append_histogram_entry(series_, histogram);
  bytes_.push_back(timeseries_tag);
  append_varint(bytes_, series_.size());
  bytes_ += series_;
}

std::string WriteRequestWriter::finish() {
  std::string body = compress(bytes_);
  bytes_.clear();
  return body;
}

std::string encode_write_request(std::span<const model::Series> series) {
  WriteRequestWriter writer;
  for (const model::Series& one : series) writer.append(one);
  return writer.finish();
}

}  // namespace mread::wire
