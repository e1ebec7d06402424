#include "wire/labels/labels_view.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/generators.h"
#include "wire/proto/remote.pb.h"

namespace mread::wire {
namespace {

using namespace std::string_literals;
using model::LabelSet;

std::string wire_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) append_label(out, name, value);
  return out;
}

RC_GTEST_PROP(LabelsViewProperty, EncodesAsProtobuf, ()) {
  const LabelSet labels = *test::label_sets();
  prometheus::TimeSeries message;
  for (const model::Label& label : labels) {
    message.add_labels()->set_name(label.name);
    message.mutable_labels()->rbegin()->set_value(label.value);
  }
  const std::string wire = encode_labels(labels);
  RC_ASSERT(wire == message.SerializeAsString());
  RC_ASSERT(is_canonical_labels(wire));
  RC_ASSERT(canonical_labels(wire).value() == wire);
  RC_ASSERT(decode_labels(wire).value() == labels);
  for (const model::Label& label : labels) RC_ASSERT(find_label(wire, label.name) == label.value);
  RC_ASSERT(find_label(wire, "absent") == "");
}

RC_GTEST_PROP(LabelsViewProperty, ComparesAsLabelSets, ()) {
  const LabelSet a = *test::label_sets();
  const LabelSet b = *test::label_sets();
  const std::string wa = encode_labels(a);
  const std::string wb = encode_labels(b);
  RC_ASSERT(compare_labels(wa, wb) == (a <=> b));
  RC_ASSERT(compare_labels(wb, wa) == (b <=> a));
  RC_ASSERT(compare_labels(wa, std::string(wa)) == std::strong_ordering::equal);
}

RC_GTEST_PROP(LabelsViewProperty, CanonicalFormOfAnyOrder, (uint32_t seed)) {
  const LabelSet labels = *test::label_sets();
  std::vector<std::pair<std::string, std::string>> pairs{{"gone", ""}};
  for (const model::Label& label : labels) pairs.emplace_back(label.name, label.value);
  std::shuffle(pairs.begin(), pairs.end(), std::mt19937(seed));
  const std::string wire = wire_of(pairs);
  RC_ASSERT(!is_canonical_labels(wire));
  RC_ASSERT(canonical_labels(wire).value() == encode_labels(labels));
  RC_ASSERT(decode_labels(wire).value() == labels);
}

// docs/internals/traps.md, trap 4.
TEST(LabelsViewTest, ExternalLabelsReorderSeries) {
  LabelSet a{{"__name__", "up"}, {"instance", "i"}, {"job", "j"}};
  LabelSet b{{"__name__", "up"}, {"instance", "i"}, {"job", "j"}, {"pod", "p"}};
  EXPECT_TRUE(std::is_lt(compare_labels(encode_labels(a), encode_labels(b))));
  a.set("region", "eu");
  b.set("region", "eu");
  EXPECT_TRUE(std::is_gt(compare_labels(encode_labels(a), encode_labels(b))));
}

// The length stands before the text on the wire, so that the order of the bytes is not the order of
// the labels.
TEST(LabelsViewTest, LengthsDoNotDecideTheOrder) {
  EXPECT_TRUE(std::is_lt(compare_labels(wire_of({{"a", "10"}}), wire_of({{"a", "9"}}))));
  EXPECT_TRUE(std::is_lt(compare_labels(wire_of({{"ab", "1"}}), wire_of({{"b", "1"}}))));
  EXPECT_TRUE(
      std::is_lt(compare_labels(wire_of({{"a", std::string(200, 'x')}}), wire_of({{"a", "y"}}))));
}

struct OddCase {
  const char* name;
  std::string wire;
  std::string canonical;
};
void PrintTo(const OddCase& odd, std::ostream* out) { *out << odd.name; }
class OddLabelsTest : public testing::TestWithParam<OddCase> {};

TEST_P(OddLabelsTest, IsMadeCanonical) {
  EXPECT_FALSE(is_canonical_labels(GetParam().wire));
  const auto canonical = canonical_labels(GetParam().wire);
  ASSERT_TRUE(canonical) << canonical.error().to_string();
  EXPECT_EQ(*canonical, GetParam().canonical);
  EXPECT_TRUE(is_canonical_labels(*canonical));
}

