#include "serve/read/running_requests.h"

#include <cassert>
#include <new>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/event.h"
#include "serve/backends/error_text.h"

namespace mread::serve {
namespace {

// One piece of a backend's body, and what is read of the text of its errors.
constexpr size_t piece_bytes = 256U << 10;
constexpr size_t error_text_bytes = 512;

}  // namespace

struct RunningRequests::Request {
  Request(merger::RequestId request_id, size_t backend_index, const asio::any_io_executor& strand)
      : id(request_id), backend(backend_index), wanted(strand), late(strand) {}
  const merger::RequestId id;
  const size_t backend;
  net::TaskGroup::Id task = 0;
  bool read_wanted = false;
  bool dropped = false;
  bool ended = false;
  net::Event wanted;        // read_wanted or dropped has been set.
  asio::steady_timer late;  // Runs until the answer begins.
};

void RunningRequests::start(const std::shared_ptr<RequestEvents>& owner, merger::RequestId id,
                            size_t backend, net::ClientRequest http_request,
                            std::optional<std::chrono::milliseconds> late_after) {
  assert(!requests_.contains(id));
  auto request = std::make_shared<Request>(id, backend, strand_);
  requests_.emplace(id, request);
  ++active_;
  request->task = tasks_.spawn(run(owner, request, std::move(http_request)));
  if (!late_after) return;
  request->late.expires_after(*late_after);
  request->late.async_wait([owner_weak = std::weak_ptr(owner),
                            request_weak = std::weak_ptr(request)](boost::system::error_code code) {
    const auto events = owner_weak.lock();
    const auto waiting = request_weak.lock();
    if (code || !events || !waiting || waiting->dropped) return;
    events->on_late(waiting->backend);
  });
}

void RunningRequests::read(merger::RequestId id) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;
  found->second->read_wanted = true;
  found->second->wanted.notify();
}

void RunningRequests::drop(merger::RequestId id) {
  const auto found = requests_.find(id);
  if (found == requests_.end()) return;
  found->second->dropped = true;
  found->second->late.cancel();
  end(*found->second);
  tasks_.cancel(found->second->task);
  requests_.erase(found);
}

void RunningRequests::silence() noexcept {
  for (const auto& [id, request] : requests_) {
    request->dropped = true;
    request->late.cancel();
  }
}

void RunningRequests::clear() {
  requests_.clear();
  active_ = 0;
}

void RunningRequests::end(Request& request) {
  if (std::exchange(request.ended, true)) return;
  assert(active_ > 0);
  --active_;
}

void RunningRequests::fail_request(RequestEvents& events, Request& request, Error error) {
  end(request);
  const std::string address = context_.backends[request.backend].url.authority();
  events.on_failure(request.id, without_address(std::move(error), address));
}

asio::awaitable<void> RunningRequests::run(std::shared_ptr<RequestEvents> owner,
                                           std::shared_ptr<Request> request,
                                           net::ClientRequest http_request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  bool failed = false;
  try {
    co_await exchange(*owner, request, std::move(http_request));
  } catch (const std::bad_alloc&) {
    failed = !request->dropped;
  }
  if (failed) owner->out_of_memory();
}

asio::awaitable<void> RunningRequests::exchange(RequestEvents& events,
                                                std::shared_ptr<Request> request,
                                                net::ClientRequest http_request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto stream = co_await context_.client.open(std::move(http_request));
  request->late.cancel();
  if (request->dropped) co_return;
  if (!stream) {
    fail_request(events, *request, std::move(stream.error()));
    co_return;
  }
  const net::ResponseHead& head = (*stream)->head();
  std::string text;
  if (head.status / 100 != 2) {
    // If the text does not come, the status is news enough.
    auto piece = co_await (*stream)->read_some(error_text_bytes);
    if (request->dropped) co_return;
    if (piece)
      text = without_secrets(std::move(*piece), context_.config.endpoints[request->backend]);
  }
  events.on_response(request->id, head, text);
  while (!request->dropped) {
    if (!request->read_wanted) {
      const bool woken = co_await request->wanted.wait();
      if (!woken) co_return;
      continue;
    }
    request->read_wanted = false;
    auto piece = co_await (*stream)->read_some(piece_bytes);
    if (request->dropped) co_return;
    if (!piece) {
      fail_request(events, *request, std::move(piece.error()));
      co_return;
    }
    if (piece->empty()) {
      end(*request);
      events.on_end(request->id);
      co_return;
    }
    events.on_data(request->id, std::move(*piece));
  }
}

}  // namespace mread::serve
