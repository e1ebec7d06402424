#include "setup/backend_names.h"

#include <gmock/gmock.h>

namespace mread::setup {
namespace {

using testing::ElementsAre;

PrometheusFile file_with(const std::vector<std::string>& urls) {
  std::string text = "remote_read:\n";
  for (const std::string& url : urls) text += "  - url: " + url + "\n";
  return read_prometheus_file(yaml::Node::parse(text, "prometheus.yml"));
}

std::vector<std::string> names(const std::vector<std::string>& urls) {
  std::vector<std::string> names;
  for (const Backend& one : find_backends(file_with(urls))) names.push_back(one.name);
  return names;
}

TEST(BackendNames, AreTheShortestThatTellBackendsApart) {
  EXPECT_THAT(names({"http://us-east.example.com:9090/r", "http://eu.example.com:9090/r"}),
              ElementsAre("us-east", "eu"));
  EXPECT_THAT(names({"http://prom.us.example.com/r", "http://prom.eu.example.com/r"}),
              ElementsAre("prom-us-example-com", "prom-eu-example-com"));
  EXPECT_THAT(names({"http://localhost:9091/r", "http://localhost:9092/r"}),
              ElementsAre("localhost-9091", "localhost-9092"));
  EXPECT_THAT(names({"http://influx:8086/r?db=a", "http://influx:8086/r?db=b"}),
              ElementsAre("influx-8086-r-db-a", "influx-8086-r-db-b"));
  EXPECT_THAT(names({"http://[::1]:9090/r", "http://QUERY/r"}), ElementsAre("1", "query-80"));
}

TEST(BackendNames, EntriesOfOneEndpointAreOneBackend) {
  const auto backends =
      find_backends(file_with({"http://a/r", "http://b/r", "http://a:80/r", "http://a/other"}));
  ASSERT_EQ(backends.size(), 3U);
  EXPECT_THAT(backends[0].entries, ElementsAre(0, 2));
  EXPECT_THAT(backends[2].entries, ElementsAre(3));
}

TEST(BackendNames, ABackendIsCalledByItsNameHostAddressOrEntry) {
  const PrometheusFile file = read_prometheus_file(
      yaml::Node::parse("remote_read:\n"
                        "  - {url: 'http://us.example.com:9090/r'}\n"
                        "  - {url: 'http://eu.example.com:9090/r', name: europe}\n",
                        "prometheus.yml"));
  const auto backends = find_backends(file);
  EXPECT_EQ(backend_called("us", backends, file), 0U);
  EXPECT_EQ(backend_called("eu.example.com", backends, file), 1U);
  EXPECT_EQ(backend_called("eu.example.com:9090", backends, file), 1U);
  EXPECT_EQ(backend_called("europe", backends, file), 1U);
  EXPECT_EQ(backend_called("asia", backends, file), std::nullopt);
  EXPECT_EQ(require_backend("--x", "us", backends, file), 0U);
  try {
    require_backend("--x", "ue", backends, file);
    FAIL();
  } catch (const yaml::ConfigError& error) {
    EXPECT_STREQ(error.what(), "--x: there is no backend \"ue\"; did you mean \"us\"?");
  }
}

}  // namespace
}  // namespace mread::setup
