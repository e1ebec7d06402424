#include "config/config.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace mread::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* two = R"(
remote_read:
  - {name: a, url: "http://a:9090/api/v1/read"}
  - {name: b, url: "http://b:9090/api/v1/read"}
)";

Config parse(const std::string& text) { return Config::parse(text, "mread.yml"); }

std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Config, LimitsOfBytesFitIntoTheProcess) {
  const std::string backend = "remote_read: [{url: 'http://a/read'}]\n";
  const MemoryLimit small{1ULL << 30, "RLIMIT_AS"};
  Config config = Config::parse(backend, "mread.yml");
  config.fit_into({UINT64_MAX, ""});
  EXPECT_EQ(config.server_limits.total_bytes_in_flight, 4ULL << 30);
  EXPECT_EQ(config.describe().find("by default"), std::string::npos);
  config.fit_into(small);
  EXPECT_EQ(config.server_limits.total_bytes_in_flight, 512ULL << 20);
  EXPECT_EQ(config.limits.bytes_in_flight, 256ULL << 20);
  EXPECT_THAT(config.describe(),
              ::testing::HasSubstr("# bytes_in_flight and total_bytes_in_flight: by default, a "
                                   "quarter and half of RLIMIT_AS (1073741824 bytes)\n"));
  // What the file says counts.
  config = Config::parse(backend + "limits: {total_bytes_in_flight: 3GiB}\n", "mread.yml");
  config.fit_into(small);
  EXPECT_EQ(config.server_limits.total_bytes_in_flight, 3ULL << 30);
  EXPECT_EQ(config.limits.bytes_in_flight, 256ULL << 20);
  EXPECT_THAT(config.describe(),
              ::testing::HasSubstr("# bytes_in_flight: by default, a quarter of RLIMIT_AS"));
}

TEST(Config, DefaultsArePrometheusOwn) {
  const Config config =
      parse("remote_read: [{url: 'http://a:9090/api/v1/read'}, {url: 'https://b/read'}]");
  EXPECT_EQ(config.listen, "127.0.0.1:9095");
  ASSERT_EQ(config.backends.size(), 2u);
  EXPECT_EQ(config.backends[0].name, "a:9090");
  EXPECT_EQ(config.backends[1].name, "b:443");
  EXPECT_EQ(config.backends[0].timeout, std::chrono::minutes(1));
  EXPECT_EQ(config.backends[0].chunked_read_limit, 50'000'000u);
  EXPECT_EQ(config.partial, merger::PartialPolicy::group);
  ASSERT_EQ(config.groups.size(), 2u);
  EXPECT_EQ(config.groups[1].members, std::vector<size_t>{1});
  EXPECT_EQ(config.backends[1].group, 1u);
}

