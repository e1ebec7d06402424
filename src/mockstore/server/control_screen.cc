#include "mockstore/server/control_screen.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "net/browser_guard.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;

asio::awaitable<std::optional<net::Refusal>> at_once(std::optional<net::Refusal> refusal) {
  co_return refusal;
}

}  // namespace

net::Screen control_screen(std::vector<std::string> names) {
  const auto guard =
      std::make_shared<const net::BrowserGuard>(std::move(names), "hostnames: of mock.yml");
  return [guard](const net::RequestHead& head) {
    const std::string_view path = std::string_view(head.target).substr(0, head.target.find('?'));
    const bool is_guarded = path.starts_with("/-/") && path != "/-/healthy" && path != "/-/ready";
    return at_once(is_guarded ? guard->refusal(head) : std::nullopt);
  };
}

}  // namespace mread::mockstore
