#include "check/input/input.h"

#include <gmock/gmock.h>

namespace mread::check {
namespace {

using namespace std::chrono_literals;

Input input_with(const std::string& text) {
  Input input{.node = setup::read_prometheus_file(yaml::Node::parse(text, "prometheus.yml"))};
  input.backends = setup::find_backends(input.node);
  input.facts.resize(input.backends.size());
  return input;
}

Expression expression(const std::string& text) {
  return {text, yaml::Node::parse("x", "--query"), *model::promql_uses(text),
          Expression::Kind::query};
}

TEST(Input, AnEntryIsAskedWhenTheSelectorHasItsMatchersAsEqualities) {
  const Input input = input_with(
      "remote_read: [{url: 'http://a/r', required_matchers: {region: us, env: prod}}]\n");
  const auto asks = [&](const std::string& selector) {
    return Input::is_asked(input.node.entries[0], expression(selector).uses.selectors.at(0));
  };
  EXPECT_TRUE(asks("up{env=\"prod\", region=\"us\", job=~\"a\"}"));
  EXPECT_FALSE(asks("up{region=\"us\"}"));
  EXPECT_FALSE(asks("up{region=~\"us\", env=\"prod\"}"));
  EXPECT_FALSE(asks("up{region=\"eu\", env=\"prod\"}"));
}

TEST(Input, TheLongestWaitIsTheSumOverSelectors) {
  const Input input = input_with(
      "remote_read:\n"
      "  - {url: 'http://a/r', remote_timeout: 5s}\n"
      "  - {url: 'http://b/r', remote_timeout: 30s, required_matchers: {region: us}}\n");
  EXPECT_EQ(input.longest_wait(expression("a / b + c")), 15s);
  EXPECT_EQ(input.longest_wait(expression("a{region=\"us\"} / b")), 35s);
  EXPECT_EQ(input.longest_wait(expression("time()")), 0s);
}

TEST(Input, EntriesExcludeEachOtherByOneLabelsValue) {
  const Input input = input_with(
      "remote_read:\n"
      "  - {url: 'http://a/r', required_matchers: {region: us}}\n"
      "  - {url: 'http://b/r', required_matchers: {region: eu}}\n"
      "  - {url: 'http://c/r', required_matchers: {env: prod}}\n");
  const auto& entries = input.node.entries;
  EXPECT_TRUE(Input::exclude_each_other(entries[0], entries[1]));
  EXPECT_FALSE(Input::exclude_each_other(entries[0], entries[2]));
}

TEST(Input, ANodeWritesToTheOnlyStoreOrToOneOnTheSameHost) {
  const std::string writes = "remote_write: [{url: 'http://a/w'}]\n";
  const Input one = input_with("remote_read: [{url: 'http://reads/r'}]\n" + writes);
  EXPECT_TRUE(one.writes_to(one.node.entries[0]));
  const Input two =
      input_with("remote_read: [{url: 'http://a/r'}, {url: 'http://b/r'}]\n" + writes);
  EXPECT_TRUE(two.writes_to(two.node.entries[0]));
  EXPECT_FALSE(two.writes_to(two.node.entries[1]));
}

TEST(Input, VersionsDecideWhatIsAskedFor) {
  Input input = input_with("remote_read: [{url: 'http://a/r'}]\n");
  input.version = {2, 53};
  EXPECT_FALSE(input.reads_streams());
  EXPECT_EQ(input.version_text(), "Prometheus 2.53");
  input.version = {2, 55, 1};
  EXPECT_TRUE(input.reads_streams());
}

}  // namespace
}  // namespace mread::check
