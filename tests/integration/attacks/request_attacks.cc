// What a client asks: remote-read requests that are small on the wire and dear to whoever believes
// them.

#include <algorithm>
#include <filesystem>
#include <limits>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/attacks/attack.h"
#include "integration/attacks/stage.h"
#include "wire/snappy/snappy_block.h"

namespace mread::attacks {
namespace {

using testing::AnyOf;

// Bytes that no compression makes smaller; the same in every run.
std::string noise(size_t bytes, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>('a' + random() % 26);
  return out;
}

model::Query query_of(std::vector<model::Matcher> matchers) {
  model::Query query;
  query.start_ms = 1'000'000;
  query.end_ms = 2'000'000;
  query.matchers = std::move(matchers);
  return query;
}

model::ReadRequest streamed(std::vector<model::Query> queries) {
  model::ReadRequest request;
  request.queries = std::move(queries);
  request.accepted_response_types.push_back(model::ResponseType::streamed_xor_chunks);
  return request;
}

/// Sends the same body from several clients at once, and wants each to be refused with a line.
std::function<void(Stage&)> refused_from(int clients, const std::function<std::string()>& make_body,
                                         const std::string& target = "/api/v1/read") {
  return [=](Stage& stage) {
    const std::string text = post(target, make_body());
    std::vector<RawSocket> sockets;
    for (int i = 0; i < clients; ++i) sockets.push_back(RawSocket::connect(stage.port()));
    for (auto& socket : sockets) socket.send(text);
    for (auto& socket : sockets) {
      const std::string reply = socket.receive_response();
      EXPECT_THAT(status_of(reply), AnyOf(400, 413, 422)) << reply.substr(0, 1000);
      EXPECT_LE(reply.size(), 2048u) << "the line of the refusal is not short";
    }
    stage.wait_for_light_reads(3);
  };
}

std::string many_queries() {
  std::vector<model::Query> queries(100'000, query_of({model::Matcher::equal("__name__", "up")}));
  return read_body(streamed(std::move(queries)));
}

std::string queries_without_matchers() {
  return wire::compress(repeated(std::string("\x0a\x00", 2), 5'000'000));
}

std::string million_matchers() {
  std::vector<std::string> matchers(1'000'000, matcher_message(0, "a", "b"));
  return body_with(matchers);
}

std::string huge_grouping() {
  model::Query query = query_of({model::Matcher::equal("__name__", "up")});
  query.hints.emplace();
  query.hints->func = "sum";
  query.hints->grouping.assign(4'000'000, "job");
  return read_body(streamed({query}));
}

std::string huge_hint_func() {
  model::Query query = query_of({model::Matcher::equal("__name__", "up")});
  query.hints.emplace();
  query.hints->func.assign(50U << 20, 'f');
  return read_body(streamed({query}));
}

std::string unicode_classes() {
  return body_with({matcher_message(2, "a", repeated("\\pL", 4700))});
}

std::string costly_repeats() {
  return body_with(std::vector<std::string>(2000, matcher_message(2, "a", "(.{100}){9}.*")));
}

std::string nested_groups() {
  return body_with(
      {matcher_message(2, "a", repeated("(", 200'000) + "x" + repeated(")", 200'000))});
}

std::string types_without_end() {
  std::string request;
  append_bytes_field(request, 1, "");
  for (int i = 0; i < 5'000'000; ++i) append_number_field(request, 2, 1);
  return wire::compress(request);
}

std::string unknown_fields() {
  std::string request;
  append_bytes_field(request, 1, "");
  return wire::compress(request + repeated(std::string("\x7a\x01x", 3), 20'000'000));
}

// Claims four gigabytes.
std::string snappy_claim() {
  return std::string("\xff\xff\xff\xff\x0f", 5) + std::string(100, '\0');
}

std::string snappy_bomb() { return wire::compress(std::string(512U << 20, 'a')); }

void honest_alternatives(Stage& stage) {
  std::string names;
  for (int i = 0; i < 5000; ++i) names += fmt::format("{}host-{:04}.example", i == 0 ? "" : "|", i);
  std::vector<model::Matcher> matchers{
      model::Matcher::equal("__name__", "up"),
      *model::Matcher::create(model::MatchType::regex, "instance", names)};
  const std::string reply =
      stage.exchange(post("/api/v1/read", read_body(streamed({query_of(matchers)}))));
  EXPECT_EQ(status_of(reply), 200) << reply.substr(0, 1000);
}

// The edges of what a time can be, in queries and in hints.
void times_at_the_edge(Stage& stage) {
  constexpr int64_t low = std::numeric_limits<int64_t>::min();
  constexpr int64_t high = std::numeric_limits<int64_t>::max();
  const std::vector<int64_t> edges{low, low + 1, -1, 0, 1, high - 1, high};
  for (const int64_t start : edges) {
    for (const int64_t end : edges) {
      for (const bool with_hints : {false, true}) {
        model::Query query = query_of({model::Matcher::equal("__name__", "up")});
        query.start_ms = start;
        query.end_ms = end;
        if (with_hints)
          query.hints = model::ReadHints{high, "rate", end, start, {"job"}, true, low};
        const std::string reply =
            stage.exchange(post("/api/v1/read", read_body(streamed({query}))));
        EXPECT_THAT(status_of(reply), AnyOf(200, 400)) << start << " to " << end;
      }
    }
  }
}

// Reads that are all different, each with a key of 60 kB.
void distinct_keys(Stage& stage) {
  const std::string value = noise(60'000);
  for (int i = 0; i < 2000; ++i) {
    const std::string matcher = matcher_message(1, "a", std::to_string(i) + value);
    const std::string reply = stage.exchange(post("/api/v1/read", body_with({matcher})));
    ASSERT_EQ(status_of(reply), 200) << reply.substr(0, 500);
  }
}

// Nobody reads what these ask about: each waits for a read that never comes.
void distinct_warnings(Stage& stage) {
  const std::string value = noise(15'000);
  for (int round = 0; round < 3; ++round) {
    std::vector<RawSocket> sockets;
    // Fewer than the connections that half of the descriptors allow.
    for (int i = 0; i < 400; ++i) {
      sockets.push_back(RawSocket::connect(stage.port()));
      const std::string matcher = matcher_message(1, "a", std::to_string(round * 1000 + i) + value);
      sockets.back().send(post("/api/v1/read/warnings", body_with({matcher})));
    }
    for (auto& socket : sockets)
      EXPECT_THAT(status_of(socket.receive_response()), AnyOf(200, 429, 503));
  }
}

// Whatever a client puts into a request makes no new series of metrics.
void metric_cardinality(Stage& stage) {
  const auto lines = [&] {
    const std::string text = stage.get("/metrics");
    return std::count(text.begin(), text.end(), '\n');
  };
  stage.exchange(post("/api/v1/read", "no request"));
  stage.exchange("GET /api/v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  stage.exchange(post("/api/v1/read/warnings", read_body("up")));
  const auto before = lines();
  for (int i = 0; i < 500; ++i) {
    stage.exchange(
        fmt::format("M{0} /p{0}?q={0} HTTP/1.1\r\nHost: h{0}\r\nUser-Agent: u{0}\r\n"
                    "Authorization: Basic dXNlcjpwYXNz\r\nContent-Length: 0\r\n\r\n",
                    i));
    std::string request;
    append_bytes_field(request, 1, "");
    append_number_field(request, 2, static_cast<uint64_t>(i) * 1'000'003);
    stage.exchange(
        post("/api/v1/read", wire::compress(request), fmt::format("baggage: k={}\r\n", i)));
  }
  EXPECT_LE(lines(), before + 60) << "series for status, type and end are few";
}

// A line of the query log is bounded, whatever a read asks for.
void long_lines_of_the_query_log(Stage& stage) {
  for (int i = 0; i < 20; ++i) {
    const std::string matcher =
        matcher_message(1, "a", std::to_string(i) + std::string(8U << 20, 'x'));
    stage.exchange(post("/api/v1/read", body_with({matcher})));
  }
  EXPECT_LE(std::filesystem::file_size(stage.folder().path() / "query.log"), 4U << 20);
}

// RLIMIT_FSIZE stands for the full disk: the write fails, after a part of it.
void full_disk(Stage& stage) {
  const auto log = stage.folder().path() / "query.log";
  for (int i = 0; i < 400; ++i) stage.exchange(read_text("up", 2'000'000 + i));
  EXPECT_LE(std::filesystem::file_size(log), 64U << 10);
}

void control_characters(Stage& stage) {
  const std::string matcher =
      matcher_message(0, std::string("\x1b[2J\r\nX-Evil: 1\0", 16), "\xe2\x80\xae\xc2\x9b\n");
  for (const char* target : {"/api/v1/read", "/api/v1/read/warnings"}) {
    const std::string reply = stage.exchange(post(target, body_with({matcher})));
    EXPECT_THAT(status_of(reply), AnyOf(200, 400));
    EXPECT_EQ(reply.find("\nX-Evil"), std::string::npos);
    EXPECT_EQ(reply.find('\x1b'), std::string::npos) << reply.substr(0, 500);
  }
}

void empty_and_odd(Stage& stage) {
  std::vector<std::string> bodies{"",
                                  std::string(1, '\0'),
                                  "no request",
                                  wire::compress(""),
                                  wire::compress("\x0a"),
                                  wire::compress(std::string("\x0a\x00", 2)),
                                  wire::compress(std::string(1U << 20, '\xff')),
                                  noise(31U << 20),
                                  unknown_fields()};
  for (const auto& body : bodies) {
    for (const char* target : {"/api/v1/read", "/api/v1/read/warnings"}) {
      const std::string reply = stage.exchange(post(target, body));
      EXPECT_THAT(status_of(reply), AnyOf(200, 400, 413, 503))
          << target << " with " << body.size() << " bytes";
    }
  }
}

Attack refused(std::string name, int clients, const std::function<std::string()>& make_body) {
  return {.name = std::move(name), .run = refused_from(clients, make_body)};
}

}  // namespace

std::vector<Attack> request_attacks() {
  const std::string query_log = "query_log_file: query.log\n";
  return {
      {.name = "HundredThousandQueries", .run = refused_from(3, many_queries), .config = query_log},
      refused("QueriesWithoutMatchers", 2, queries_without_matchers),
      {.name = "MillionMatchers", .run = refused_from(4, million_matchers), .config = query_log},
      refused("HugeGrouping", 4, huge_grouping),
      refused("HugeHintFunction", 4, huge_hint_func),
      refused("UnicodeClassesInARegularExpression", 4, unicode_classes),
      refused("CostlyRepeatsInRegularExpressions", 4, costly_repeats),
      refused("NestedGroupsInARegularExpression", 4, nested_groups),
      refused("AcceptedTypesWithoutEnd", 4, types_without_end),
      refused("SnappyBlockThatClaimsGigabytes", 4, snappy_claim),
      refused("SnappyBombOfARequest", 2, snappy_bomb),
      {.name = "WarningsOfHundredThousandQueries",
       .run = refused_from(3, many_queries, "/api/v1/read/warnings")},
      {.name = "WarningsOfUnicodeClasses",
       .run = refused_from(3, unicode_classes, "/api/v1/read/warnings")},
      {.name = "HonestAlternativesPass", .run = honest_alternatives},
      {.name = "TimesAtTheEdge", .run = times_at_the_edge},
      {.name = "DistinctKeysOfReads", .run = distinct_keys, .peak_mib = 300},
      {.name = "DistinctKeysOfWarnings", .run = distinct_warnings, .peak_mib = 300},
      {.name = "MetricCardinality", .run = metric_cardinality},
      {.name = "LongLinesOfTheQueryLog", .run = long_lines_of_the_query_log, .config = query_log},
      {.name = "FullDiskUnderTheQueryLog",
       .run = full_disk,
       .config = query_log,
       .log_kib = 40,
       .file_bytes = 64U << 10},
      {.name = "ControlCharacters", .run = control_characters},
      {.name = "EmptyAndOddBodies", .run = empty_and_odd},
  };
}

}  // namespace mread::attacks
