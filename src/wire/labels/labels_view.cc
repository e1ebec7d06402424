#include "wire/labels/labels_view.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <vector>

#include "wire/proto/proto_reader.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

// Reads one entry in canonical form. Returns false for any other, valid protobuf included.
bool get_canonical_pair(const char*& p, const char* end, Pair& out) {
  std::string_view entry;
  if (!get_bytes(p, end, 0x0a, entry)) return false;
  const char* q = entry.data();
  const char* entry_end = q + entry.size();
  return get_bytes(q, entry_end, 0x0a, out.name) && get_bytes(q, entry_end, 0x12, out.value) &&
         q == entry_end;
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
      if (fields.type() != WireType::bytes)
        return fail(fields.error("label " + std::to_string(pairs.size())));
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

#if defined(__SSE2__)
constexpr size_t block = 16;

// The bytes of `block` that differ, one bit each.
unsigned different_bytes(const char* a, const char* b) {
  const auto load = [](const char* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  };
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(load(a), load(b)))) ^ 0xffffU;
}
#else
constexpr size_t block = 8;

unsigned different_bytes(const char* a, const char* b) {
  uint64_t left;
  uint64_t right;
  std::memcpy(&left, a, 8);
  std::memcpy(&right, b, 8);
  return left == right ? 0U : 1U << static_cast<unsigned>(std::countr_zero(left ^ right)) / 8;
}
#endif

// The number of equal bytes at the beginning.
size_t common_bytes(std::string_view a, std::string_view b) {
  const size_t most = std::min(a.size(), b.size());
  size_t i = 0;
  for (; i + block <= most; i += block) {
    if (const unsigned different = different_bytes(a.data() + i, b.data() + i); different != 0) {
      return i + static_cast<size_t>(std::countr_zero(different));
    }
  }
  while (i < most && a[i] == b[i]) ++i;
  return i;
}

// The end of the entry at `p`; nullptr if it is broken.
const char* entry_end(const char* p, const char* end) {
  if (end - p >= 2 && static_cast<signed char>(p[1]) >= 0) [[likely]] {
    p += 2 + p[1];
    return p <= end ? p : nullptr;
  }
  uint64_t length = 0;
  if (p == end || !get_varint(++p, end, length) || length > static_cast<uint64_t>(end - p))
    return nullptr;
  return p + length;
}

// The common part of two label sets from some entry on.
struct Common {
  size_t entries = 0;     // Where the first entry begins that they do not share,
  size_t bytes = 0;       // and the first byte.
  std::string_view last;  // The last entry that they share, if there is one.
};

Common common_entries(std::string_view a, std::string_view b, size_t from) {
  Common common;
  common.bytes = from + common_bytes(a.substr(from), b.substr(from));
  const char* const begin = a.data();
  const char* p = begin + from;
  const char* const end = begin + a.size();
  while (p != end) {
    const char* const next = entry_end(p, end);
    if (next == nullptr || next > begin + common.bytes) break;
    common.last = {p, static_cast<size_t>(next - p)};
    p = next;
  }
  common.entries = static_cast<size_t>(p - begin);
  return common;
}

// An entry whose lengths take one byte, as nearly all do: 0a L 0a N name 12 M value.
struct ShortPair {
  size_t name;  // Its size,
  size_t value;
  static std::optional<ShortPair> read(std::string_view bytes) {
    const auto at = [bytes](size_t i) {
      return static_cast<size_t>(static_cast<unsigned char>(bytes[i]));
    };
    if (bytes.size() < 7 || bytes[0] != 0x0a || bytes[2] != 0x0a || at(1) >= 0x80 ||
        at(1) + 2 > bytes.size())
      return {};
    const size_t name = at(3);
    if (name + 4 > at(1) || bytes[4 + name] != 0x12 || at(5 + name) != at(1) - 4 - name) return {};
    return ShortPair{name, at(5 + name)};
  }
};

// The order of two entries; `different` is the first byte that differs, if any.
std::strong_ordering compare_different(std::string_view a, std::string_view b, size_t different) {
  if (a.empty() || b.empty())
    return a.empty() ? (b.empty() ? std::strong_ordering::equal : std::strong_ordering::less)
                     : std::strong_ordering::greater;
  const auto short_a = ShortPair::read(a);
  const auto short_b = ShortPair::read(b);
  // If two values of one label have the same length, the first byte that differs decides.
  if (short_a && short_b && short_a->name == short_b->name && different > 5 + short_a->name) {
    return static_cast<unsigned char>(a[different]) <=> static_cast<unsigned char>(b[different]);
  }
  const char* p = a.data();
  const char* q = b.data();
  Pair left;
  Pair right;
  if (!get_canonical_pair(p, p + a.size(), left) || !get_canonical_pair(q, q + b.size(), right))
    return a <=> b;
  const auto order = left <=> right;
  return order != 0 ? order : a <=> b;
}

