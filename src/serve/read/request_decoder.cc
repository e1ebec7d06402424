#include "serve/read/request_decoder.h"

#include <array>
#include <functional>
#include <stdexcept>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/duration.h"
#include "serve/clients/client_address.h"
#include "serve/read/bodies.h"
#include "wire/bytes/varint.h"
#include "wire/request/read_request.h"

namespace mread::serve {
namespace {

// What a query node asks for a panel takes less.
constexpr uint64_t light_bytes = 2U << 10;

Workers::Weight weight_of(const std::string& body) {
  // A snappy block begins with the length of what it holds.
  const char* at = body.data();
  uint64_t length = 0;
  const bool known = wire::get_varint(at, body.data() + body.size(), length);
  return known && length <= light_bytes && body.size() <= light_bytes ? Workers::Weight::light
                                                                      : Workers::Weight::heavy;
}

std::string warnings_key(const std::string& peer, const std::string& body) {
  std::array<unsigned char, 32> digest{};
  unsigned size = digest.size();
  if (EVP_Digest(body.data(), body.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 cannot be computed");
  }
  return fmt::format("{} {} {}", peer.substr(0, peer.rfind(':')), body.size(),
                     std::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

// Shared by the coroutine that waits and the thread that works, of which only one uses it at a
// time.
struct Task {
  std::string body;
  std::string peer;
  wire::DecodeLimits limits;
  DecodedRequest decoded;

  void run() {
    decoded.warnings_key = warnings_key(peer, body);
    auto read = wire::decode_read_request(body, limits, model::RegexBudget::Use::passed_on);
    body = std::string();
    if (read) {
      decoded.read = std::move(*read);
      decoded.bytes = memory_of(decoded.read);
      return;
    }
    auto& refusal = decoded.refusal.emplace();
    refusal.head.status = 400;
    refusal.head.headers.add("Content-Type", "text/plain; charset=utf-8");
    refusal.head.headers.add("X-Content-Type-Options", "nosniff");
    refusal.body = read.error().to_string() + "\n";
  }
};

// Has a body that waits make way where that is asked of it.
class WaitingBody {
 public:
  WaitingBody(net::BodyHold* hold, Task& task, Gate::Slot& turn) : hold_(hold) {
    if (hold_ == nullptr) return;
    hold_->on_give_up([&task, &turn](net::Refusal refusal) {
      task.decoded.refusal = std::move(refusal);
      task.body = std::string();
      turn.give_up();
    });
  }
  ~WaitingBody() {
    if (hold_ != nullptr) hold_->on_give_up(nullptr);
  }
  WaitingBody(const WaitingBody&) = delete;
  WaitingBody& operator=(const WaitingBody&) = delete;

 private:
  net::BodyHold* const hold_;
};

}  // namespace

uint64_t memory_of(const model::ReadRequest& request) {
  // A compiled expression takes a multiple of its text.
  constexpr uint64_t regex_bytes = 4096;
  constexpr uint64_t regex_factor = 64;
  uint64_t bytes = sizeof(request);
  for (const model::Query& query : request.queries) {
    bytes += sizeof(query);
    for (const model::Matcher& matcher : query.matchers) {
      bytes += sizeof(matcher) + matcher.name().size() + matcher.value().size();
      const bool is_regex = matcher.type() == model::MatchType::regex ||
                            matcher.type() == model::MatchType::not_regex;
      if (is_regex) bytes += regex_bytes + regex_factor * matcher.value().size();
    }
    if (!query.hints) continue;
    bytes += query.hints->func.size();
    for (const std::string& label : query.hints->grouping) bytes += sizeof(label) + label.size();
  }
  return bytes;
}

void RequestDecoder::set_limits(uint64_t queue, std::chrono::milliseconds queue_wait,
                                uint64_t queries, uint64_t matchers) {
  queries_ = queries;
  matchers_ = matchers;
  queue_ = queue;
  queue_wait_ = queue_wait;
  workers_.set_queue(queue);
}

asio::awaitable<DecodedRequest> RequestDecoder::decode(net::ServerRequest request) {
  const auto strand = co_await asio::this_coro::executor;
  const auto task = std::make_shared<Task>();
  task->body = std::move(request.body);
  task->peer = request.peer;
  task->limits.queries = queries_;
  task->limits.matchers = matchers_;
  const auto refused = [&task](const std::string& line) {
    task->decoded.refusal = try_again_later(429, line);
    return std::move(task->decoded);
  };
  const auto queue_wait = queue_wait_.load();
  const auto turn = workers_.queue(weight_of(task->body), strand, client_address(request.peer));
  auto entry = Gate::Entry::made_way;
  if (turn) {
    const WaitingBody waits(request.hold.get(), *task, *turn);
    entry = co_await turn->wait(queue_wait);
  }
  if (task->decoded.refusal) co_return std::move(task->decoded);
  if (entry == Gate::Entry::late) {
    co_return refused(fmt::format("the request has waited {} to be decoded (limits.queue_wait)",
                                  format_duration(queue_wait)));
  }
  if (entry != Gate::Entry::inside) {
    co_return refused(
        fmt::format("{} requests wait to be decoded already (limits.queue)", queue_.load()));
  }
  std::function<void()> job = [task, hold = request.hold] { task->run(); };
  const bool has_run = co_await workers_.run(std::move(job));
  // The client has gone: nobody hears this.
  if (!has_run) co_return refused("the request was given up");
  co_return std::move(task->decoded);
}

}  // namespace mread::serve
