#include "wire/chunk/newer_chunk_vectors.h"

#include <bit>
#include <fstream>
#include <iterator>
#include <ostream>
#include <sstream>
#include <stdexcept>

namespace mread::wire::test {
namespace {

std::string unhex(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

ChunkEncoding encoding_of(const std::string& name) {
  for (const ChunkEncoding encoding : newer_encodings) {
    if (name == to_string(encoding)) return encoding;
  }
  throw std::runtime_error("no encoding " + name);
}

uint64_t bits(const std::string& hex) { return std::stoull(hex, nullptr, 16); }
double real(const std::string& hex) { return std::bit_cast<double>(bits(hex)); }

// The words between commas; "-" is an empty list.
std::vector<std::string> list(std::istringstream& words) {
  std::string text;
  words >> text;
  std::vector<std::string> out;
  if (text == "-") return out;
  std::istringstream entries(text);
  for (std::string entry; std::getline(entries, entry, ',');) out.push_back(entry);
  return out;
}

std::vector<model::BucketSpan> spans(std::istringstream& words) {
  std::vector<model::BucketSpan> out;
  for (const std::string& entry : list(words)) {
    const size_t colon = entry.find(':');
    out.push_back({std::stoi(entry.substr(0, colon)),
                   static_cast<uint32_t>(std::stoul(entry.substr(colon + 1)))});
  }
  return out;
}

model::Histogram histogram(std::istringstream& words, bool is_float) {
  model::Histogram out;
  out.is_float = is_float;
  int hint = 0;
  std::string threshold, zero_count, count, sum;
  words >> hint >> out.schema >> threshold >> zero_count >> count >> sum;
  out.counter_reset_hint = static_cast<model::CounterResetHint>(hint);
  out.zero_threshold = real(threshold);
  out.sum = real(sum);
  out.positive_spans = spans(words);
  out.negative_spans = spans(words);
  const auto positive = list(words);
  const auto negative = list(words);
  if (is_float) {
    out.float_zero_count = real(zero_count);
    out.float_count = real(count);
    for (const std::string& bucket : positive) out.positive_counts.push_back(real(bucket));
    for (const std::string& bucket : negative) out.negative_counts.push_back(real(bucket));
  } else {
    out.zero_count = std::stoull(zero_count);
    out.count = std::stoull(count);
    for (const std::string& bucket : positive) out.positive_deltas.push_back(std::stoll(bucket));
    for (const std::string& bucket : negative) out.negative_deltas.push_back(std::stoll(bucket));
  }
  for (const std::string& bound : list(words)) out.custom_values.push_back(real(bound));
  return out;
}

}  // namespace

void PrintTo(const ChunkVector& vector, std::ostream* out) {
  *out << to_string(vector.encoding) << ' ' << vector.name;
}

std::vector<ChunkVector> chunk_vectors() {
  std::ifstream file(std::string(MREAD_TEST_DATA) + "/wire/newer_chunks.txt");
  std::vector<ChunkVector> out;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "chunk") {
      std::string encoding, hex;
      ChunkVector& vector = out.emplace_back();
      words >> encoding >> vector.name >> hex;
      vector.encoding = encoding_of(encoding);
      vector.bytes = unhex(hex);
      continue;
    }
    ChunkVector& vector = out.back();
    int64_t start_ms = 0;
    int64_t timestamp_ms = 0;
    words >> start_ms >> timestamp_ms;
    vector.starts_ms.push_back(start_ms);
    if (kind == "sample") {
      std::string value;
      words >> value;
      vector.samples.push_back({timestamp_ms, bits(value)});
    } else if (kind == "stale") {
      const bool is_float = vector.encoding == ChunkEncoding::float_histogram_st;
      vector.histograms.push_back({timestamp_ms, model::Histogram::stale(is_float)});
    } else {
      vector.histograms.push_back({timestamp_ms, histogram(words, kind == "float_histogram")});
    }
  }
  if (out.empty()) throw std::runtime_error("newer_chunks.txt is not there");
  return out;
}

std::vector<ChunkVector> chunk_vectors(bool floats) {
  std::vector<ChunkVector> out;
  for (ChunkVector& vector : chunk_vectors()) {
    if (has_floats(vector.encoding) == floats) out.push_back(std::move(vector));
  }
  return out;
}

}  // namespace mread::wire::test
