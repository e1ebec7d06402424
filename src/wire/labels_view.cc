#include "wire/labels_view.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "wire/proto_reader.h"

namespace mread::wire {

namespace {

struct Pair {
  std::string_view name;
  std::string_view value;

  friend auto operator<=>(const Pair&, const Pair&) = default;
};

// Reads `tag LENGTH bytes`.
bool get_bytes(const char*& p, const char* end, char tag, std::string_view& out) {
  if (p == end || *p != tag) return false;
  const char* q = p + 1;
  uint64_t length = 0;
  if (!get_varint(q, end, length) || length > static_cast<uint64_t>(end - q)) return false;
  out = {q, static_cast<size_t>(length)};
  p = q + length;
  return true;
}

// One entry in the form that canonical labels have; other valid protobuf gives false as well.
bool get_canonical_pair(const char*& p, const char* end, Pair& out) {
  std::string_view entry;
  if (!get_bytes(p, end, 0x0a, entry)) return false;
  const char* q = entry.data();
  const char* entry_end = q + entry.size();
  return get_bytes(q, entry_end, 0x0a, out.name) && get_bytes(q, entry_end, 0x12, out.value) && q == entry_end;
}

size_t entry_size(size_t name_size, size_t value_size) {
  return (name_size == 0 ? 0 : 1 + varint_size(name_size) + name_size) +
         (value_size == 0 ? 0 : 1 + varint_size(value_size) + value_size);
}

Result<std::vector<Pair>> read_pairs(std::string_view wire) {
  std::vector<Pair> pairs;
  ProtoReader entries(wire);
  while (entries.next()) {
    if (!entries.is(1, WireType::bytes)) return fail(entries.error("labels"));
    Pair pair;
    ProtoReader fields(entries.bytes());
    while (fields.next()) {
      if (fields.field() > 2) continue;
      if (fields.type() != WireType::bytes) return fail(fields.error("label " + std::to_string(pairs.size())));
      (fields.field() == 1 ? pair.name : pair.value) = fields.bytes();
    }
    if (!fields.ok()) return fail(fields.error("label " + std::to_string(pairs.size())));
    if (pair.name.empty()) return fail(Errc::malformed, "a label without a name");
    pairs.push_back(pair);
  }
  if (!entries.ok()) return fail(entries.error("labels"));
  std::ranges::sort(pairs);
  const auto same_name = [](const Pair& a, const Pair& b) { return a.name == b.name; };
  if (const auto twice = std::ranges::adjacent_find(pairs, same_name); twice != pairs.end()) {
    return fail(Errc::malformed, "the label " + model::quote(twice->name) + " is given twice");
  }
  std::erase_if(pairs, [](const Pair& pair) { return pair.value.empty(); });
  return pairs;
}

}  // namespace

std::strong_ordering compare_labels(std::string_view a, std::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  if (a.size() == b.size() && (common == 0 || std::memcmp(a.data(), b.data(), common) == 0))
    return std::strong_ordering::equal;
  const char* p = a.data();
  const char* q = b.data();
  const char* p_end = p + a.size();
  const char* q_end = q + b.size();
  while (p != p_end && q != q_end) {
    // Entries that are equal byte for byte are stepped over without a look at what is in them.
    const char* entry_end = p + 1;
    uint64_t length = 0;
    if (get_varint(entry_end, p_end, length) && length <= static_cast<uint64_t>(p_end - entry_end)) {
      entry_end += length;
      const auto size = static_cast<size_t>(entry_end - p);
      if (size <= static_cast<size_t>(q_end - q) && std::memcmp(p, q, size) == 0) {
        p = entry_end;
        q += size;
        continue;
      }
    }
    Pair left;
    Pair right;
    if (!get_canonical_pair(p, p_end, left) || !get_canonical_pair(q, q_end, right)) return a <=> b;
    if (const auto order = left <=> right; order != 0) return order;
  }
  return (p != p_end) <=> (q != q_end);
}

bool is_canonical_labels(std::string_view wire) {
  const char* p = wire.data();
  const char* end = p + wire.size();
  std::string_view last;
  while (p != end) {
    const char* begin = p;
    Pair pair;
    if (!get_canonical_pair(p, end, pair) || pair.value.empty() || pair.name <= last) return false;
    const size_t body = entry_size(pair.name.size(), pair.value.size());
    if (static_cast<size_t>(p - begin) != 1 + varint_size(body) + body) return false;  // A varint longer than needed.
    last = pair.name;
  }
  return true;
}

Result<std::string> canonical_labels(std::string_view wire) {
  if (is_canonical_labels(wire)) return std::string(wire);
  auto pairs = read_pairs(wire);
  if (!pairs) return fail(pairs.error());
  std::string out;
  for (const Pair& pair : *pairs) append_label(out, pair.name, pair.value);
  return out;
}

std::string_view find_label(std::string_view wire, std::string_view name) {
  const char* p = wire.data();
  const char* end = p + wire.size();
  for (Pair pair; p != end && get_canonical_pair(p, end, pair);) {
    if (pair.name == name) return pair.value;
  }
  return {};
}

Result<model::LabelSet> decode_labels(std::string_view wire) {
  auto pairs = read_pairs(wire);
  if (!pairs) return fail(pairs.error());
  std::vector<model::Label> labels;
  labels.reserve(pairs->size());
  for (const Pair& pair : *pairs) labels.push_back({std::string(pair.name), std::string(pair.value)});
  return model::LabelSet::from(std::move(labels));
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  out.push_back(0x0a);
  append_varint(out, entry_size(name.size(), value.size()));
  if (!name.empty()) {
    out.push_back(0x0a);
    append_varint(out, name.size());
    out += name;
  }
  if (!value.empty()) {
    out.push_back(0x12);
    append_varint(out, value.size());
    out += value;
  }
}

std::string encode_labels(const model::LabelSet& labels) {
  std::string out;
  for (const model::Label& label : labels) append_label(out, label.name, label.value);
  return out;
}

}  // namespace mread::wire
