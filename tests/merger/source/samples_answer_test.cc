#include "merger/source/samples_answer.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "merger/answers.h"
#include "wire/samples/samples_response.h"

namespace mread::merger {
namespace {

using ::testing::HasSubstr;
using tests::labels;
using tests::raw_labels;
using tests::samples;
using tests::samples_body;
using tests::SamplesSeries;

SamplesSeries one(const std::string& name, double value) {
  return {labels("up{n=\"" + name + "\"}"), samples(1000, 1000, {value}), ""};
}

class SamplesAnswerTest : public ::testing::Test {
 protected:
  SamplesAnswerTest() { options_.account = AccountPtr(new Account()); }

  Result<void> feed(const std::string& body, size_t piece = SIZE_MAX) {
    for (size_t at = 0; at < body.size(); at += std::min(piece, body.size() - at)) {
      auto fed =
          answer_.feed(std::make_shared<const std::string>(body.substr(at, piece)), options_);
      if (!fed) return fed;
    }
    return answer_.end(7, options_);
  }

  // The values of all fragments of "up{n=…}", series by series: "a 1 2, b 3".
  std::string take_all() {
    std::string out;
    while (!answer_.empty()) {
      const std::string front(answer_.front());
      std::vector<Fragment> fragments;
      answer_.pop_series(fragments);
      out += (out.empty() ? "" : ", ") + front.substr(front.size() - 1);
      for (const Fragment& fragment : fragments) {
        EXPECT_EQ(fragment.labels, front);
        EXPECT_EQ(fragment.source, 7u);
        EXPECT_TRUE(fragment.is_samples);
        wire::SamplesReader reader(fragment.entries);
        for (model::Sample sample; reader.next(sample);)
          out += " " + std::to_string(static_cast<int>(sample.value()));
      }
    }
    return out;
  }

