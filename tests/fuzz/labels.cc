// Labels as they stand on the wire: canonical ones, their order and the steps between them, against
// label sets.
#include <algorithm>

#include "fuzz/harness.h"
#include "wire/bytes/varint.h"
#include "wire/labels/labels_view.h"

namespace {

using namespace mread;  // NOLINT: a program of its own

// One label set's bytes behind another's: each begins with its length.
std::vector<std::string> take_sets(const std::string& bytes) {
  std::vector<std::string> sets;
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  while (p != end && sets.size() < 20) {
    uint64_t size = 0;
    if (!wire::get_varint(p, end, size)) size = static_cast<uint64_t>(end - p);
    size = std::min(size, static_cast<uint64_t>(end - p));
    sets.emplace_back(p, size);
    p += size;
  }
  return sets;
}

std::string check_one(const std::string& labels) {
  const bool is_canonical = wire::is_canonical_labels(labels);
  const auto canonical = wire::canonical_labels(labels);
  const auto decoded = wire::decode_labels(labels);
  FUZZ_CHECK(canonical.has_value() == decoded.has_value());
  if (!canonical) {
    FUZZ_CHECK(!is_canonical && !canonical.error().context.empty());
    return {};
  }
  FUZZ_CHECK(is_canonical == (*canonical == labels));
  FUZZ_CHECK(wire::is_canonical_labels(*canonical));
  FUZZ_CHECK(wire::encode_labels(*decoded) == *canonical);
  for (const auto& label : *decoded)
    FUZZ_CHECK(wire::find_label(*canonical, label.name) == label.value);
  FUZZ_CHECK(wire::find_label(*canonical, "no such label").empty() ||
             decoded->has("no such label"));
  return *canonical;
}

void check_two(const std::string& a, const std::string& b) {
  const auto order = wire::compare_labels(b, a);
  FUZZ_CHECK(order == (*wire::decode_labels(b) <=> *wire::decode_labels(a)));
  FUZZ_CHECK((order == 0) == (a == b));
  const wire::LabelsStep step = wire::step_labels(a, b);
  FUZZ_CHECK(step.canonical && step.order == order);
  FUZZ_CHECK(a.substr(0, step.common) == b.substr(0, step.common));
  FUZZ_CHECK(wire::is_canonical_labels(a.substr(0, step.common)));
  size_t common = 0;
  FUZZ_CHECK(wire::compare_labels_from(b, a, common) == order && common == step.common);
  FUZZ_CHECK(wire::compare_labels_from(b, a, common) == order && common == step.common);
}

}  // namespace

MREAD_FUZZ(labels) {
  const std::vector<std::string> sets = take_sets(input.rest());
  std::vector<std::string> canonical;
  for (const auto& set : sets) {
    canonical.push_back(check_one(set));
    // Of bytes that are not canonical, an order, and nothing read outside them.
    (void)wire::compare_labels(set, sets.front());
    (void)wire::compare_labels(sets.front(), set);
    (void)wire::find_label(set, "job");
  }
  wire::LabelsStepper stepper;
  std::string last;
  for (size_t i = 0; i < canonical.size(); ++i) {
    if (i > 0) check_two(canonical[i - 1], canonical[i]);
    // As they came, behind those that stand before.
    const wire::LabelsStep want = wire::step_labels(last, sets[i]);
    FUZZ_CHECK(want.canonical == wire::is_canonical_labels(sets[i]));
    const char* p = sets[i].data();
    const wire::LabelsStep got = stepper.next(p, p + sets[i].size());
    // What it steps over is what is canonical at the beginning; the rest is another field's, for
    // all that it knows.
    const bool all = p == sets[i].data() + sets[i].size();
    if (got.canonical && all) {
      FUZZ_CHECK(want.canonical && want.order == got.order && want.common == got.common);
      last = sets[i];
    } else {
      FUZZ_CHECK(!want.canonical);
      last = canonical[i];
      stepper.restart(canonical[i]);
    }
  }
}
