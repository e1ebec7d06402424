#include "serve/read_session.h"

#include <chrono>
#include <utility>
#include <variant>

#include <boost/asio/this_coro.hpp>

namespace mread::serve {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

ReadSession::ReadSession(asio::any_io_executor strand, Flight::Seat& seat, model::ResponseType type,
                         ReadDecided decided, net::ResponseWriter& writer)
    : seat_(seat), decided_(std::move(decided)), writer_(writer), tasks_(std::move(strand)) {
  report_.type = type;
  report_.shared = seat.shared();
}

asio::awaitable<ReadReport> ReadSession::run() {
  const auto self = shared_from_this();
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto begun = Clock::now();
  report_.end = ReadReport::End::client_gone;
  // A write that is waiting for the client fails with this.
  seat_.on_cut([weak = weak_from_this()](Error reason) {
    const auto session = weak.lock();
    if (!session || session->over_) return;
    session->cut_ = true;
    session->report_.abort_reason = std::move(reason);
    session->writer_.abort(true);
  });
  tasks_.spawn(watch_client());
  co_await answer();
  over_ = true;
  if (cut_) report_.end = ReadReport::End::aborted;
  if (cut_ && !report_.abort_reason) report_.abort_reason = Broadcast::too_slow();
  tasks_.cancel_all();
  co_await tasks_.join();
  report_.queued = seat_.queued();
  report_.outcome = seat_.outcome();
  report_.duration = Clock::now() - begun;
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
  seat_.give_up();
}

asio::awaitable<void> ReadSession::answer() {
  bool more = true;
  while (more && !client_gone_) {
    auto item = co_await seat_.next();
    if (!item || client_gone_) co_return;
    more = co_await send(std::move(*item));
    if (more) seat_.sent();
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
    report_.abort_reason = std::move(abort->reason);
    writer_.abort(false);
  }
  co_return false;
}

}  // namespace mread::serve