  SourceOptions options_;
  SamplesAnswer answer_;
};

TEST_F(SamplesAnswerTest, SeriesComeInOrderWhateverThePieces) {
  const std::string body = samples_body({one("c", 3), one("a", 1), one("b", 2), one("a", 4)});
  for (const size_t piece : {size_t{1}, size_t{7}, body.size()}) {
    answer_ = {};
    ASSERT_TRUE(feed(body, piece));
    EXPECT_EQ(answer_.series(), 4u);
    EXPECT_EQ(take_all(), "a 1 4, b 2, c 3") << "pieces of " << piece;
  }
}

TEST_F(SamplesAnswerTest, ADeferredOneIsReadWhileItIsTaken) {
  options_.defer = true;
  ASSERT_TRUE(feed(samples_body({one("a", 1), one("b", 2)})));
  EXPECT_TRUE(answer_.waits());
  EXPECT_TRUE(answer_.is_unchecked());
  EXPECT_TRUE(answer_.empty()) << "it is not looked into yet";
  answer_.read(7, options_);
  EXPECT_FALSE(answer_.waits());
  EXPECT_EQ(answer_.series(), 1u) << "so far";
  EXPECT_EQ(take_all(), "a 1, b 2");
  EXPECT_EQ(answer_.series(), 2u);
  EXPECT_FALSE(answer_.irregular());
}

TEST_F(SamplesAnswerTest, ReadStopsWhereTheAnswerIsUnusualAndCheckKnowsWhatItIs) {
  struct Case {
    const char* name;
    std::vector<SamplesSeries> series;
    const char* read;
    const char* checked;  // Null: an error.
  };
  const Case cases[] = {
      {"out of order", {one("b", 2), one("a", 1)}, "b 2", "a 1, b 2"},
      {"the same series twice", {one("a", 1), one("a", 2)}, "a 1", "a 1 2"},
      {"labels that are not canonical",
       {one("a", 1), {raw_labels({{"n", "b"}, {"__name__", "up"}}), samples(1, 1, {2}), ""}},
       "a 1",
       "a 1, b 2"},
      {"duplicate labels",
       {one("a", 1), {raw_labels({{"n", "b"}, {"n", "b"}}), samples(1, 1, {2}), ""}},
       "a 1",
       nullptr},
  };
  options_.defer = true;
  for (const Case& each : cases) {
    answer_ = {};
    ASSERT_TRUE(feed(samples_body(each.series))) << each.name;
    answer_.read(7, options_);
    EXPECT_EQ(take_all(), each.read) << each.name;
    EXPECT_TRUE(answer_.irregular()) << each.name;
    const auto checked = answer_.check(7, options_);
    EXPECT_FALSE(answer_.irregular()) << each.name;
    ASSERT_EQ(checked.has_value(), each.checked != nullptr) << each.name;
    if (each.checked != nullptr) {
      EXPECT_EQ(take_all(), each.checked) << each.name;
    }
  }
}

TEST_F(SamplesAnswerTest, WhatIsNoBlockFailsAtItsEndDeferredOrNot) {
  for (const bool defer : {false, true}) {
    options_.defer = defer;
    answer_ = {};
    EXPECT_FALSE(feed("\xff\xff\xff\xff\xff\xff")) << defer;
    EXPECT_FALSE(answer_.waits()) << defer;
  }
}

TEST_F(SamplesAnswerTest, TheBodyMayNotExceedItsLimit) {
  const std::string body = samples_body({one("a", 1), one("b", 2)});
  options_.body_limit = body.size() - 1;
  const auto fed = feed(body, 10);
  ASSERT_FALSE(fed);
  EXPECT_TRUE(fed.error().is(Errc::limit));
  EXPECT_TRUE(answer_.over_budget());
  EXPECT_FALSE(answer_.over_limit()) << "that is limits.series";
}

TEST_F(SamplesAnswerTest, NorMayItClaimMoreThanTheLimitUncompressed) {
  std::vector<SamplesSeries> many;
  for (int i = 0; i < 100; ++i) many.push_back(one("a", 1));
  const std::string body = samples_body(many);
  options_.body_limit = body.size() + 100;
  for (const bool defer : {false, true}) {
    options_.defer = defer;
    answer_ = {};
    const auto fed = feed(body);
    ASSERT_FALSE(fed) << defer;
    EXPECT_TRUE(fed.error().is(Errc::limit)) << defer;
  }
}

TEST_F(SamplesAnswerTest, TooManySeriesAreTheReadsLimit) {
  options_.series_limit = 2;
  ASSERT_TRUE(feed(samples_body({one("a", 1), one("b", 2)})));
  answer_ = {};
  const auto fed = feed(samples_body({one("a", 1), one("b", 2), one("c", 3)}));
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().to_string(), HasSubstr("more than 2 series (limits.series)"));
  EXPECT_TRUE(answer_.over_limit());
}

TEST_F(SamplesAnswerTest, OneThatTakesOverSkipsWhatWasGivenOut) {
  const std::string body = samples_body({one("c", 3), one("a", 1), one("b", 2)});
  options_.resume = ResumePoint{labels("up{n=\"b\"}"), true};
  ASSERT_TRUE(feed(body));
  EXPECT_EQ(take_all(), "b 2, c 3");
  options_.resume->inclusive = false;
  answer_ = {};
  ASSERT_TRUE(feed(body));
  EXPECT_EQ(take_all(), "c 3");
}

TEST_F(SamplesAnswerTest, SameBytesAreFoundWhateverThePieces) {
  options_.defer = true;
  const std::string body = samples_body({one("a", 1), one("b", 2)});
  ASSERT_TRUE(feed(body, 3));
  SamplesAnswer same;
  ASSERT_TRUE(same.feed(std::make_shared<const std::string>(body), options_));
  EXPECT_TRUE(answer_.has_same_bytes(same));
  EXPECT_TRUE(same.has_same_bytes(answer_));
  std::string changed = body;
  changed.back() ^= 1;
  SamplesAnswer other;
  ASSERT_TRUE(other.feed(std::make_shared<const std::string>(changed), options_));
  EXPECT_FALSE(answer_.has_same_bytes(other));
  SamplesAnswer shorter;
  ASSERT_TRUE(shorter.feed(std::make_shared<const std::string>(body.substr(1)), options_));
  EXPECT_FALSE(answer_.has_same_bytes(shorter));
}

TEST_F(SamplesAnswerTest, SeriesOfOneThatWasLeftStillCount) {
  options_.defer = true;
  const std::string body = samples_body({one("a", 1), one("b", 2)});
  ASSERT_TRUE(feed(body));
  SamplesAnswer twin;
  ASSERT_TRUE(twin.feed(std::make_shared<const std::string>(body), options_));
  ASSERT_TRUE(twin.end(8, options_));
  twin.leave_to(answer_);
  EXPECT_EQ(twin.held(), 0u);
  EXPECT_TRUE(twin.is_unchecked());
  answer_.read(7, options_);
  take_all();
  EXPECT_EQ(twin.series(), 2u);
  answer_.leave(5);
  EXPECT_EQ(answer_.series(), 5u);
  EXPECT_TRUE(answer_.pieces().empty());
}

TEST_F(SamplesAnswerTest, AnEmptySeriesIsKeptOnceButNotAsOneMoreFragment) {
  const SamplesSeries empty{labels("up{n=\"a\"}"), {}, ""};
  ASSERT_TRUE(feed(samples_body({empty, empty, one("a", 1), empty})));
  EXPECT_EQ(answer_.series(), 4u);
  std::vector<Fragment> fragments;
  answer_.pop_series(fragments);
  EXPECT_EQ(fragments.size(), 2u) << "the first, and the one with a sample";
}

TEST_F(SamplesAnswerTest, WhatItHoldsIsGivenBack) {
  ASSERT_TRUE(feed(samples_body({one("a", 1), one("b", 2)})));
  EXPECT_GT(answer_.held(), 0u);
  EXPECT_GT(options_.account->held(), 0u) << "the uncompressed body";
  std::vector<Fragment> fragments;
  answer_.pop_series(fragments);
  answer_.clear();
  EXPECT_TRUE(answer_.empty());
  EXPECT_EQ(answer_.held(), 0u);
  EXPECT_GT(options_.account->held(), 0u) << "the fragment that was taken pins the body";
  fragments.clear();
  EXPECT_EQ(options_.account->held(), 0u);
}

}  // namespace
}  // namespace mread::merger
