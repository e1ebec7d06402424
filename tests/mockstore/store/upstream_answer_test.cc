#include "mockstore/store/upstream_answer.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "mockstore/faults/registry.h"
#include "mockstore/store_fixture.h"

namespace mread::mockstore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* data =
    "input_series:\n"
    "- {series: 'up{job=\"a\"}', values: '0+1x200'}\n"
    "- {series: 'up{job=\"b\"}', values: '5-1x150 stale'}\n"
    "- {series: 'up{job=\"c\"}', values: '{{schema:0 count:3 sum:2 buckets:[1 2]}}x20'}\n"
    "- {series: 'up{job=\"d\"}', values: '1x3', repeat: {host: 3}}\n";

constexpr const char* in_front = "upstream: http://collector:9090\n";

// A response of an upstream.
struct Sent {
  net::ResponseHead head;
  std::string body;
};

// What a store with this configuration answers.
Sent answer_of(const std::string& config, const std::string& request) {
  const StoreConfig store = store_of(config);
  StoreAnswer answer(dataset_of(store), store.answer, {}, request);
  const Received received = receive(answer);
  return {{received.status, "", received.headers}, received.body};
}

std::unique_ptr<Store> make_store(const std::string& config, const TimeSource& time) {
  auto store = Store::create(store_of(config), 42, time);
  EXPECT_TRUE(store) << (store ? "" : store.error().context);
  return store ? std::move(*store) : nullptr;
}

// The answer of a store with this configuration to its first request. Its upstream, if it has one,
// gives `respond` of what it is asked, in pieces of so many bytes.
template <class Respond>
Received ask(const std::string& config, const std::string& request, size_t piece_bytes,
             Respond&& respond) {
  FakeTime time;
  const auto store = make_store(config, time);
  const auto exchange = store->begin(request, "client");
  Received received;
  std::optional<Sent> sent;
  size_t offset = 0;
  std::vector<Step> steps;
  for (;;) {
    exchange->next(steps);
    for (const Step& step : steps) receive(step, received);
    if (!steps.empty() && is_last(steps.back())) return received;
    if (!steps.empty()) continue;
    UpstreamAnswer* upstream = exchange->upstream();
    if (upstream == nullptr || !upstream->needs_input()) {
      ADD_FAILURE() << "the answer has no end";
      return received;
    }
    if (!sent) {
      sent = respond(upstream->take_request_body());
      upstream->on_head(sent->head);
    } else if (offset < sent->body.size()) {
      upstream->on_bytes(sent->body.substr(offset, piece_bytes));
      offset += piece_bytes;
    } else {
      upstream->on_end();
    }
  }
}

Received ask_in_front_of(const std::string& upstream, const std::string& faults,
                         const std::string& request, size_t piece_bytes) {
  return ask(in_front + std::string("faults: ") + faults, request, piece_bytes,
             [&](const std::string& asked) { return answer_of(upstream, asked); });
}

Received ask_own(const std::string& upstream, const std::string& faults,
                 const std::string& request) {
  return ask(upstream + "faults: " + faults, request, 1, [](const std::string&) { return Sent(); });
}

// A range whose end lies before the last sample, and a second query.
std::string request_for(bool is_streamed) {
  return request_of({query_of("up", t0_ms, t0_ms + 30 * minute_ms), query_of("up{job=\"b\"}")},
                    is_streamed ? streamed : std::vector<model::ResponseType>{});
}

struct Case {
  std::string fault;
  bool is_streamed = true;
  size_t piece_bytes = 7;
};

