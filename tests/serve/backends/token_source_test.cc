#include "serve/backends/token_source.h"

#include <gmock/gmock.h>

#include "base/manual_clock.h"
#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;

// Answers each request for a token with the next number, good for 100 s.
net::Handler numbered_tokens() {
  const auto count = std::make_shared<std::atomic<int>>(0);
  return [count](net::ServerRequest, net::ResponseWriter& writer) -> asio::awaitable<void> {
    std::string body = "{\"access_token\": \"t" + std::to_string(++*count) +
                       "\", \"token_type\": \"Bearer\", \"expires_in\": 100}";
    net::ResponseHead head;
    head.headers.add("Content-Type", "application/json");
    co_await writer.reply(std::move(head), std::move(body));
  };
}

class TokenSourcesTest : public testing::Test {
 protected:
  ~TokenSourcesTest() override { loop_.run(tokens_->stop()); }

  config::OAuth2 settings_at(const ScriptedBackend& server) {
    config::OAuth2 settings;
    settings.client_id = "me";
    settings.client_secret.text = "s3cret";
    settings.token_url = "http://127.0.0.1:" + std::to_string(server.port()) + "/token";
    return settings;
  }
  std::string authorization(const std::shared_ptr<net::Authorizer>& source) {
    const auto value = loop_.run(source->authorization());
    return value ? *value : "error: " + value.error().to_string();
  }

  net::Loop loop_;
  net::Client client_;
  ManualClock clock_;
  std::shared_ptr<TokenSources> tokens_ =
      std::make_shared<TokenSources>(loop_.executor(), client_, clock_);
};

TEST_F(TokenSourcesTest, ATokenIsUsedUntilShortlyBeforeItExpires) {
  ScriptedBackend server(loop_, numbered_tokens());
  const auto source = tokens_->source(settings_at(server), 10s);
  EXPECT_EQ(authorization(source), "Bearer t1");
  clock_.advance(89s);
  EXPECT_EQ(authorization(source), "Bearer t1");
  EXPECT_EQ(server.requests(), 1);
  clock_.advance(2s);
  EXPECT_EQ(authorization(source), "Bearer t2") << "less than 10 s of its life are left";
  EXPECT_EQ(server.requests(), 2);
}

TEST_F(TokenSourcesTest, SettingsThatAreEqualShareASource) {
  ScriptedBackend server(loop_, numbered_tokens());
  const auto source = tokens_->source(settings_at(server), 10s);
  EXPECT_EQ(tokens_->source(settings_at(server), 10s), source);
  EXPECT_NE(tokens_->source(settings_at(server), 9s), source) << "another timeout";
  config::OAuth2 other = settings_at(server);
  other.scopes = {"read"};
  EXPECT_NE(tokens_->source(other, 10s), source);
}

TEST_F(TokenSourcesTest, ReadsAtTheSameTimeShareOneRequest) {
  std::atomic<bool> may_answer = false;
  const auto tokens = numbered_tokens();
  ScriptedBackend server(
      loop_, [&](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
        co_await wait_for(may_answer);
        co_await tokens(std::move(request), writer);
      });
  const auto source = tokens_->source(settings_at(server), 10s);
  std::vector<std::future<Result<std::string>>> asked;
  for (int i = 0; i < 5; ++i) asked.push_back(loop_.start(source->authorization()));
  wait_until([&] { return server.requests() == 1; });
  may_answer = true;
  for (auto& each : asked) {
    const auto value = each.get();
    ASSERT_TRUE(value) << value.error().to_string();
    EXPECT_EQ(*value, "Bearer t1");
  }
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(TokenSourcesTest, ATokenThatABackendRefusesIsFetchedOnceMore) {
  ScriptedBackend server(loop_, numbered_tokens());
  const auto source = tokens_->source(settings_at(server), 10s);
  EXPECT_EQ(authorization(source), "Bearer t1");
  EXPECT_TRUE(source->refused("Bearer t1"));
  EXPECT_EQ(authorization(source), "Bearer t2");
  EXPECT_FALSE(source->refused("Bearer t2")) << "a backend that takes none costs no more requests";
  clock_.advance(31s);
  EXPECT_TRUE(source->refused("Bearer t2")) << "it has been good for a while";
}

TEST_F(TokenSourcesTest, WhoWaitsIsToldOfTheEnd) {
  ScriptedBackend server(loop_, hanging());
  const auto source = tokens_->source(settings_at(server), 1h);
  auto asked = loop_.start(source->authorization());
  wait_until([&] { return server.requests() == 1; });
  loop_.run(tokens_->stop());
  const auto value = asked.get();
  ASSERT_FALSE(value);
  EXPECT_TRUE(value.error().is(Errc::canceled)) << value.error().to_string();
  EXPECT_EQ(authorization(source), "error: shutting down") << "nothing begins after that";
}

}  // namespace
}  // namespace mread::serve
