#include <thread>

#include <gmock/gmock.h>

#include "net/client.h"
#include "net/client_server_fixture.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class FetchTest : public ClientServerTest {};

TEST_F(FetchTest, FetchBlocks) {
  serve(echo);
  EXPECT_EQ(fetch(to("/f"))->body, "/f|");
  auto named = to("/n");
  named.url.host = "localhost";
  EXPECT_EQ(fetch(named)->body, "/n|");
  named.url.host = "no-such-host.invalid";
  EXPECT_FALSE(fetch(named));
  const auto limited = fetch(to("/long-enough"), FetchLimits{.body_bytes = 3});
  EXPECT_TRUE(limited.error().is(Errc::limit));
  ASSERT_TRUE(server_->set_accepting(false));
  EXPECT_THAT(fetch(to("/f")).error().to_string(), HasSubstr("Connection refused"));
}

TEST_F(FetchTest, FetchGivesUp) {
  auto reached = std::make_shared<std::latch>(1);
  serve([&](ServerRequest request, ResponseWriter& writer) -> asio::awaitable<void> {
    if (request.head.target == "/stop") reached->count_down();
    co_await writer.client_gone();
    writer.abort(false);
  });
  const auto late = fetch(to("/"), FetchLimits{.timeout = 30ms});
  EXPECT_TRUE(late.error().is(Errc::deadline));
  EXPECT_THAT(late.error().to_string(), HasSubstr("no answer within 30ms"));
  std::stop_source source;
  std::thread stopper([&] {
    reached->wait();
    source.request_stop();
  });
  EXPECT_TRUE(fetch(to("/stop"), {}, source.get_token()).error().is(Errc::canceled));
  stopper.join();
  EXPECT_TRUE(fetch(to("/stop"), {}, source.get_token()).error().is(Errc::canceled));
}

}  // namespace
}  // namespace mread::net
