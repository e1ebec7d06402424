#include "mockstore/store/store.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "base/nasty_texts.h"
#include "base/printable.h"
#include "mockstore/faults/parse_fault.h"
#include "mockstore/server/admin.h"
#include "mockstore/server/mock_config.h"
#include "mockstore/store_fixture.h"

namespace mread::mockstore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr const char* one_series = "input_series: [{series: up, values: '1 2 3'}]\n";

struct Fixture {
  explicit Fixture(const std::string& config) {
    auto created = Store::create(store_of(config), 42, time);
    EXPECT_TRUE(created) << (created ? "" : created.error().context);
    store = std::move(*created);
  }
  Received ask() {
    return receive(*store->begin(request_of({query_of("up")}, streamed), "client"));
  }

  FakeTime time;
  std::unique_ptr<Store> store;
};

TEST(StoreTest, RecordsARequestFromItsArrivalToItsEnd) {
  Fixture f(one_series);
  f.time.moment.since_start = 5s;
  {
    const auto exchange = f.store->begin(
        request_of({query_of(R"(up{job!="x"})", t0_ms, t0_ms + 9)}, streamed), "127.0.0.1:1");
    ASSERT_THAT(f.store->journal().entries(), SizeIs(1));
    EXPECT_EQ(f.store->journal().entries()[0].outcome, JournalEntry::Outcome::in_progress);
    const auto received = receive(*exchange);
    f.time.moment.since_start = 6s;
    exchange->sent_head(received.status, received.headers.get("Content-Type"));
    exchange->sent_body(received.body.size());
    f.time.moment.since_start = 7s;
    exchange->ended(JournalEntry::Outcome::complete);
  }
  const auto entry = f.store->journal().entries().at(0);
  EXPECT_EQ(entry.ordinal, 0u);
  EXPECT_EQ(entry.peer, "127.0.0.1:1");
  EXPECT_EQ(entry.arrived.since_start, 5s);
  EXPECT_EQ(entry.first_byte->since_start, 6s);
  EXPECT_EQ(entry.end->since_start, 7s);
  ASSERT_THAT(entry.queries, SizeIs(1));
  EXPECT_EQ(entry.queries[0].selector, R"(up{job!="x"})");
  EXPECT_EQ(entry.queries[0].end_ms, t0_ms + 9);
  EXPECT_THAT(entry.accepted, ElementsAre(1));
  EXPECT_EQ(entry.status, 200);
  EXPECT_GT(entry.bytes, 0u);
  EXPECT_EQ(entry.series, 1u);
  EXPECT_EQ(entry.samples, 1u);
  EXPECT_EQ(entry.outcome, JournalEntry::Outcome::complete);
}