TEST(Config, ReadsEveryOptionThatThisVersionKnows) {
  const Config config = parse(R"(
listen: 0.0.0.0:0
remote_read:
  - name: a
    url: http://a:9090/api/v1/read
    remote_timeout: 8s
    headers: {X-Scope-OrgID: tenant}
    required_matchers: {region: eu}
    read_recent: true
    filter_external_labels: false
    chunked_read_limit: 1MiB
    follow_redirects: false
    enable_http2: true
  - {name: b, url: "http://b/read"}
  - {name: c, url: "http://c/read"}
groups:
  - {name: dc, members: [c, a], need: 2, wait: need}
routes:
  - {match: '{region="eu"}', groups: [dc]}
  - {match: '{region=~"us|ca"}', groups: [b, dc]}
merge: {replica_labels: [replica, http.pod], dedup: gapfill, on_conflict: max, chunk_encodings: newer, repair_limit: 1GiB, verify_chunks: true}
partial: any
limits: {concurrent_reads: 3, queries: 7, matchers: 80, queries_at_once: 0, series: 5e6, samples: 5e8, bytes_in_flight: 2GiB, total_bytes_in_flight: 3GiB, query_range: 30d}
health: {probe: 2s, open_after: 1, path: /ping}
query_log_file: /tmp/query.log
)");
  EXPECT_EQ(config.backends[0].timeout, std::chrono::seconds(8));
  EXPECT_EQ(config.backends[0].chunked_read_limit, 1u << 20);
  EXPECT_EQ(config.backends[0].required_matchers.front().second, "eu");
  EXPECT_FALSE(config.endpoints[0].follow_redirects);
  ASSERT_EQ(config.groups.size(), 2u);
  EXPECT_EQ(config.groups[0].members, (std::vector<size_t>{0, 2}));
  EXPECT_EQ(config.groups[0].wait, merger::Group::Wait::need);
  EXPECT_EQ(config.groups[1].name, "b");
  ASSERT_EQ(config.routes.size(), 2u);
  EXPECT_EQ(config.routes[1].groups, (std::vector<size_t>{1, 0}));
  EXPECT_EQ(config.on_conflict, merger::OnConflict::max);
  EXPECT_EQ(config.replica_labels, (std::vector<std::string>{"replica", "http.pod"}));
  EXPECT_EQ(config.dedup, merger::Dedup::gapfill);
  EXPECT_EQ(config.limits.queries, 7u);
  EXPECT_EQ(config.limits.matchers, 80u);
  EXPECT_EQ(config.limits.queries_at_once, 0u);
  EXPECT_THAT(config.describe(),
              HasSubstr("queries: 7, matchers: 80, queries_at_once: 0, series: 5000000,"));
  EXPECT_EQ(merger::Limits().queries, 100u);
  EXPECT_EQ(merger::Limits().matchers, 1'000u);
  EXPECT_EQ(merger::Limits().queries_at_once, 8u);
  EXPECT_EQ(config.limits.series, 5'000'000u);
  EXPECT_EQ(config.server_limits.total_bytes_in_flight, 3ULL << 30);
  EXPECT_EQ(config.limits.query_range, std::chrono::hours(24 * 30));
  EXPECT_EQ(config.chunk_encodings, merger::ChunkEncodings::newer);
  EXPECT_EQ(config.repair_limit, 1u << 30);
  EXPECT_TRUE(config.verify_chunks);
  EXPECT_THAT(config.describe(), HasSubstr("verify_chunks: true}"));
  ASSERT_TRUE(config.health);
  EXPECT_EQ(config.health->probe, std::chrono::seconds(2));
  EXPECT_EQ(config.health->open_after, 1u);
  EXPECT_EQ(config.health->path, "/ping");
}

TEST(Config, ClientsAreKnownByWhatTheySayAndByTheFile) {
  const std::string backends = "remote_read: [{url: 'http://a/read'}]\n";
  const Config config = parse(backends +
                              "clients:\n"
                              "  - {user_agent: old-reader/, as: v2.42}\n"
                              "  - {user_agent: Prometheus/2.51, as: v3.5}\n"
                              "  - {user_agent: Prometheus/2.5, as: v2.42}\n");
  using merger::ClientClass;
  EXPECT_EQ(config.class_of("old-reader/1.0"), ClientClass::v2_42);
  EXPECT_EQ(config.class_of("Prometheus/2.51.0"), ClientClass::v3_5);
  EXPECT_EQ(config.class_of("Prometheus/2.53.3+ds1"), ClientClass::v2_42);
  EXPECT_EQ(config.class_of("Prometheus/2.47.0"), ClientClass::v2_53);
  EXPECT_EQ(config.class_of("vmctl"), ClientClass::v3_5);
  EXPECT_EQ(parse(backends).class_of("Prometheus/2.42.0"), ClientClass::v2_42);
  EXPECT_THAT(config.describe(),
              HasSubstr("clients:\n  - {user_agent: \"old-reader/\", as: v2.42}\n"));
  EXPECT_EQ(parse(config.describe()).describe(), config.describe());
  EXPECT_THAT(parse(backends).describe(), Not(HasSubstr("clients")));
}

TEST(Config, DescriptionHidesWhatMayBeSecret) {
  const std::string text =
      parse(
          "remote_read: [{name: a, url: 'http://a/read?p=hunter2', headers: {X-Api-Key: hunter3}}]")
          .describe();
  EXPECT_THAT(text, HasSubstr("http://a/read?<hidden>"));
  EXPECT_THAT(text, HasSubstr("X-Api-Key: <hidden>"));
  EXPECT_THAT(text, Not(HasSubstr("hunter")));
}

TEST(Config, DescriptionIsAConfigurationAgain) {
  const Config config =
      parse(std::string(two) +
            "groups: [{name: g, members: [a, b], need: 2}]\n"
            "routes: [{match: '{region=\"eu\"}', groups: [g]}]\npartial: all\nhealth: {}\n"
            "merge: {replica_labels: [a, b], dedup: gapfill, chunk_encodings: newer}\n"
            "prune: {by: series, except: [a], api: {b: /p/api/v1}}\n");
  EXPECT_EQ(parse(config.describe()).describe(), config.describe());
}

class DiscoveryTest : public ::testing::Test {
 protected:
  DiscoveryTest() { std::filesystem::create_directories(folder_); }
  ~DiscoveryTest() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::string refusal(const std::string& text) {
    try {
      Config::load(write("mread.yml", text));
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "no error";
  }

  const std::filesystem::path folder_ =
      ::testing::TempDir() + "mread-config-" + std::to_string(getpid());
};

TEST_F(DiscoveryTest, BackendsOfTheFileFollowThoseOfTheConfiguration) {
  write("backends.yml", "- {name: c, url: 'http://c/r', remote_timeout: 8s}\n");
  const Config config = Config::load(
      write("mread.yml", std::string(two) + "discovery: {file: backends.yml, refresh: 1s}\n"
                                            "groups: [{name: g, members: [a, c]}]\n"));
  ASSERT_EQ(config.backends.size(), 3u);
  EXPECT_EQ(config.backends[2].name, "c");
  EXPECT_EQ(config.backends[2].timeout, std::chrono::seconds(8));
  EXPECT_EQ(config.groups[0].members, (std::vector<size_t>{0, 2}));
  ASSERT_TRUE(config.discovery);
  EXPECT_EQ(config.discovery->file, folder_ / "backends.yml");
  EXPECT_EQ(config.discovery->refresh, std::chrono::seconds(1));
  EXPECT_EQ(parse(config.describe()).backends.size(), 3u);
}

TEST_F(DiscoveryTest, ErrorsNameTheFileThatTheyAreIn) {
  EXPECT_THAT(refusal("discovery: {file: nowhere.yml}"), HasSubstr("nowhere.yml: cannot be read"));
  write("backends.yml", "- {name: c, urk: 'http://c/r'}\n");
  EXPECT_THAT(refusal("discovery: {file: backends.yml}"), HasSubstr("backends.yml:1:"));
  write("backends.yml", "- {name: b, url: 'http://c/r'}\n");
  EXPECT_THAT(refusal(std::string(two) + "discovery: {file: backends.yml}"),
              HasSubstr("mread.yml:4"));
  write("backends.yml", "[]\n");
  EXPECT_THAT(refusal("discovery: {file: backends.yml}"), HasSubstr("at least one backend"));
  // As a file is that is being written: no reason to forget all backends.
  write("backends.yml", "");
  EXPECT_THAT(refusal(std::string(two) + "discovery: {file: backends.yml}"),
              HasSubstr("backends.yml"));
  EXPECT_THAT(refusal("discovery: {file: backends.yml, refresh: 0s}"), HasSubstr("more than 0"));
}

struct Refusal {
  const char* name;
  std::string text;
  const char* want;
};

class ConfigRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(ConfigRefuses, WithItsPlace) {
  EXPECT_THAT(error_of(GetParam().text), HasSubstr(GetParam().want));
}

std::string with(const std::string& more) { return two + more; }
std::string backend(const std::string& options) {
  return "remote_read: [{url: 'http://a/read', " + options + "}]";
}

INSTANTIATE_TEST_SUITE_P(
    Table, ConfigRefuses,
    ::testing::Values(
        Refusal{"NoBackends", "remote_read: []", "at least one backend"},
        Refusal{"MissingRemoteRead", "listen: a:1", "remote_read"},
        Refusal{"UnknownKey", with("patial: any"), "mread.yml:5:1: unknown key \"patial\""},
        Refusal{"NearestKey", with("patial: any"), "partial"},
        Refusal{"UnknownBackendKey", backend("remote_timeot: 1s"), "remote_timeout"},
        Refusal{"DuplicateName",
                "remote_read: [{name: a, url: 'http://a/r'}, {name: a, url: 'http://b/r'}]",
                "a second backend is called \"a\""},
        Refusal{"UrlThatGoRefuses", "remote_read: [{url: '10.0.0.7:9090'}]",
                "write http:// before it"},
        Refusal{"NoUrl", "remote_read: [{name: a}]", "url"},
        Refusal{"EmptyFile", "# nothing", "the file is empty"},
        Refusal{
            "PrometheusYml", "global: {}\nscrape_configs: []\nremote_read: [{url: 'http://a'}]",
            "mread.yml:1:1: \"global\" belongs to a prometheus.yml: copy its remote_read: block"},
        Refusal{"FractionalTimeout", backend("remote_timeout: 1.5h"), "1.5h"},
        Refusal{"ReservedHeader", backend("headers: {Content-Type: x}"), "set by the protocol"},
        Refusal{"AuthorizationHeader", backend("headers: {authorization: x}"),
                "options of its own"},
        Refusal{"BothBearerTokens", backend("bearer_token: x, bearer_token_file: y"),
                "at most one of bearer_token and bearer_token_file"},
        Refusal{"ClientWithoutAUserAgent", with("clients: [{as: v2.42}]"), "user_agent"},
        Refusal{"ClientOfEverybody", with("clients: [{user_agent: '', as: v2.42}]"),
                "want the beginning of a User-Agent"},
        Refusal{"ClientLikeNothing", with("clients: [{user_agent: x}]"), "\"as\""},
        Refusal{"ClientLikeAnotherVersion", with("clients: [{user_agent: x, as: v2.41}]"),
                "mread.yml:5:31"},
        Refusal{"ClientThatNeverCounts",
                with("clients: [{user_agent: x, as: v3.5}, {user_agent: x/1, as: v2.42}]"),
                "put the longer text first"},
        Refusal{"PruneAllTheTime", with("prune: {refresh: 0s}"), "refresh must be more than 0"},
        Refusal{"PruneByMagic", with("prune: {by: magic}"), "mread.yml:5:13"},
        Refusal{"PruneExceptNobody", with("prune: {except: [bb]}"), "did you mean \"b\"?"},
        Refusal{"PruneApiOfNobody", with("prune: {api: {bb: /api/v1}}"), "did you mean \"b\"?"},
        Refusal{"PruneApiElsewhere", with("prune: {api: {b: 'http://c/api/v1'}}"),
                "a path on the backend's host"},
        Refusal{"PruneWithoutMemory", with("prune: {memory: 0}"), "between 1 byte and 1GiB"},
        Refusal{"RouteToNowhere", with("routes: [{match: '{r=\"x\"}', groups: [bb]}]"),
                "did you mean \"b\"?"},
        Refusal{"RouteWithBrokenSelector", with("routes: [{match: '{r=}', groups: [b]}]"),
                "mread.yml:5:"},
        Refusal{"GroupNamedAsALoneBackend", with("groups: [{name: b, members: [a]}]"),
                "give one another name"},
        Refusal{"UnknownDedup", with("merge: {dedup: gapfil}"), "mread.yml:5:16"},
        Refusal{"ReplicaLabelTwice", with("merge: {replica_labels: [r, r]}"),
                "mread.yml:5:29: replica label \"r\""},
        Refusal{"ReplicaLabelWithoutName", with("merge: {replica_labels: ['']}"),
                "must not be empty"},
        Refusal{"MetricNameAsReplicaLabel", with("merge: {replica_labels: [__name__]}"),
                "metric's name"},
        Refusal{"HealthOpensNever", with("health: {open_after: 0}"), "more than 0"},
        Refusal{"ProbeWithoutAPath", with("health: {path: ready}"), "begins with /"},
        Refusal{"ProbeWithATypo", with("health: {path: nonne}"), "or none"},
        Refusal{"ProbeAllTheTime", with("health: {probe: 0s}"), "more than 0"},
        Refusal{"UserWithoutAHash", with("web: {basic_auth_users: {alice: hunter2}}"),
                "want a bcrypt hash for user \"alice\""},
        Refusal{"UnknownMember", with("groups: [{name: g, members: [a, bb]}]"),
                "did you mean \"b\"?"},
        Refusal{"MemberTwice", with("groups: [{name: g, members: [a]}, {name: h, members: [a]}]"),
                "in a group already"},
        Refusal{"NeedTooMuch", with("groups: [{name: g, members: [a, b], need: 3}]"),
                "between 1 and"},
        Refusal{"BadPolicy", with("partial: some"), "group"},
        Refusal{"BadListen", with("listen: 9095"), "HOST:PORT"},
        Refusal{"BadListenPort", with("listen: a:99999"), "HOST:PORT"},
        Refusal{"BadBytes", with("limits: {bytes_in_flight: much}"), "much"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::config
