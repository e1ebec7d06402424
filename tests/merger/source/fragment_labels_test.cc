#include "merger/source/fragment_labels.h"

#include <gtest/gtest.h>

#include "merger/answers.h"

namespace mread::merger {
namespace {

using tests::labels;
using tests::raw_labels;

class FragmentLabels : public ::testing::Test {
 protected:
  const AccountPtr account_{new Account()};
  Fragment fragment_;
};

TEST_F(FragmentLabels, CanonicalOnesThatArePinnedAreViewedWhereTheyAre) {
  const std::string wire = labels("up{job=\"a\",replica=\"x\"}");
  const auto as_came = set_labels(fragment_, wire, true, {}, account_);
  ASSERT_TRUE(as_came);
  EXPECT_TRUE(*as_came);
  EXPECT_EQ(fragment_.labels.data(), wire.data());
  EXPECT_EQ(fragment_.labels, wire);
  EXPECT_FALSE(fragment_.rare);
  EXPECT_EQ(account_->held(), 0u);
}

TEST_F(FragmentLabels, BytesThatDoNotStayAreCopiedAndCounted) {
  std::string wire = labels("up{job=\"a\"}");
  const std::string before = wire;
  const auto as_came = set_labels(fragment_, wire, false, {}, account_);
  ASSERT_TRUE(as_came);
  EXPECT_TRUE(*as_came) << "they are the bytes that came";
  wire.assign(wire.size(), 'x');
  EXPECT_EQ(fragment_.labels, before);
  EXPECT_EQ(fragment_.replica(), "");
  EXPECT_GE(account_->held(), before.size());
  fragment_ = {};
  EXPECT_EQ(account_->held(), 0u);
}

TEST_F(FragmentLabels, OthersAreMadeCanonical) {
  const std::string wire = raw_labels({{"job", "a"}, {"empty", ""}, {"__name__", "up"}});
  const auto as_came = set_labels(fragment_, wire, true, {}, account_);
  ASSERT_TRUE(as_came);
  EXPECT_FALSE(*as_came);
  EXPECT_EQ(fragment_.labels, labels("up{job=\"a\"}"));
  EXPECT_GT(account_->held(), 0u);
}

TEST_F(FragmentLabels, ReplicaLabelsAreTakenOffAndKeptApart) {
  const std::vector<std::string> names{"replica"};
  const auto as_came = set_labels(fragment_, labels("up{job=\"a\",replica=\"x\",zone=\"z\"}"), true,
                                  names, account_);
  ASSERT_TRUE(as_came);
  EXPECT_FALSE(*as_came);
  EXPECT_EQ(fragment_.labels, labels("up{job=\"a\",zone=\"z\"}"));
  EXPECT_EQ(fragment_.replica(), raw_labels({{"replica", "x"}}));
}

TEST_F(FragmentLabels, ReplicaLabelsAreTakenOffWhatHadToBeRewrittenToo) {
  const std::vector<std::string> names{"replica"};
  const auto as_came =
      set_labels(fragment_, raw_labels({{"replica", "x"}, {"job", "a"}, {"__name__", "up"}}), true,
                 names, account_);
  ASSERT_TRUE(as_came);
  EXPECT_FALSE(*as_came);
  EXPECT_EQ(fragment_.labels, labels("up{job=\"a\"}"));
  EXPECT_EQ(fragment_.replica(), raw_labels({{"replica", "x"}}));
}

TEST_F(FragmentLabels, ASeriesWithoutReplicaLabelsIsNotCopied) {
  const std::vector<std::string> names{"replica"};
  const std::string wire = labels("up{job=\"a\"}");
  const auto as_came = set_labels(fragment_, wire, true, names, account_);
  ASSERT_TRUE(as_came);
  EXPECT_TRUE(*as_came);
  EXPECT_EQ(fragment_.labels.data(), wire.data());
}

TEST_F(FragmentLabels, ANameThatComesTwiceIsAnError) {
  const auto set =
      set_labels(fragment_, raw_labels({{"job", "a"}, {"job", "b"}}), true, {}, account_);
  ASSERT_FALSE(set);
  EXPECT_TRUE(set.error().is(Errc::malformed)) << set.error().to_string();
  EXPECT_EQ(account_->held(), 0u);
}

}  // namespace
}  // namespace mread::merger
