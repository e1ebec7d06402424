#include "serve/observe/query_log.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/nasty_texts.h"
#include "base/printable.h"

namespace mread::serve {
namespace {

namespace json = boost::json;

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A disk with room for `room` more bytes.
struct Disk {
  size_t room = 0;
  QueryLog::Write write() {
    return [this](int descriptor, const void* bytes, size_t size) -> ssize_t {
      if (room == 0) {
        errno = ENOSPC;
        return -1;
      }
      const ssize_t count = ::write(descriptor, bytes, std::min(size, room));
      if (count > 0) room -= static_cast<size_t>(count);
      return count;
    };
  }
};

class QueryLogTest : public testing::Test {
 protected:
  QueryLogTest() { std::filesystem::create_directories(folder_); }
  ~QueryLogTest() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("mread-q-" + std::to_string(getpid()));
  const std::string path_ = folder_ / "query.log";
  Disk disk_;
};

TEST_F(QueryLogTest, ALineThatDoesNotFitLeavesNothing) {
  const auto log = *QueryLog::open(path_, disk_.write());
  disk_.room = 10;
  EXPECT_TRUE(log->append("one"));
  const auto lost = log->append("a line of many bytes");
  ASSERT_FALSE(lost);
  EXPECT_THAT(lost.error().to_string(), testing::HasSubstr("query.log: No space left on device"));
  EXPECT_EQ(text_of(path_), "one\n");
  EXPECT_FALSE(log->append("another"));
  disk_.room = 100;
  EXPECT_TRUE(log->append("two"));
  EXPECT_EQ(text_of(path_), "one\ntwo\n");
}

TEST_F(QueryLogTest, WhatAnotherHasAppendedIsNotTakenBack) {
  std::ofstream other(path_, std::ios::app);
  bool full = false;
  const auto write = [&](int descriptor, const void* bytes, size_t size) -> ssize_t {
    if (!full) return ::write(descriptor, bytes, std::min<size_t>(size, 3));
    other << "other\n" << std::flush;
    errno = ENOSPC;
    return -1;
  };
  const auto in_pieces = [&](int descriptor, const void* bytes, size_t size) {
    const ssize_t count = write(descriptor, bytes, size);
    if (size == 11) full = true;  // After the first piece of the torn line.
    return count;
  };
  const auto log = *QueryLog::open(path_, in_pieces);
  EXPECT_TRUE(log->append("one"));
  EXPECT_FALSE(log->append("{\"torn\":1}"));
  EXPECT_EQ(text_of(path_), "one\n{\"tother\n");
  full = false;
  EXPECT_TRUE(log->append("two"));
  EXPECT_TRUE(log->append("three"));
  EXPECT_EQ(text_of(path_), "one\n{\"tother\n\ntwo\nthree\n");
}

TEST_F(QueryLogTest, AFullDeviceIsAnError) {
  const auto log = QueryLog::open("/dev/full");
  ASSERT_TRUE(log);
  EXPECT_FALSE((*log)->append("line"));
}

TEST_F(QueryLogTest, APipeIsNeverWaitedFor) {
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_FALSE(QueryLog::open(pipe)) << "nobody reads";
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  const auto log = QueryLog::open(pipe);
  ASSERT_TRUE(log);
  size_t written = 0;
  while ((*log)->append(std::string(1000, 'x'))) ++written;
  EXPECT_GT(written, 0U);
  // What was torn by the full pipe ends before the next line.
  std::string seen(1 << 20, '\0');
  seen.resize(static_cast<size_t>(::read(reader, seen.data(), seen.size())));
  ASSERT_TRUE((*log)->append("next"));
  std::string rest(100, '\0');
  rest.resize(static_cast<size_t>(::read(reader, rest.data(), rest.size())));
  EXPECT_EQ(rest, seen.ends_with('\n') ? "next\n" : "\nnext\n");
  ::close(reader);
}

struct Line {
  std::string text;
  json::object object;
};

Line line_of(const model::ReadRequest& request, const ReadReport& report = {},
             const QueryLogLimits& limits = {}) {
  const auto config =
      config::Config::parse("remote_read: [{name: a, url: \"http://a/\"}]\n", "mread.yml");
  Line line{query_log_line(config, request, report, "127.0.0.1:1", {}, limits), {}};
  boost::system::error_code code;
  auto parsed = json::parse(line.text, code);
  EXPECT_FALSE(code) << line.text;
  if (!code) line.object = parsed.as_object();
  return line;
}

model::Query query_of(std::vector<model::Matcher> matchers) {
  model::Query query;
  query.matchers = std::move(matchers);
  return query;
}

TEST(QueryLogLine, IsShortWhateverIsAsked) {
  constexpr size_t most_bytes = 64U << 10;
  model::ReadRequest many_queries;
  for (int i = 0; i < 50'000; ++i)
    many_queries.queries.push_back(query_of({model::Matcher::equal("a", "b")}));
  model::ReadRequest many_matchers;
  many_matchers.queries.push_back(query_of({}));
  for (int i = 0; i < 50'000; ++i)
    many_matchers.queries[0].matchers.push_back(model::Matcher::equal("a", "b"));
  model::ReadRequest long_value;
  long_value.queries.push_back(query_of({model::Matcher::equal("__name__", "up"),
                                         model::Matcher::equal("a", std::string(10 << 20, '\xff')),
                                         model::Matcher::equal("b", "c")}));
  for (const auto* request : {&many_queries, &many_matchers, &long_value}) {
    EXPECT_LT(line_of(*request).text.size(), most_bytes);
  }
  const auto shown = line_of(many_queries).object;
  EXPECT_EQ(shown.at("queries").as_array().size() + shown.at("queries_cut").to_number<size_t>(),
            50'000U);
  const auto first = line_of(many_matchers).object.at("queries").at(0).as_object();
  EXPECT_GT(first.at("matchers_cut").to_number<size_t>(), 40'000U);
  const auto value = line_of(long_value).object.at("queries").at(0).as_object();
  EXPECT_EQ(value.at("matchers_cut").to_number<size_t>(), 2U);
  EXPECT_THAT(std::string(value.at("selector").as_string()),
              testing::StartsWith("up{a=\\xff\\xff"));
  EXPECT_THAT(std::string(value.at("selector").as_string()), testing::EndsWith("…}"));
}

TEST(QueryLogLine, IsWholeWhereThereIsRoom) {
  model::ReadRequest request;
  request.queries.push_back(
      query_of({model::Matcher::equal("__name__", "up"), model::Matcher::equal("a", "bc")}));
  request.queries.push_back(query_of({model::Matcher::equal("a", "b")}));
  const auto whole = line_of(request).object;
  EXPECT_EQ(whole.at("queries").at(0).at("selector").as_string(), "up{a=\"bc\"}");
  EXPECT_FALSE(whole.contains("queries_cut"));
  EXPECT_FALSE(whole.at("queries").at(0).as_object().contains("matchers_cut"));
  // 64 and the name leave no room for a second matcher, and none for a second query.
  const auto cut = line_of(request, {}, {.query_bytes = 64 + 13 + 4, .error_bytes = 10}).object;
  EXPECT_EQ(cut.at("queries").at(0).at("selector").as_string(), "up{a=bc…}");
  EXPECT_EQ(cut.at("queries").at(0).at("matchers_cut").to_number<size_t>(), 1U);
  EXPECT_EQ(cut.at("queries_cut").to_number<size_t>(), 1U);
}

TEST(QueryLogLine, IsPrintableJsonWhateverIsAskedAndAnswered) {
  for (const std::string& text : nasty::texts()) {
    model::ReadRequest request;
    request.queries.push_back(query_of({model::Matcher::equal("x" + text, text)}));
    ReadReport report;
    report.abort_reason = Error(Errc::malformed, text);
    report.outcome.partial = "a: " + text;
    report.outcome.backends.emplace_back();
    report.outcome.backends[0].state = merger::BackendOutcome::State::failed;
    report.outcome.backends[0].error = Error(Errc::malformed, text);
    const Line line = line_of(request, report);
    EXPECT_TRUE(nasty::is_harmless(line.text)) << line.text;
    EXPECT_EQ(line.object.at("queries").at(0).at("selector").as_string(),
              "{" + quote("x" + text) + "=" + quote(text) + "}");
  }
}

}  // namespace
}  // namespace mread::serve