const std::vector<std::string> tried_faults{
    "{bad_chunk: short}",
    "{bad_chunk: {what: count, frame: 1}}",
    "{bad_chunk: times}",
    "{clock_skew: 90s}",
    "empty",
    "{error_text: disk}",
    "{error_text: {text: disk, frames: 2}}",
    "{headers: {set: {Content-Type: text/html}, remove: Content-Encoding}}",
    "hang_before_headers",
    "{hang_mid_body: {bytes: 15}}",
    "{hang_mid_body: {frames: 2}}",
    "{lag: 20m}",
    "[{lag: 20m}, {clock_skew: 30s}]",
    "{late_end: 5s}",
    "{latency: 1s}",
    "{latency: {fixed: 5ms, where: per_frame}}",
    "refused",
    "reset",
    "{reset: {after_bytes: 100}}",
    "{sliced: {bytes: 100}}",
    "{status: {code: 503, text: busy}}",
    "{truncate: {where: after_crc, frame: 1}}",
    "{truncate: {frames: 2, end: cut}}",
    "{truncate: {bytes: 30}}",
    "{unsorted: reversed}",
    "{unsorted: shuffled}",
    "wrong_body",
    "{wrong_crc: {frame: 1}}",
    "{wrong_values: {factor: 2, add: 1}}",
    "[{lag: 1m}, {unsorted: reversed}, {latency: 1s}, {wrong_crc: {frame: 1}}]"};

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const std::string& fault : tried_faults) {
    for (const bool is_streamed : {true, false}) {
      for (const size_t piece_bytes : {size_t{1}, size_t{333}, size_t{1} << 20})
        cases.push_back({fault, is_streamed, piece_bytes});
    }
  }
  return cases;
}

class UpstreamFaultTest : public testing::TestWithParam<Case> {};

TEST_P(UpstreamFaultTest, WorksAsOnDataOfTheStoresOwn) {
  const auto& [fault, is_streamed, piece_bytes] = GetParam();
  const std::string request = request_for(is_streamed);
  const Received own = ask_own(data, fault, request);
  const Received got = ask_in_front_of(data, fault, request, piece_bytes);
  EXPECT_EQ(got.steps, own.steps) << fault;
  EXPECT_EQ(got.body, own.body) << fault;
  EXPECT_EQ(got.headers.get("Content-Type"), own.headers.get("Content-Type")) << fault;
}

INSTANTIATE_TEST_SUITE_P(Faults, UpstreamFaultTest, testing::ValuesIn(all_cases()));

// Of a series whose beginning is not asked for, chunks are cut at other places.
TEST(UpstreamAnswerTest, AClockBehindMovesTheSamplesIntoTheRange) {
  const std::string fault = "{clock_skew: {behind: 10m}}";
  const auto samples_of = [](const Received& received) {
    std::vector<std::pair<std::string, model::Sample>> out;
    for (const DecodedFrame& frame : decode_streamed(received.body)) {
      for (const DecodedChunk& chunk : frame.chunks) {
        for (const model::Sample& sample : chunk.samples)
          out.emplace_back(std::to_string(frame.query) + frame.series, sample);
      }
    }
    return out;
  };
  const std::string request = request_for(true);
  const auto own = samples_of(ask_own(data, fault, request));
  EXPECT_THAT(own, testing::SizeIs(testing::Gt(200u)));
  EXPECT_EQ(samples_of(ask_in_front_of(data, fault, request, 333)), own);
  EXPECT_EQ(ask_in_front_of(data, fault, request_for(false), 333).body,
            ask_own(data, fault, request_for(false)).body);
}

TEST(UpstreamAnswerTest, EveryFaultIsTried) {
  std::set<std::string> missing;
  for (const auto& entry : faults::registry()) {
    const bool is_tried = std::any_of(
        tried_faults.begin(), tried_faults.end(),
        [&](const std::string& fault) { return fault.find(entry.name) != std::string::npos; });
    if (!is_tried) missing.emplace(entry.name);
  }
  EXPECT_THAT(missing, IsEmpty());
}

TEST(UpstreamAnswerTest, WithoutAFaultTheBytesGoOutAsTheyCame) {
  for (const std::string& body : {std::string("\x05garbage that is no frame"), std::string(),
                                  answer_of(data, request_for(true)).body}) {
    Sent sent;
    sent.head.headers.set("Content-Type", "application/x-streamed-protobuf");
    sent.head.headers.set("X-Mread-Partial", "b: deadline");
    sent.head.headers.set("Content-Length", std::to_string(body.size()));
    sent.body = body;
    std::string asked;
    const Received got = ask(in_front, request_for(true), 7, [&](const std::string& request) {
      asked = request;
      return sent;
    });
    EXPECT_EQ(got.body, body);
    EXPECT_EQ(got.headers.fields(), sent.head.headers.fields());
    EXPECT_EQ(asked, request_for(true)) << "the request stays as it is";
  }
}