// docs/internals/traps.md, trap 5.
INSTANTIATE_TEST_SUITE_P(Table, OddLabelsTest,
                         testing::Values(OddCase{"Unsorted", wire_of({{"b", "1"}, {"a", "2"}}),
                                                 wire_of({{"a", "2"}, {"b", "1"}})},  //
                                         OddCase{"EmptyValueIsAbsent",
                                                 wire_of({{"a", "1"}, {"b", ""}}),
                                                 wire_of({{"a", "1"}})},  //
                                         OddCase{"EmptyValueField",
                                                 "\x0a\x05\x0a\x01"
                                                 "a\x12\x00"s,
                                                 ""},  //
                                         OddCase{"ValueBeforeName",
                                                 "\x0a\x06\x12\x01"
                                                 "1\x0a\x01"
                                                 "a"s,
                                                 wire_of({{"a", "1"}})},  //
                                         OddCase{"UnknownField",
                                                 "\x0a\x08\x0a\x01"
                                                 "a\x12\x01"
                                                 "1\x18\x05"s,
                                                 wire_of({{"a", "1"}})},  //
                                         OddCase{"LongVarint",
                                                 "\x0a\x86\x00\x0a\x01"
                                                 "a\x12\x01"
                                                 "1"s,
                                                 wire_of({{"a", "1"}})},  //
                                         OddCase{"LongVarintInside",
                                                 "\x0a\x07\x0a\x81\x00"
                                                 "a\x12\x01"
                                                 "1"s,
                                                 wire_of({{"a", "1"}})},  //
                                         OddCase{"LastOfAFieldWins",
                                                 "\x0a\x09\x0a\x01"
                                                 "x\x0a\x01"
                                                 "a\x12\x01"
                                                 "1"s,
                                                 wire_of({{"a", "1"}})}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(LabelsViewTest, Utf8NamesAreOrdinary) {
  const std::string wire = wire_of({{"__name__", "up"}, {"http.status", "200"}});
  EXPECT_TRUE(is_canonical_labels(wire));
  EXPECT_EQ(find_label(wire, "http.status"), "200");
}

struct BrokenCase {
  const char* name;
  std::string wire;
  const char* message;
};
void PrintTo(const BrokenCase& broken, std::ostream* out) { *out << broken.name; }
class BrokenLabelsTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenLabelsTest, IsRefused) {
  EXPECT_FALSE(is_canonical_labels(GetParam().wire));
  const auto canonical = canonical_labels(GetParam().wire);
  ASSERT_FALSE(canonical);
  EXPECT_TRUE(canonical.error().is(Errc::malformed));
  EXPECT_EQ(canonical.error().to_string(), GetParam().message);
  EXPECT_FALSE(decode_labels(GetParam().wire));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenLabelsTest,
    testing::Values(
        BrokenCase{"Duplicate", wire_of({{"a", "1"}, {"a", "2"}}),
                   R"(the label "a" is given twice)"},  //
        BrokenCase{"DuplicateEqual", wire_of({{"a", "1"}, {"a", "1"}}),
                   R"(the label "a" is given twice)"},  //
        BrokenCase{"DuplicateEmpty", wire_of({{"a", "1"}, {"a", ""}}),
                   R"(the label "a" is given twice)"},                         //
        BrokenCase{"NoName", wire_of({{"", "1"}}), "a label without a name"},  //
        BrokenCase{"NothingInIt", "\x0a\x00"s, "a label without a name"},      //
        BrokenCase{"Truncated", wire_of({{"a", "1"}}).substr(0, 5),
                   "labels: malformed protobuf at byte 0"},  //
        BrokenCase{"TruncatedInside", "\x0a\x02\x0a\x05"s,
                   "label 0: malformed protobuf at byte 0"},                            //
        BrokenCase{"OtherField", "\x12\x00"s, "labels: malformed protobuf at byte 0"},  //
        BrokenCase{"NameAsNumber", "\x0a\x02\x08\x01"s, "label 0: malformed protobuf at byte 0"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// The one pass says what the three separate ones do, also of labels that are broken or not
// canonical.
RC_GTEST_PROP(LabelsViewProperty, AStepSaysOrderAndWhatIsCommon, ()) {
  const std::string last = encode_labels(*test::label_sets());
  std::string labels = encode_labels(*test::label_sets());
  if (*rc::gen::inRange(0, 3) == 0) labels = last.substr(0, last.size() / 2) + labels;
  if (!labels.empty() && *rc::gen::inRange(0, 3) == 0) {
    labels[*rc::gen::inRange<size_t>(0, labels.size())] ^=
        static_cast<char>(*rc::gen::inRange(1, 256));
  }
  const LabelsStep step = step_labels(last, labels);
  RC_ASSERT(step.canonical == is_canonical_labels(labels));
  if (!step.canonical) return;
  RC_ASSERT(step.order == compare_labels(labels, last));
  RC_ASSERT(step.common <= std::min(last.size(), labels.size()));
  RC_ASSERT(last.substr(0, step.common) == labels.substr(0, step.common));
  RC_ASSERT(is_canonical_labels(last.substr(0, step.common)));
  size_t common = 0;
  RC_ASSERT(compare_labels_from(labels, last, common) == step.order);
  RC_ASSERT(common == step.common);
  // From any whole entry on that they share it is the same.
  for (size_t from = 0; from <= step.common; ++from) {
    if (!is_canonical_labels(labels.substr(0, from))) continue;
    common = from;
    RC_ASSERT(compare_labels_from(labels, last, common) == step.order);
    RC_ASSERT(common == step.common);
  }
}

RC_GTEST_PROP(LabelsViewProperty, AStepperSaysWhatStepLabelsSays, ()) {
  LabelsStepper stepper;
  // Each has to outlive the next call.
  std::deque<std::string> all = {""};
  std::vector<std::unique_ptr<std::string>> keep;
  for (int i = 0; i < 12; ++i) {
    const std::string& last = all.back();
    std::string labels = encode_labels(*test::label_sets());
    if (*rc::gen::inRange(0, 3) == 0) {
      // The same but for a byte of some value, as neighbours mostly are.
      labels = last;
      if (!labels.empty()) labels.back() = static_cast<char>(labels.back() ^ 1);
    }
    if (!labels.empty() && *rc::gen::inRange(0, 5) == 0) {
      labels[*rc::gen::inRange<size_t>(0, labels.size())] ^=
          static_cast<char>(*rc::gen::inRange(1, 256));
    }
    const std::string after = *rc::gen::element<std::string>("", "\x12\x02xx", "\x18\x01", "\x0a");
    auto bytes = std::make_unique<std::string>(labels + after);
    const char* p = bytes->data();
    const char* const end = p + bytes->size();
    const LabelsStep step = stepper.next(p, end);
    const auto taken = static_cast<size_t>(p - bytes->data());
    if (!step.canonical) {
      // Entries up to the one that is broken.
      const auto entries = std::string_view(*bytes);
      RC_ASSERT(taken == 0);
      RC_ASSERT(!is_canonical_labels(
          entries.substr(0, entries.size() - (after == "\x0a" ? 0 : after.size()))));
      stepper.restart(last);
      continue;
    }
    RC_ASSERT(p == end || *p != '\x0a');
    const std::string_view read = std::string_view(*bytes).substr(0, taken);
    const LabelsStep want = step_labels(last, read);
    RC_ASSERT(want.canonical);
    RC_ASSERT(step.order == want.order);
    RC_ASSERT(step.common == want.common);
    keep.push_back(std::move(bytes));
    all.emplace_back(read);
    if (*rc::gen::inRange(0, 4) == 0) stepper.restart(all.back());
  }
}

TEST(LabelsViewTest, CompareOfBrokenBytesEnds) {
  const std::string good = wire_of({{"a", "1"}, {"b", "2"}});
  for (size_t cut = 0; cut < good.size(); ++cut) {
    const std::string bad = good.substr(0, cut);
    EXPECT_TRUE(std::is_neq(compare_labels(bad, good)));
    EXPECT_TRUE(std::is_neq(compare_labels(good, bad)));
  }
}

}  // namespace
}  // namespace mread::wire
