#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "model/query.h"
#include "net/server.h"
#include "serve/read/workers.h"

namespace mread::serve {

namespace asio = boost::asio;

/// What a request for a read asks, or why it is refused.
struct DecodedRequest {
  std::optional<net::Refusal> refusal;
  model::ReadRequest read;
  /// Of a read and the request for its warnings the same, whoever comes first: a query node sends
  /// both from one address, with the same bytes.
  std::string warnings_key;
  uint64_t bytes = 0;  ///< about the memory that `read` takes
};

/// Decodes requests on threads of their own, since uncompressing them and compiling their regular
/// expressions may take long: many at once wait for their turn. Safe to use from several threads;
/// outlives the coroutines that wait.
class RequestDecoder {
 public:
  /// `queue`: how many may wait; 0: any number. `queue_wait`: the longest wait; 0: any.
  /// `queries`, `matchers`: of a request; 0: any number.
  void set_limits(uint64_t queue, std::chrono::milliseconds queue_wait, uint64_t queries,
                  uint64_t matchers);
  /// The request's body and its hold go once it is decoded, or has to make way. Its refusals: 400
  /// with the error of wire::decode_read_request(), 429 where too many wait, 503 where the body has
  /// to make way.
  asio::awaitable<DecodedRequest> decode(net::ServerRequest request);
  /// Requests that wait for their turn.
  uint64_t waiting() const { return workers_.waiting(); }

 private:
  std::atomic<uint64_t> queue_{0};
  std::atomic<std::chrono::milliseconds> queue_wait_{};
  std::atomic<uint64_t> queries_{0};
  std::atomic<uint64_t> matchers_{0};
  Workers workers_;
};

/// About the memory that a decoded request takes.
uint64_t memory_of(const model::ReadRequest& request);

}  // namespace mread::serve