TEST(UpstreamAnswerTest, FaultsOfBytesLeaveTheRequestAlone) {
  model::Query query = query_of("up");
  query.hints = model::ReadHints{.step_ms = 15'000, .func = "rate", .start_ms = 1, .end_ms = 2};
  const std::string request = request_of({query}, streamed);
  ask(in_front + std::string("faults: {latency: 1s}"), request, 7, [&](const std::string& asked) {
    EXPECT_EQ(asked, request);
    return answer_of(data, asked);
  });
}

TEST(UpstreamAnswerTest, FaultsOfDataAskForAllThatTheyNeed) {
  const auto asked_under = [](const std::string& faults) {
    model::Query query;
    ask(in_front + ("faults: " + faults), request_of({query_of("up", 1'000, 50'000)}), 7,
        [&](const std::string& asked) {
          query = wire::decode_read_request(asked, 1 << 20)->queries.at(0);
          return answer_of(data, asked);
        });
    return query;
  };
  const model::Query ahead = asked_under("{clock_skew: 10s}");
  EXPECT_EQ(ahead.start_ms, -9'000);
  EXPECT_EQ(ahead.end_ms, 40'000);
  const model::Query lagging = asked_under("{lag: 1m}");
  EXPECT_EQ(lagging.start_ms, 1'000);
  EXPECT_GT(lagging.end_ms, t0_ms) << "the last sample of a series decides";
}

// The upstream decides what matches: a matcher may ask for external labels, which only it knows.
TEST(UpstreamAnswerTest, SeriesAreNotMatchedAgain) {
  const std::string upstream = data + std::string("external_labels: {region: us}\n");
  for (const bool is_streamed : {true, false}) {
    const std::string request =
        request_of({query_of(R"(up{job="a",region!="us"})")},
                   is_streamed ? streamed : std::vector<model::ResponseType>{});
    const Received got = ask_in_front_of(upstream, "wrong_values", request, 333);
    EXPECT_EQ(got.body, ask_own(upstream, "wrong_values", request).body);
    EXPECT_THAT(got.steps,
                testing::Contains(is_streamed ? StartsWith("frame") : StartsWith("body")));
  }
}

TEST(UpstreamAnswerTest, HeadersOfTheUpstreamStayOnADecodedAnswer) {
  const Received got =
      ask(in_front + std::string("faults: {lag: 1m}"), request_for(true), 7,
          [](const std::string& asked) {
            Sent sent = answer_of(data, asked);
            sent.head.headers.set("X-Mread-Partial", "b: deadline");
            sent.head.headers.set("Content-Length", std::to_string(sent.body.size()));
            return sent;
          });
  EXPECT_EQ(got.headers.get("X-Mread-Partial"), "b: deadline");
  EXPECT_FALSE(got.headers.contains("Content-Length"));
}

TEST(UpstreamAnswerTest, AStatusOfTheUpstreamIsPassedOn) {
  for (const char* faults : {"[]", "{latency: 1s}", "{lag: 1m}", "{wrong_crc: }"}) {
    const Received got = ask(in_front + (std::string("faults: ") + faults), request_for(true), 7,
                             [](const std::string&) {
                               Sent sent;
                               sent.head.status = 400;
                               sent.head.headers.set("Content-Type", "text/plain");
                               sent.body = "exceeded sample limit (5)\n";
                               return sent;
                             });
    EXPECT_EQ(got.status, 400) << faults;
    EXPECT_EQ(got.body, "exceeded sample limit (5)\n") << faults;
  }
}

TEST(UpstreamAnswerTest, TextBehindTheFramesIsNoFrame) {
  const Received got = ask(in_front + std::string("faults: {wrong_crc: {frame: 9}}"),
                           request_for(true), 7, [](const std::string& asked) {
                             Sent sent = answer_of(data, asked);
                             sent.body += std::string(12, '\xff') + "no more series\n";
                             return sent;
                           });
  const Received whole = ask_own(data, "[]", request_for(true));
  EXPECT_EQ(got.frames, whole.frames);
  EXPECT_EQ(got.body, whole.body + std::string(12, '\xff') + "no more series\n");
}

TEST(UpstreamAnswerTest, AnAnswerThatCannotBeDecodedIsA502UnderFaultsOfData) {
  const Received got = ask(in_front + std::string("faults: {lag: 1m}"), request_for(true), 7,
                           [](const std::string& asked) {
                             Sent sent = answer_of(data, asked);
                             sent.body.resize(sent.body.size() / 2);
                             return sent;
                           });
  EXPECT_EQ(got.status, 502);
  EXPECT_THAT(got.body, StartsWith("upstream collector:9090: frame "));
  EXPECT_EQ(std::count(got.body.begin(), got.body.end(), '\n'), 1);
}

TEST(UpstreamAnswerTest, ASampleThatNoClockShowsIsA502UnderFaultsOfData) {
  const Received got = ask(in_front + std::string("faults: {clock_skew: 1m}"),
                           request_of({query_of("up")}), 7, [](const std::string&) {
                             wire::ReadResponseWriter writer;
                             writer.begin_result();
                             writer.append_series(wire::encode_labels({{"__name__", "up"}}),
                                                  {{model::Sample::of(INT64_MAX, 1)}});
                             Sent sent;
                             sent.head.headers.set("Content-Type", "application/x-protobuf");
                             sent.body = wire::compress(writer.bytes());
                             return sent;
                           });
  EXPECT_EQ(got.status, 502);
  EXPECT_EQ(got.body, "upstream collector:9090: a sample at 9223372036854775807 ms\n");
}

// What a client gets when the upstream fails after its head and some bytes.
std::vector<std::string> steps_of_a_failure(const std::string& faults, bool has_head) {
  UpstreamAnswer answer("collector:9090", {}, {}, faults != "[]", request_for(true));
  if (has_head) {
    net::ResponseHead head;
    head.headers.set("Content-Type", faults == "whole" ? "application/x-protobuf"
                                                       : "application/x-streamed-protobuf");
    answer.on_head(head);
    answer.on_bytes(
        "\x09"
        "12345");
  }
  answer.on_failure(Error(Errc::truncated, "the connection was closed"));
  EXPECT_FALSE(answer.needs_input());
  Received received;
  while (auto step = answer.next()) receive(*step, received);
  if (received.status == 502) {
    EXPECT_EQ(received.body, "upstream collector:9090: the connection was closed\n");
  }
  return received.steps;
}

TEST(UpstreamAnswerTest, AFailureBeforeTheHeadIsA502AndALaterOneACut) {
  const auto refused = ElementsAre("head 502", HasSubstr("body"), "end");
  EXPECT_THAT(steps_of_a_failure("[]", false), refused);
  EXPECT_THAT(steps_of_a_failure("[]", true), ElementsAre("head 200", "body 6", "abort"));
  EXPECT_THAT(steps_of_a_failure("frames", true), ElementsAre("head 200", "body 6", "abort"));
  EXPECT_THAT(steps_of_a_failure("whole", true), refused) << "nothing has gone out";
}

struct BadConfig {
  const char* text;
  const char* error;
};

TEST(UpstreamAnswerTest, AStoreWithAnUpstreamHasNoDataOfItsOwn) {
  for (const auto& [text, error] :
       {BadConfig{"{upstream: 'http://a:9090', input_series: [{series: up, values: '1'}]}",
                  "remove input_series, or upstream"},
        BadConfig{"{upstream: 'http://a:9090', streamed: false}", "remove streamed, or upstream"},
        BadConfig{"{upstream: 'http://a:9090/api/v1/read'}", "without /api/v1/read"},
        BadConfig{"{upstream: 'http://a:9090/?tenant=1'}", "without a query"},
        BadConfig{"{upstream: 'a:9090'}", "a:9090"},
        BadConfig{"{upstream: {url: 'http://a:9090', basic_auth: {username: u}}}", "password"},
        BadConfig{"{upstream: {url: 'https://a:9090', tls_config: {cert_file: c.pem}}}",
                  "cert_file and key_file together"}}) {
    try {
      store_of(text);
      ADD_FAILURE() << text;
    } catch (const yaml::ConfigError& caught) {
      EXPECT_THAT(caught.what(), HasSubstr(error)) << text;
    }
  }
}

TEST(UpstreamAnswerTest, AnUpstreamHasAPathInFrontAndCredentials) {
  const StoreConfig store = store_of(
      "{upstream: {url: 'https://a:9090/tenant/', basic_auth: {username: u, password: p}, "
      "tls_config: {ca_file: /ca.pem, server_name: b}}}");
  ASSERT_TRUE(store.upstream);
  EXPECT_EQ(store.upstream->url.target, "/tenant");
  EXPECT_EQ(store.upstream->authorization, "Basic dTpw");
  EXPECT_EQ(store.upstream->tls.ca_file, "/ca.pem");
  EXPECT_EQ(store.upstream->tls.server_name, "b");
}

}  // namespace
}  // namespace mread::mockstore
