#include "serve/read/read_session.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/duration.h"

namespace mread::serve {

ReadSession::ReadSession(asio::any_io_executor strand, Subscriber& subscriber,
                         model::ResponseType type, ReadDecided decided, net::ResponseWriter& writer,
                         Pace::Limits pace, const Clock& clock)
    : subscriber_(subscriber),
      decided_(std::move(decided)),
      writer_(writer),
      pace_(pace),
      clock_(clock),
      tasks_(std::move(strand)) {
  report_.type = type;
  report_.shared = subscriber.shared();
}

asio::awaitable<ReadReport> ReadSession::run() {
  const auto self = shared_from_this();
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto begun = clock_.now();
  report_.end = ReadReport::End::client_gone;
  subscriber_.on_cut([weak = weak_from_this()](const Error& why) {
    if (const auto session = weak.lock()) session->cut(why);
  });
  tasks_.spawn(watch_client());
  if (pace_.bytes_per_second > 0) tasks_.spawn(watch_pace());
  co_await answer();
  over_ = true;
  if (cut_) report_.end = ReadReport::End::aborted;
  tasks_.cancel_all();
  co_await tasks_.join();
  report_.queued = subscriber_.queued();
  report_.outcome = subscriber_.outcome();
  report_.duration = clock_.now() - begun;
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return std::move(report_);
}

asio::awaitable<void> ReadSession::watch_client() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto gone = co_await writer_.client_gone();
  if (!gone || over_) co_return;
  client_gone_ = true;
  // A write that is waiting for the client fails with this.
  writer_.abort(true);
  subscriber_.give_up();
}

// Looks at the client ten times within its patience.
asio::awaitable<void> ReadSession::watch_pace() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto interval =
      std::max<std::chrono::milliseconds>(pace_.patience / 10, std::chrono::milliseconds(1));
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Pace pace(pace_, clock_.now(), writer_.taken());
  bool was_sending = false;
  while (!over_ && !client_gone_) {
    timer.expires_after(interval);
    const auto [code] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (code) co_return;
    const bool charged = was_sending && sending_ && subscriber_.others_wait();
    was_sending = sending_;
    if (pace.observe(clock_.now(), writer_.taken(), charged)) continue;
    cut(Error(Errc::deadline,
              fmt::format("the client took less than {} bytes a second for {} while others waited "
                          "(limits.client_rate, limits.client_patience)",
                          pace_.bytes_per_second, format_duration(pace_.patience))));
    co_return;
  }
}

// A write that is waiting for the client fails with this.
void ReadSession::cut(Error why) {
  if (over_ || cut_) return;
  cut_ = true;
  report_.slow_client = why.is(Errc::deadline);
  report_.abort_reason = std::move(why);
  writer_.abort(true);
  subscriber_.give_up();
}

asio::awaitable<void> ReadSession::answer() {
  bool more = true;
  while (more && !client_gone_) {
    auto item = co_await subscriber_.next();
    if (!item || client_gone_) co_return;
    sending_ = true;
    more = co_await send(std::move(*item));
    sending_ = false;
    if (more) subscriber_.sent();
  }
}

// Sends one thing to the client; false when nothing follows.
asio::awaitable<bool> ReadSession::send(AnswerItem item) {
  if (auto* answer_head = std::get_if<AnswerHead>(&item)) {
    merger::Head& head = answer_head->head;
    if (decided_) decided_(head.status, answer_head->left_out);
    net::ResponseHead out;
    out.status = head.status;
    out.headers.add("Content-Type", head.content_type);
    if (!head.content_encoding.empty()) out.headers.add("Content-Encoding", head.content_encoding);
    if (!head.partial.empty()) out.headers.add("X-Mread-Partial", head.partial);
    if (head.status == 200) {
      out.headers.add("Trailer", "X-Mread-Partial");
    } else {
      out.headers.add("X-Content-Type-Options", "nosniff");
    }
    if (answer_head->try_again) out.headers.add("Retry-After", "1");
    report_.status = head.status;
    const auto sent = co_await writer_.start(std::move(out));
    co_return sent.has_value();
  }
  if (auto* bytes = std::get_if<AnswerBytes>(&item)) {
    uint64_t size = 0;
    for (const auto piece : bytes->pieces) size += piece.size();
    const auto sent = co_await writer_.write_pieces(std::move(bytes->pieces));
    if (!sent) co_return false;
    report_.bytes_sent += size;
    co_return true;
  }
  if (auto* finish = std::get_if<merger::Finish>(&item)) {
    net::Headers trailers;
    if (!finish->partial.empty()) trailers.add("X-Mread-Partial", finish->partial);
    const auto sent = co_await writer_.finish(std::move(trailers));
    if (sent) report_.end = ReadReport::End::complete;
    co_return false;
  }
  if (auto* abort = std::get_if<merger::Abort>(&item)) {
    report_.end = ReadReport::End::aborted;
    if (!report_.abort_reason) report_.abort_reason = std::move(abort->reason);
    writer_.abort(false);
  }
  co_return false;
}

}  // namespace mread::serve
