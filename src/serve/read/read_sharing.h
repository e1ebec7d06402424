#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "model/query.h"
#include "net/http.h"
#include "serve/read/subscriber.h"

namespace mread::serve {

/// What tells reads apart that must not share an answer: the queries with their hints, the types of
/// answer that are accepted, every header that is passed on to the backends but those that only say
/// whose trace it is, and what the client would refuse. None where that is too long to be kept.
std::optional<std::string> share_key(const model::ReadRequest& request,
                                     const net::Headers& passed_on,
                                     merger::ClientClass client = merger::ClientClass::v3_5);

/// The sharing that others may join. Safe to use from several threads.
class ReadSharing {
 public:
  /// A subscriber of the shared read of this key, or on a new one, which begins at once and which
  /// others of the same key may join. `create` makes it; it is not called where there is one to
  /// join.
  std::unique_ptr<Subscriber> subscriber(
      const std::string& key, const asio::any_io_executor& strand,
      const std::function<std::shared_ptr<SharedRead>()>& create);

  /// How many have joined the shared read of another, since the start.
  uint64_t joined() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::weak_ptr<SharedRead>> shared_reads_;
  uint64_t joined_ = 0;
  size_t sweep_at_ = 64;  // When there are so many, those that are over go.
};

}  // namespace mread::serve
