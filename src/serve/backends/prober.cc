#include "serve/backends/prober.h"

#include <chrono>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/nothrow.h"

namespace mread::serve {
namespace {

using namespace asio::experimental::awaitable_operators;

// The head is the answer; nobody reads the body, so the connection is closed.
asio::awaitable<bool> answers(net::Client& client, net::ClientRequest request,
                              std::chrono::milliseconds timeout) {
  asio::steady_timer timer(co_await asio::this_coro::executor, timeout);
  auto first = co_await (client.open(std::move(request)) || timer.async_wait(net::nothrow));
  const auto* stream = std::get_if<0>(&first);
  co_return stream != nullptr && stream->has_value() && (**stream)->head().status < 500;
}

}  // namespace

Prober::Prober(const asio::any_io_executor& executor, net::Client& client, const Clock& clock)
    : strand_(asio::make_strand(executor)), client_(client), clock_(clock), tasks_(strand_) {}

void Prober::watch(std::shared_ptr<Circuits> circuits, size_t backend, Target target) {
  if (!circuits->take_probing(backend)) return;
  asio::post(strand_, [self = shared_from_this(), circuits = std::move(circuits), backend,
                       target = std::move(target)]() mutable {
    if (self->tasks_.closed()) return;
    self->tasks_.spawn(self->probe_until_closed(std::move(circuits), backend, std::move(target)));
  });
}

asio::awaitable<void> Prober::probe_until_closed(std::shared_ptr<Circuits> circuits, size_t backend,
                                                 Target target) {
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::steady_timer timer(strand_);
  while (!tasks_.closed()) {
    const auto due = circuits->due(backend);
    if (!due) co_return;
    timer.expires_after(*due - clock_.now());
    co_await timer.async_wait(net::nothrow);
    if (tasks_.closed()) co_return;
    circuits->probe_begun(backend, clock_.now());
    const bool answered = co_await answers(client_, target.request, target.timeout);
    if (tasks_.closed()) co_return;
    target.ended(answered);
  }
}

asio::awaitable<void> Prober::stop() {
  const auto self = shared_from_this();
  co_await tasks_.close();
}

}  // namespace mread::serve