// "name value@offset …" of the answer under these faults, in both response types.
std::string data_under(const std::string& faults) {
  Fixture f("input_series: [{series: up, values: '1 2 3 stale'}]\nfaults: " + faults);
  std::string text;
  const auto show = [&text](const model::Sample& sample) {
    text += text.empty() ? "" : " ";
    text += model::is_stale(sample.bits) ? "stale" : std::to_string(sample.value()).substr(0, 4);
    text += "@" + std::to_string((sample.timestamp_ms - t0_ms) / 1000);
  };
  for (const DecodedFrame& frame : decode_streamed(f.ask().body)) {
    for (const DecodedChunk& chunk : frame.chunks) {
      for (const model::Sample& sample : chunk.samples) show(sample);
    }
  }
  const std::string streamed_text = std::exchange(text, {});
  const auto received =
      receive(*f.store->begin(request_of({query_of("up", t0_ms - 100'000)}), "client"));
  for (const auto& result : decode_samples(received.body)) {
    for (const DecodedSeries& series : result) {
      for (const model::Sample& sample : series.samples) show(sample);
    }
  }
  // The streamed answer asks from t0 on.
  EXPECT_EQ(faults.find("behind") == std::string::npos ? streamed_text : text, text);
  return text;
}

TEST(StoreTest, FaultsOfDataChangeTheSamples) {
  EXPECT_EQ(data_under("[]"), "1.00@0 2.00@15 3.00@30 stale@45");
  EXPECT_EQ(data_under("[empty]"), "");
  EXPECT_EQ(data_under("[{lag: 20s}]"), "1.00@0 2.00@15") << "its last sample is at 45 s";
  EXPECT_EQ(data_under("[{lag: 1h}]"), "");
  EXPECT_EQ(data_under("[wrong_values]"), "2.00@0 3.00@15 4.00@30 stale@45");
  EXPECT_EQ(data_under("[{wrong_values: {factor: 2, add: 0.5}}]"),
            "2.50@0 4.50@15 6.50@30 stale@45");
  EXPECT_EQ(data_under("[{clock_skew: 10s}]"), "1.00@10 2.00@25 3.00@40 stale@55");
  EXPECT_EQ(data_under("[{clock_skew: {behind: 10s}}]"), "1.00@-10 2.00@5 3.00@20 stale@35");
  EXPECT_EQ(data_under("[{clock_skew: 10s}, {lag: 15s}, {clock_skew: 5s}]"),
            "1.00@15 2.00@30 3.00@45");
}

TEST(StoreTest, DataAreWholeAgainWhenTheFaultIsGone) {
  Fixture f(std::string(one_series) + "faults: [{empty: , at: 5s, for: 5s}]");
  const auto series = [&f] { return decode_streamed(f.ask().body).size(); };
  EXPECT_EQ(series(), 1u);
  f.time.moment.since_start = 5s;
  EXPECT_EQ(series(), 0u);
  EXPECT_THAT(f.store->journal().entries().at(1).faults, ElementsAre("empty"));
  f.time.moment.since_start = 10s;
  EXPECT_EQ(series(), 1u);
}

TEST(StoreTest, AnExchangeLeftAloneHadItsClientGone) {
  Fixture f(one_series);
  f.store->begin(request_of({query_of("up")}), "client");
  EXPECT_EQ(f.store->journal().entries().at(0).outcome, JournalEntry::Outcome::client_gone);
}

TEST(StoreTest, FaultsStrikeByTheStoresClock) {
  Fixture f(std::string(one_series) + "faults: [{status: 503, at: 5s, for: 5s}]");
  EXPECT_EQ(f.ask().status, 200);
  f.time.moment.since_start = 5s;
  EXPECT_EQ(f.ask().status, 503);
  EXPECT_THAT(f.store->journal().entries().at(1).faults, ElementsAre("status"));
  f.time.moment.since_start = 10s;
  EXPECT_EQ(f.ask().status, 200);
}

TEST(StoreTest, FaultsThatAreSetCountFromNow) {
  Fixture f(one_series);
  f.time.moment.since_start = 100s;
  f.store->set_faults(parse_faults(yaml::Node::parse("{truncate: {frames: 0}, for: 1s}", "f")));
  EXPECT_EQ(f.ask().body, "");
  f.time.moment.since_start = 101s;
  EXPECT_NE(f.ask().body, "");
}

TEST(StoreTest, RefusesALabelSetThatComesTwice) {
  FakeTime time;
  const auto created = Store::create(store_of("input_series: [{series: 'up{i=\"i-1\"}', values: "
                                              "'1'}, {series: up, values: '1', repeat: {i: 3}}]"),
                                     1, time);
  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().context, HasSubstr("is given twice"));
}

TEST(JournalTest, KeepsTheLastAndCountsAll) {
  Journal journal(2);
  for (uint64_t i = 0; i < 3; ++i) {
    JournalEntry entry;
    entry.ordinal = i;
    journal.arrived(entry);
  }
  journal.update(0, [](JournalEntry&) { FAIL() << "gone"; });
  EXPECT_EQ(journal.total(), 3u);
  EXPECT_EQ(journal.entries().front().ordinal, 1u);
  journal.clear();
  EXPECT_EQ(journal.to_json(), R"({"total":0,"requests":[]})");
}

JournalEntry entry_with(uint64_t ordinal, size_t queries, size_t selector_bytes) {
  JournalEntry entry;
  entry.ordinal = ordinal;
  for (size_t i = 0; i < queries; ++i)
    entry.queries.push_back({std::string(selector_bytes, 's'), 1, 2, std::nullopt});
  return entry;
}

TEST(JournalTest, OfALargeRequestTheBeginningIsKept) {
  Journal journal;
  journal.arrived(entry_with(0, 2, 100));
  journal.arrived(entry_with(1, 100'000, 100));
  journal.arrived(entry_with(2, 1, 10'000'000));
  JournalEntry types;
  types.ordinal = 3;
  types.accepted.assign(1'000'000, 7);
  journal.arrived(std::move(types));
  const auto entries = journal.entries();
  EXPECT_EQ(entries[0].queries.size(), 2u);
  EXPECT_EQ(entries[0].bytes_left_out, 0u);
  EXPECT_GT(entries[1].queries.size(), 100u);
  EXPECT_LT(entries[1].queries.size(), 1'000u);
  EXPECT_GT(entries[1].bytes_left_out, 99'000u * 100);
  ASSERT_EQ(entries[2].queries.size(), 1u);
  EXPECT_THAT(entries[2].queries[0].selector, HasSubstr("…"));
  EXPECT_GT(entries[2].bytes_left_out, 9'990'000u);
  EXPECT_LE(entries[3].accepted.size(), 100u);
  EXPECT_LT(journal.bytes(), 200'000u);
  const auto json = boost::json::parse(journal.to_json());
  EXPECT_FALSE(json.at("requests").at(0).as_object().contains("bytes_left_out"));
  EXPECT_GT(json.at("requests").at(2).at("bytes_left_out").to_number<uint64_t>(), 9'990'000u);
  EXPECT_EQ(journal.dropped(), 0u);
}

TEST(JournalTest, AllEntriesTogetherStayWithinTheirBytes) {
  Journal journal(10'000, {.entry_bytes = 10'000, .bytes = 100'000});
  for (uint64_t i = 0; i < 1'000; ++i) {
    journal.arrived(entry_with(i, 10, 200));
    ASSERT_LE(journal.bytes(), 100'000u);
  }
  EXPECT_EQ(journal.total(), 1'000u);
  EXPECT_EQ(journal.dropped() + journal.entries().size(), 1'000u);
  EXPECT_EQ(journal.entries().back().ordinal, 999u);
  const auto json = boost::json::parse(journal.to_json());
  EXPECT_EQ(json.at("dropped").to_number<uint64_t>(), journal.dropped());
  EXPECT_EQ(json.at("total").to_number<uint64_t>(), 1'000u);
  journal.clear();
  EXPECT_EQ(journal.bytes(), 0u);
  EXPECT_EQ(journal.to_json(), R"({"total":0,"requests":[]})");
}

TEST(JournalTest, IsServedAsJson) {
  Fixture f(one_series);
  auto query = query_of("up", 1, 2);
  query.hints = model::ReadHints{};
  query.hints->func = "rate";
  f.store->begin(request_of({query}), "client");
  const auto reply = answer_admin(*f.store, "GET", "/-/journal", "");
  EXPECT_EQ(reply.head.headers.get("Content-Type"), "application/json");
  const auto json = boost::json::parse(reply.body);
  EXPECT_EQ(json.at("total").as_int64(), 1);
  const auto& request = json.at("requests").at(0);
  EXPECT_EQ(request.at("queries").at(0).at("selector").as_string(), "up");
  EXPECT_EQ(request.at("queries").at(0).at("hints").at("func").as_string(), "rate");
  EXPECT_EQ(request.at("outcome").as_string(), "client_gone");
  EXPECT_TRUE(request.at("first_byte").is_null());
  EXPECT_EQ(answer_admin(*f.store, "DELETE", "/-/journal", "").head.status, 200);
  EXPECT_EQ(f.store->journal().total(), 0u);
}

TEST(AdminTest, SetsShowsAndRemovesFaults) {
  Fixture f(one_series);
  const auto put = answer_admin(*f.store, "PUT", "/-/faults", "- status: 500\n  first: 1\n");
  EXPECT_EQ(put.head.status, 200);
  EXPECT_EQ(put.body, "[{\"status\":\"500\",\"first\":\"1\"}]\n");
  EXPECT_EQ(f.ask().status, 500);
  EXPECT_EQ(f.ask().status, 200);
  EXPECT_EQ(answer_admin(*f.store, "PUT", "/-/faults", put.body).head.status, 200)
      << "JSON is taken too";
  EXPECT_EQ(answer_admin(*f.store, "GET", "/-/faults", "").body, put.body);
  EXPECT_EQ(answer_admin(*f.store, "DELETE", "/-/faults", "").head.status, 200);
  EXPECT_EQ(answer_admin(*f.store, "GET", "/-/faults", "").body, "[]\n");
  const auto bad = answer_admin(*f.store, "PUT", "/-/faults", "{latncy: 1s}");
  EXPECT_EQ(bad.head.status, 400);
  EXPECT_THAT(bad.body, HasSubstr("did you mean \"latency\"?"));
  EXPECT_EQ(answer_admin(*f.store, "POST", "/-/faults", "").head.status, 405);
  EXPECT_EQ(answer_admin(*f.store, "GET", "/-/nothing", "").head.status, 404);
  EXPECT_EQ(answer_admin(*f.store, "GET", "/-/ready", "").head.status, 200);
}

TEST(AdminTest, FaultsOfEveryKindAreRefusedWithTheirPlace) {
  Fixture f(one_series);
  for (const auto& [body, want] : std::vector<std::pair<std::string, std::string>>{
           {",", "faults:1:1: not valid YAML: unexpected \",\""},
           {"[{status: 500}],", "faults:1:16: not valid YAML: unexpected \",\""},
           {std::string(500'000, '['), "faults"},
           {std::string(2'000'000, ' '), "faults: more than 1048576 bytes"},
           {"[{status: " + std::string(300'000, 'x') + "}]", "faults:1:"}}) {
    const auto reply = answer_admin(*f.store, "PUT", "/-/faults", body);
    EXPECT_EQ(reply.head.status, 400);
    EXPECT_THAT(reply.body, testing::StartsWith(want));
    EXPECT_LT(reply.body.size(), 2'000u);
  }
  EXPECT_EQ(f.ask().status, 200);
}

TEST(MockConfigTest, ReadsStoresWithTheirDefaults) {
  const auto config = parse_mock_config(yaml::Node::parse(R"(
seed: 7
interval: 15s
start_timestamp: now-2h
stores:
  a:
    listen: 127.0.0.1:9001
    input_series: [{series: up, values: '1x3'}]
    external_labels: {replica: r1}
  b:
    listen: 127.0.0.1:9002
    admin_listen: 127.0.0.1:9102
    interval: 1m
    start_timestamp: 1700000000
    sample_offset: -7s
    streamed: false
    max_samples: 5e6
    max_bytes_in_frame: 1KiB
    read_path: /read
    behaves_like: v2.42
    faults: [{latency: 1s}, {status: 500, probability: 0.5}]
)",
                                                          "mock.yml"),
                                        10'000'000);
  EXPECT_EQ(config.seed, 7u);
  ASSERT_THAT(config.stores, SizeIs(2));
  const StoreConfig& a = config.stores[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.listen.port, 9001);
  EXPECT_EQ(a.admin_listen.port, 0);
  EXPECT_EQ(a.interval, 15s);
  EXPECT_EQ(a.start_ms, 10'000'000 - 7'200'000);
  EXPECT_EQ(a.external_labels.get("replica"), "r1");
  const StoreConfig& b = config.stores[1];
  EXPECT_EQ(b.admin_listen.port, 9102);
  EXPECT_EQ(b.interval, 1min);
  EXPECT_EQ(b.start_ms, 1'700'000'000'000);
  EXPECT_EQ(b.sample_offset, -7s);
  EXPECT_FALSE(b.answer.streamed);
  EXPECT_EQ(b.answer.max_samples, 5'000'000u);
  EXPECT_EQ(b.answer.max_bytes_in_frame, 1024u);
  EXPECT_EQ(b.read_path, "/read");
  EXPECT_EQ(b.behaves_like, PrometheusVersion::v2_42);
  EXPECT_THAT(b.faults, SizeIs(2));
}

TEST(MockConfigTest, ReadsASingleStore) {
  const auto config = parse_mock_config(
      yaml::Node::parse("{input_series: [{series: up, values: '1'}], seed: 1}", "mock.yml"), 0);
  ASSERT_THAT(config.stores, SizeIs(1));
  EXPECT_EQ(config.stores[0].name, "mock");
}

struct BadConfig {
  const char* text;
  const char* message;
};

class BadConfigTest : public testing::TestWithParam<BadConfig> {};

TEST_P(BadConfigTest, IsRefusedWithItsPlace) {
  try {
    parse_mock_config(yaml::Node::parse(GetParam().text, "mock.yml"), 0);
    FAIL() << "accepted";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("mock.yml:1:"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(MockConfig, BadConfigTest,
                         testing::Values(BadConfig{"{stores: {a: {lisen: x}}}", "listen"},
                                         BadConfig{"{stores: {}}", "no store"},
                                         BadConfig{"{listen: nowhere}", "nowhere"},
                                         BadConfig{"{interval: 0s}", "above 0"},
                                         BadConfig{"{read_path: /-/faults}", "/-/"},
                                         BadConfig{"{behaves_like: v9}", "v9"},
                                         BadConfig{"{start_timestamp: tomorrow}", "tomorrow"},
                                         BadConfig{"{faults: [{latncy: 1s}]}", "latency"},
                                         BadConfig{"{input_series: [{series: 'up{', values: '1'}]}",
                                                   "up{"}));

TEST(JournalTest, IsPrintableJsonWhateverIsAsked) {
  for (const std::string& text : nasty::texts()) {
    Journal journal(2);
    JournalEntry entry;
    entry.refused = text;
    entry.queries.push_back(
        {model::to_string(std::vector{model::Matcher::equal("a", text)}), 0, 0, std::nullopt});
    journal.arrived(entry);
    EXPECT_TRUE(nasty::is_harmless(journal.to_json())) << journal.to_json();
    EXPECT_EQ(boost::json::parse(journal.to_json()).at("requests").at(0).at("refused").as_string(),
              valid_utf8(text));
  }
}

TEST(MockConfig, HostnamesAreThoseOfEveryStoreAndProxy) {
  const auto config = parse_mock_config(
      yaml::Node::parse(
          "hostnames: [a.example, b]\nstores: {s: {input_series: []}}\nproxies: {p: {}}\n",
          "mock.yml"),
      0);
  const std::vector<std::string> names{"a.example", "b"};
  EXPECT_EQ(config.hostnames, names);
  EXPECT_EQ(config.stores.at(0).hostnames, names);
  EXPECT_EQ(config.proxies.at(0).hostnames, names);
  EXPECT_EQ(
      parse_mock_config(yaml::Node::parse("{hostnames: [c], input_series: []}", "mock.yml"), 0)
          .stores.at(0)
          .hostnames.at(0),
      "c");
}

}  // namespace
}  // namespace mread::mockstore