// Reads the canonical entry at `p`, whose name must follow `last_name`; the name becomes the new
// `last_name`. Returns its end, or nullptr if the entry is not canonical.
const char* skip_canonical_entry(const char* p, const char* end, std::string_view& last_name) {
  const char* const begin = p;
  Pair pair;
  // Nearly all entries have lengths of one byte: 0a L 0a N name 12 M value.
  const auto length = static_cast<size_t>(static_cast<unsigned char>(p[end - p > 1 ? 1 : 0]));
  if (end - p > 6 && length < 0x80 && length <= static_cast<size_t>(end - p) - 2 && p[0] == 0x0a &&
      p[2] == 0x0a) {
    const auto name = static_cast<size_t>(static_cast<unsigned char>(p[3]));
    if (name == 0 || name + 5 > length || p[4 + name] != 0x12 ||
        static_cast<size_t>(static_cast<unsigned char>(p[5 + name])) != length - 4 - name) {
      return nullptr;
    }
    pair.name = {p + 4, name};
    p += 2 + length;
  } else {
    if (!get_canonical_pair(p, end, pair) || pair.value.empty()) return nullptr;
    const size_t body = entry_size(pair.name.size(), pair.value.size());
    // The varint may be longer than needed.
    if (static_cast<size_t>(p - begin) != 1 + varint_size(body) + body) return nullptr;
  }
  // The first letters decide most comparisons.
  const auto first = [](std::string_view name) { return static_cast<unsigned char>(name[0]); };
  const bool follows = last_name.empty() ||
                       (first(pair.name) != first(last_name) ? first(pair.name) > first(last_name)
                                                             : pair.name > last_name);
  if (!follows) return nullptr;
  last_name = pair.name;
  return p;
}

// Walks over canonical entries whose names follow `last_name`.
bool are_canonical_entries(const char* p, const char* end, std::string_view last_name) {
  while (p != end) {
    p = skip_canonical_entry(p, end, last_name);
    if (p == nullptr) return false;
  }
  return true;
}

// The name in a canonical entry; empty for none.
std::string_view name_of(std::string_view entry) {
  const char* p = entry.data();
  Pair pair;
  return !entry.empty() && get_canonical_pair(p, p + entry.size(), pair) ? pair.name
                                                                         : std::string_view();
}

}  // namespace

std::strong_ordering compare_labels_from(std::string_view a, std::string_view b, size_t& common) {
  const Common shared = common_entries(a, b, common);
  common = shared.entries;
  return compare_different(a.substr(common), b.substr(common), shared.bytes - common);
}

LabelsStep step_labels(std::string_view last, std::string_view labels) {
  LabelsStep step;
  const Common shared = common_entries(last, labels, 0);
  step.common = shared.entries;
  Pair pair;
  const char* p = shared.last.data();
  if (!shared.last.empty() && !get_canonical_pair(p, p + shared.last.size(), pair))
    return {step.order, 0, false};
  const char* const begin = labels.data();
  step.canonical = are_canonical_entries(begin + step.common, begin + labels.size(), pair.name);
  if (step.canonical) {
    step.order = compare_different(labels.substr(step.common), last.substr(step.common),
                                   shared.bytes - step.common);
  }
  return step;
}

LabelsStep LabelsStepper::next(const char*& p, const char* end) {
  if (!ends_known_) {
    ends_.clear();
    for (const char *q = last_.data(), *const last_end = q + last_.size(); q != last_end;) {
      q = entry_end(q, last_end);
      ends_.push_back(static_cast<uint32_t>(q - last_.data()));
    }
    ends_known_ = true;
  }
  const char* const begin = p;
  const size_t same = common_bytes({begin, static_cast<size_t>(end - begin)}, last_);
  size_t shared = 0;  // Entries.
  while (shared < ends_.size() && ends_[shared] <= same) ++shared;
  LabelsStep step;
  step.common = shared == 0 ? 0 : ends_[shared - 1];
  // The next entry usually has the same label, so its name follows the name of the last common
  // entry.
  const auto at = [begin](size_t i) {
    return static_cast<size_t>(static_cast<unsigned char>(begin[i]));
  };
  const bool same_name = shared < ends_.size() && same >= step.common + 4 &&
                         at(step.common + 1) < 0x80 && at(step.common + 2) == 0x0a &&
                         same >= step.common + 4 + at(step.common + 3);
  std::string_view last_name;
  if (shared > 0 && !same_name) {
    const size_t from = shared == 1 ? 0 : ends_[shared - 2];
    last_name = name_of(last_.substr(from, step.common - from));
  }
  ends_.resize(shared);
  const char* q = begin + step.common;
  while (q != end && *q == 0x0a) {
    q = skip_canonical_entry(q, end, last_name);
    if (q == nullptr) {
      ends_known_ = false;
      step.canonical = false;
      return step;
    }
    ends_.push_back(static_cast<uint32_t>(q - begin));
  }
  const std::string_view labels(begin, static_cast<size_t>(q - begin));
  step.order =
      compare_different(labels.substr(step.common), last_.substr(step.common), same - step.common);
  last_ = labels;
  p = q;
  return step;
}

std::strong_ordering compare_labels(std::string_view a, std::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  if (a.size() == b.size() && (common == 0 || std::memcmp(a.data(), b.data(), common) == 0))
    return std::strong_ordering::equal;
  const char* p = a.data();
  const char* q = b.data();
  const char* p_end = p + a.size();
  const char* q_end = q + b.size();
  while (p != p_end && q != q_end) {
    // Skips entries that are equal byte for byte without looking into them.
    const char* entry_end = p + 1;
    uint64_t length = 0;
    if (get_varint(entry_end, p_end, length) &&
        length <= static_cast<uint64_t>(p_end - entry_end)) {
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
  return are_canonical_entries(wire.data(), wire.data() + wire.size(), {});
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
  for (const Pair& pair : *pairs)
    labels.push_back({std::string(pair.name), std::string(pair.value)});
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
