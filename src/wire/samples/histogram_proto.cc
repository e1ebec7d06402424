#include "wire/samples/histogram_proto.h"

#include <bit>
#include <cstring>
#include <vector>

#include "wire/bytes/varint.h"
#include "wire/proto/proto_reader.h"

namespace mread::wire {

namespace {

enum Field : uint32_t {
  count_int = 1,
  count_float = 2,
  sum = 3,
  schema = 4,
  zero_threshold = 5,
  zero_count_int = 6,
  zero_count_float = 7,
  negative_spans = 8,
  negative_deltas = 9,
  negative_counts = 10,
  positive_spans = 11,
  positive_deltas = 12,
  positive_counts = 13,
  reset_hint = 14,
  timestamp = 15,
  custom_values = 16,
};

// A sint32. Like every decoder, takes the lowest 32 bits of a longer varint, before it unfolds them.
int32_t unzigzag32(uint64_t value) {
  return static_cast<int32_t>(unzigzag(static_cast<uint32_t>(value)));
}

void put_tag(std::string& out, uint32_t field, WireType type) {
  append_varint(out, uint64_t{field} << 3 | static_cast<uint64_t>(type));
}

void put_varint_field(std::string& out, uint32_t field, uint64_t value) {
  put_tag(out, field, WireType::varint);
  append_varint(out, value);
}

void put_fixed64(std::string& out, uint64_t bits) {
  char buffer[8];
  for (unsigned i = 0; i < 8; ++i) buffer[i] = static_cast<char>(bits >> (8 * i));
  out.append(buffer, sizeof buffer);
}

void put_double_field(std::string& out, uint32_t field, double value) {
  put_tag(out, field, WireType::fixed64);
  put_fixed64(out, std::bit_cast<uint64_t>(value));
}

void put_bytes(std::string& out, uint32_t field, std::string_view bytes) {
  put_tag(out, field, WireType::bytes);
  append_varint(out, bytes.size());
  out += bytes;
}

void put_spans(std::string& out, uint32_t field, const std::vector<model::BucketSpan>& spans) {
  std::string body;
  for (const model::BucketSpan& span : spans) {
    body.clear();
    if (span.offset != 0) put_varint_field(body, 1, zigzag(span.offset));
    if (span.length != 0) put_varint_field(body, 2, span.length);
    put_bytes(out, field, body);
  }
}

void put_deltas(std::string& out, uint32_t field, const std::vector<int64_t>& deltas) {
  if (deltas.empty()) return;
  std::string body;
  for (const int64_t delta : deltas) append_varint(body, zigzag(delta));
  put_bytes(out, field, body);
}

void put_doubles(std::string& out, uint32_t field, const std::vector<double>& values) {
  if (values.empty()) return;
  put_tag(out, field, WireType::bytes);
  append_varint(out, values.size() * 8);
  for (const double value : values) put_fixed64(out, std::bit_cast<uint64_t>(value));
}

bool read_span(std::string_view body, std::vector<model::BucketSpan>& spans) {
  model::BucketSpan span;
  ProtoReader reader(body);
  while (reader.next()) {
    if (reader.is(1, WireType::varint)) {
      span.offset = unzigzag32(reader.varint());
    } else if (reader.is(2, WireType::varint)) {
      span.length = static_cast<uint32_t>(reader.varint());
    }
  }
  spans.push_back(span);
  return reader.ok();
}

bool read_deltas(const ProtoReader& reader, std::vector<int64_t>& deltas) {
  if (reader.type() == WireType::varint) {
    deltas.push_back(unzigzag(reader.varint()));
    return true;
  }
  if (reader.type() != WireType::bytes) return false;
  const char* p = reader.bytes().data();
  const char* const end = p + reader.bytes().size();
  while (p != end) {
    uint64_t value = 0;
    if (!get_varint(p, end, value)) return false;
    deltas.push_back(unzigzag(value));
  }
  return true;
}

bool read_doubles(const ProtoReader& reader, std::vector<double>& values) {
  if (reader.type() == WireType::fixed64) {
    values.push_back(std::bit_cast<double>(reader.fixed64()));
    return true;
  }
  if (reader.type() != WireType::bytes || reader.bytes().size() % 8 != 0) return false;
  for (size_t i = 0; i < reader.bytes().size(); i += 8) {
    uint64_t bits = 0;
    for (unsigned n = 0; n < 8; ++n)
      bits |= uint64_t{static_cast<uint8_t>(reader.bytes()[i + n])} << (8 * n);
    values.push_back(std::bit_cast<double>(bits));
  }
  return true;
}

// Reads the current field. Returns false if its type or content does not fit the schema.
bool read_field(const ProtoReader& reader, model::HistogramSample& out) {
  model::Histogram& histogram = out.histogram;
  const auto number = [&](auto& target) {
    if (reader.type() != WireType::varint) return false;
    target = static_cast<std::remove_reference_t<decltype(target)>>(reader.varint());
    return true;
  };
  const auto real = [&](double& target) {
    if (reader.type() != WireType::fixed64) return false;
    target = std::bit_cast<double>(reader.fixed64());
    return true;
  };
  switch (reader.field()) {
    case Field::count_int:
      histogram.is_float = false;
      return number(histogram.count);
    case Field::count_float:
      histogram.is_float = true;
      return real(histogram.float_count);
    case Field::sum:
      return real(histogram.sum);
    case Field::schema:
      if (reader.type() != WireType::varint) return false;
      histogram.schema = unzigzag32(reader.varint());
      return true;
    case Field::zero_threshold:
      return real(histogram.zero_threshold);
    case Field::zero_count_int:
      return number(histogram.zero_count);
    case Field::zero_count_float:
      return real(histogram.float_zero_count);
    case Field::negative_spans:
      return reader.type() == WireType::bytes &&
             read_span(reader.bytes(), histogram.negative_spans);
    case Field::negative_deltas:
      return read_deltas(reader, histogram.negative_deltas);
    case Field::negative_counts:
      return read_doubles(reader, histogram.negative_counts);
    case Field::positive_spans:
      return reader.type() == WireType::bytes &&
             read_span(reader.bytes(), histogram.positive_spans);
    case Field::positive_deltas:
      return read_deltas(reader, histogram.positive_deltas);
    case Field::positive_counts:
      return read_doubles(reader, histogram.positive_counts);
    case Field::reset_hint: {
      if (reader.type() != WireType::varint || reader.varint() > 3) return false;
      histogram.counter_reset_hint = static_cast<model::CounterResetHint>(reader.varint());
      return true;
    }
    case Field::timestamp:
      return number(out.timestamp_ms);
    case Field::custom_values:
      return read_doubles(reader, histogram.custom_values);
    default:
      return true;
  }
}

// Fields of the other kind mean nothing; a message may still carry them.
void drop_other_kind(model::Histogram& histogram) {
  if (histogram.is_float) {
    histogram.count = histogram.zero_count = 0;
    histogram.positive_deltas.clear();
    histogram.negative_deltas.clear();
  } else {
    histogram.float_count = histogram.float_zero_count = 0;
    histogram.positive_counts.clear();
    histogram.negative_counts.clear();
  }
}

}  // namespace

void append_histogram_message(std::string& out, const model::HistogramSample& sample) {
  const model::Histogram& histogram = sample.histogram;
  if (histogram.is_float) {
    put_double_field(out, Field::count_float, histogram.float_count);
  } else {
    put_varint_field(out, Field::count_int, histogram.count);
  }
  if (std::bit_cast<uint64_t>(histogram.sum) != 0) put_double_field(out, Field::sum, histogram.sum);
  if (histogram.schema != 0) put_varint_field(out, Field::schema, zigzag(histogram.schema));
  if (std::bit_cast<uint64_t>(histogram.zero_threshold) != 0)
    put_double_field(out, Field::zero_threshold, histogram.zero_threshold);
  if (histogram.is_float) {
    put_double_field(out, Field::zero_count_float, histogram.float_zero_count);
  } else {
    put_varint_field(out, Field::zero_count_int, histogram.zero_count);
  }
  put_spans(out, Field::negative_spans, histogram.negative_spans);
  put_deltas(out, Field::negative_deltas, histogram.negative_deltas);
  put_doubles(out, Field::negative_counts, histogram.negative_counts);
  put_spans(out, Field::positive_spans, histogram.positive_spans);
  put_deltas(out, Field::positive_deltas, histogram.positive_deltas);
  put_doubles(out, Field::positive_counts, histogram.positive_counts);
  if (histogram.counter_reset_hint != model::CounterResetHint::unknown) {
    put_varint_field(out, Field::reset_hint, static_cast<uint64_t>(histogram.counter_reset_hint));
  }
  if (sample.timestamp_ms != 0)
    put_varint_field(out, Field::timestamp, static_cast<uint64_t>(sample.timestamp_ms));
  put_doubles(out, Field::custom_values, histogram.custom_values);
}

void append_histogram_entry(std::string& out, const model::HistogramSample& sample) {
  std::string message;
  append_histogram_message(message, sample);
  put_bytes(out, 4, message);
}

Result<model::HistogramSample> parse_histogram_message(std::string_view message) {
  model::HistogramSample sample;
  ProtoReader reader(message);
  while (reader.next()) {
    if (!read_field(reader, sample)) return fail(reader.error("histogram"));
  }
  if (!reader.ok()) return fail(reader.error("histogram"));
  drop_other_kind(sample.histogram);
  if (auto good = sample.histogram.check(); !good) return fail(std::move(good.error()));
  return sample;
}

}  // namespace mread::wire
