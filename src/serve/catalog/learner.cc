#include "serve/catalog/learner.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/duration.h"
#include "net/nothrow.h"

namespace mread::serve {
namespace {

using namespace asio::experimental::awaitable_operators;

// A list of series may take a hundred megabytes while it is read.
constexpr int slots = 2;
constexpr std::chrono::milliseconds soon{5'000};
// A store of which nothing can be learned may be replaced by another.
constexpr int refreshes_of_patience = 10;

}  // namespace

Learner::Learner(const asio::any_io_executor& executor, net::Client& client, const Clock& clock)
    : strand_(asio::make_strand(executor)),
      client_(client),
      clock_(clock),
      tasks_(strand_),
      slot_free_(strand_) {}

void Learner::keep(std::shared_ptr<Catalogs> catalogs, size_t backend, Target target) {
  asio::post(strand_, [self = shared_from_this(), catalogs = std::move(catalogs), backend,
                       target = std::move(target)]() mutable {
    if (self->tasks_.closed()) return;
    self->tasks_.spawn(
        self->learn_again_and_again(std::move(catalogs), backend, std::move(target)));
  });
}

asio::awaitable<void> Learner::learn_again_and_again(std::shared_ptr<Catalogs> catalogs,
                                                     size_t backend, Target target) {
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::steady_timer timer(strand_);
  while (!tasks_.closed()) {
    auto due = catalogs->due(backend);
    if (!due) co_return;
    timer.expires_after(*due - clock_.now());
    co_await timer.async_wait(net::nothrow);
    if (!tasks_.closed() && !target.may_ask()) {
      catalogs->begin(backend, clock_.now());
      catalogs->failed(backend, "open circuit", std::min(target.refresh, soon));
      continue;
    }
    while (refreshing_ >= slots && !tasks_.closed()) {
      const bool woken = co_await slot_free_.wait();
      if (!woken) co_return;
    }
    due = catalogs->due(backend);
    if (tasks_.closed() || !due) co_return;
    ++refreshing_;
    co_await refresh(*catalogs, backend, target);
    --refreshing_;
    slot_free_.notify();
  }
}

asio::awaitable<void> Learner::refresh(Catalogs& catalogs, size_t backend, Target& target) {
  const uint64_t begun = catalogs.begin(backend, clock_.now());
  asio::steady_timer timer(strand_, target.timeout);
  auto first = co_await (learn_catalog(client_, target.source, clock_.wall_ms()) ||
                         timer.async_wait(net::nothrow));
  if (tasks_.closed()) co_return;
  auto* learned = std::get_if<0>(&first);
  if (learned != nullptr && learned->has_value()) {
    catalogs.learned(backend, begun, std::move(**learned));
    target.ended(nullptr);
    co_return;
  }
  const Error error =
      learned != nullptr
          ? learned->error()
          : Error(Errc::deadline, "no answer within " + format_duration(target.timeout));
  const bool gone = target.means_gone(error);
  if (gone) catalogs.gone(backend);
  const bool hopeless = error.is(Errc::unsupported) || error.is(Errc::limit);
  // One that is away is asked in any case, so it is learned as soon as it is back; one that is slow
  // has time.
  auto retry = gone ? std::min(target.refresh, soon) : target.refresh;
  if (hopeless) retry = target.refresh * refreshes_of_patience;
  catalogs.failed(backend, error.to_string(), retry);
  target.ended(&error);
}

asio::awaitable<void> Learner::stop() {
  const auto self = shared_from_this();
  co_await tasks_.close();
}

}  // namespace mread::serve
