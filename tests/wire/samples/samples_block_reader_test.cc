#include "wire/samples/samples_block_reader.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/labels/labels_view.h"
#include "wire/proto/proto_reader.h"
#include "wire/samples/samples_block_writer.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {
namespace {

using SharedPieces = std::vector<std::shared_ptr<const std::string>>;
using State = SamplesBlockReader::State;

SharedPieces cut(const std::string& body, size_t size) {
  SharedPieces pieces;
  for (size_t i = 0; i < body.size(); i += size)
    pieces.push_back(std::make_shared<const std::string>(body, i, size));
  return pieces;
}

struct Copied {
  std::string labels, samples, histograms, body;
  bool operator==(const Copied&) const = default;
};

Copied copied(const TimeSeriesView& series) {
  return {std::string(series.labels), std::string(series.samples), std::string(series.histograms),
          std::string(series.body)};
}

// The last series are pinned and looked at only when others were read after them.
State read(const std::string& block, size_t piece, std::vector<Copied>& out) {
  const SharedPieces pieces = cut(block, piece);
  SamplesBlockReader reader(pieces);
  std::vector<std::pair<std::shared_ptr<const char[]>, TimeSeriesView>> pinned;
  State state = reader.next();
  for (; state == State::series; state = reader.next()) {
    pinned.emplace_back(reader.memory(), reader.series());
    if (pinned.size() < 40) continue;
    for (const auto& each : pinned) out.push_back(copied(each.second));
    pinned.clear();
  }
  for (const auto& each : pinned) out.push_back(copied(each.second));
  EXPECT_EQ(reader.next(), state);
  return state;
}

std::vector<Copied> by_parsing(const std::string& uncompressed) {
  std::vector<Copied> out;
  const auto response = parse_read_response(uncompressed).value();
  for (const auto& series : response.results.at(0).series) out.push_back(copied(series));
  return out;
}

std::string response_of(size_t series, size_t samples, size_t large = SIZE_MAX) {
  ReadResponseWriter writer;
  writer.begin_result();
  for (size_t i = 0; i < series; ++i) {
    std::vector<model::Sample> list;
    for (size_t k = 0; k < (i == large ? 20'000 : samples); ++k) {
      list.push_back(model::Sample::of(1'760'000'000'000 + static_cast<int64_t>(k * 15'000 + i),
                                       static_cast<double>(k * k * 31 % (100 + i))));
    }
    const std::string number = std::to_string(1'000'000 + i);
    std::string labels;
    append_label(labels, "__name__", "up");
    append_label(labels, "job", "job-" + number);
    writer.append_series(labels, list,
                         i % 5 == 3 ? std::string("\x22\x02\x08\x01", 4) : std::string());
  }
  return std::string(writer.bytes());
}

TEST(SamplesBlockReaderTest, ReadsWhatParsingReads) {
  for (const auto& response :
       {response_of(0, 0), response_of(1, 0), response_of(1, 5), response_of(3000, 20),
        response_of(500, 480), response_of(60, 100, 30), response_of(3, 10'000)}) {
    const auto expected = by_parsing(response);
    const std::string block = compress(response);
    for (const size_t piece : {size_t{1000}, size_t{65'536}, block.size()}) {
      std::vector<Copied> series;
      EXPECT_EQ(read(block, piece, series), State::end);
      EXPECT_TRUE(series == expected);
    }
  }
}

// Of the project's own answers, with copies across the limits of windows.
TEST(SamplesBlockReaderTest, ReadsWhatTheWriterWrites) {
  const std::string response = response_of(2000, 120);
  const auto view = parse_read_response(response).value();
  SamplesBlockWriter writer;
  writer.begin_result();
  for (const auto& series : view.results[0].series) {
    std::vector<model::Sample> list;
    SamplesReader samples(series.samples);
    for (model::Sample sample; samples.next(sample);) list.push_back(sample);
    writer.append_series(series.labels, list, series.histograms);
  }
  std::string block;
  for (const auto& piece : writer.take()) block.append(piece.memory.get(), piece.size);
  std::vector<Copied> series;
  EXPECT_EQ(read(block, 65'536, series), State::end);
  EXPECT_TRUE(series == by_parsing(response));
}

TEST(SamplesBlockReaderTest, WhatIsUnusualIsIrregular) {
  const auto state_of = [](const std::string& uncompressed) {
    std::vector<Copied> series;
    return read(compress(uncompressed), 1000, series);
  };
  const std::string response = response_of(3, 5);
  ASSERT_EQ(state_of(response), State::end);
  EXPECT_EQ(state_of(""), State::irregular);
  EXPECT_EQ(state_of(response + std::string("\x10\x01", 2)), State::irregular);
  EXPECT_EQ(state_of(std::string("\x10\x01", 2) + response), State::irregular);
  EXPECT_EQ(state_of(response + response), State::irregular);
  EXPECT_EQ(state_of(response.substr(0, response.size() - 1)), State::irregular);
  EXPECT_EQ(state_of(response + "\x0a"), State::irregular);
  EXPECT_EQ(state_of(std::string("\x0a\x82\x00\x10\x01", 5)), State::irregular);
}

// Whatever the bytes are: what it reads to the end is what parsing reads.
RC_GTEST_PROP(SamplesBlockReaderProperty, ReadsTheSameOrFindsItIrregular, ()) {
  std::string response =
      response_of(*rc::gen::inRange<size_t>(0, 30), *rc::gen::inRange<size_t>(0, 30));
  if (*rc::gen::arbitrary<bool>() && !response.empty()) {
    response[*rc::gen::inRange<size_t>(0, std::min<size_t>(response.size(), 300))] =
        *rc::gen::arbitrary<char>();
  }
  std::string block = compress(response);
  const int damage = *rc::gen::inRange(0, 4);
  const auto at = *rc::gen::inRange<size_t>(0, block.size());
  if (damage == 0) block[at] = *rc::gen::arbitrary<char>();
  if (damage == 1) block.resize(at + 1);
  const auto pieces = cut(block, *rc::gen::inRange<size_t>(1, 5000));
  const auto whole = uncompress(pieces, 1 << 24);
  std::vector<Copied> series;
  const State state = read(block, pieces[0]->size(), series);
  const auto parsed = whole ? parse_read_response(whole->view())
                            : Result<ReadResponseView>(fail(Errc::malformed, ""));
  if (state == State::end) {
    RC_ASSERT(parsed.has_value() && parsed->results.size() == 1U);
    RC_ASSERT(series == by_parsing(std::string(whole->view())));
  } else if (damage > 1 && parsed && parsed->results.size() == 1) {
    RC_CLASSIFY(true, "a good answer that is irregular");
  }
}

}  // namespace
}  // namespace mread::wire
