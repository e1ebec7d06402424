#include <optional>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/duration.h"
#include "net/client.h"

namespace mread::net {
namespace {

asio::awaitable<Result<Response>> fetch_with(Client& client, ClientRequest request,
                                             uint64_t limit_bytes) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  auto body = co_await read_all(**stream, limit_bytes);
  if (!body) co_return fail(std::move(body.error()));
  co_return Response{(*stream)->head(), std::move(*body)};
}

}  // namespace

Result<Response> fetch(ClientRequest request, FetchLimits limits, std::stop_token stop) {
  const std::string place = request.url.authority();
  if (stop.stop_requested()) return fail(Errc::canceled, place + ": canceled");
  asio::io_context context(1);
  ClientOptions options;
  options.connect_timeout = limits.timeout;
  Client client(options);
  asio::cancellation_signal cancel;
  asio::steady_timer timer(context, limits.timeout);
  bool late = false;
  bool stopped = false;
  std::optional<Result<Response>> outcome;
  std::exception_ptr thrown;
  const auto done = [&](std::exception_ptr exception, Result<Response> result) {
    thrown = exception;
    if (!exception) outcome = std::move(result);
    // A name lookup that was given up may still be running: it is not waited for here.
    timer.cancel();
    context.stop();
  };
  timer.async_wait([&](boost::system::error_code code) {
    if (code) return;
    late = true;
    cancel.emit(asio::cancellation_type::terminal);
  });
  asio::co_spawn(context, fetch_with(client, std::move(request), limits.body_bytes),
                 asio::bind_cancellation_slot(cancel.slot(), done));
  const auto give_up = [&] {
    stopped = true;
    cancel.emit(asio::cancellation_type::terminal);
  };
  {
    const std::stop_callback on_stop(stop, [&] { asio::post(context, give_up); });
    context.run();
  }
  if (thrown) std::rethrow_exception(thrown);
  if (*outcome) return std::move(*outcome);
  const Error& error = outcome->error();
  if (stopped) return fail(Errc::canceled, place + ": canceled");
  if (late || error.is(Errc::deadline)) {
    return fail(Errc::deadline, place + ": no answer within " + format_duration(limits.timeout));
  }
  return fail(error);
}

}  // namespace mread::net
