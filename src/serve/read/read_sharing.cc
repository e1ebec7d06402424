#include "serve/read/read_sharing.h"

#include <utility>

#include "wire/request/read_request.h"

namespace mread::serve {
namespace {

constexpr size_t longest_key = 64U << 10;

}  // namespace

std::optional<std::string> share_key(const model::ReadRequest& request,
                                     const net::Headers& passed_on, merger::ClientClass client) {
  std::string key = to_string(client) + ('\n' + wire::encode_read_request(request));
  for (const auto& [name, value] : passed_on.fields()) {
    if (name == "traceparent" || name == "tracestate") continue;
    key += '\n' + name + ": " + value;
  }
  if (key.size() > longest_key) return std::nullopt;
  return key;
}

std::unique_ptr<Subscriber> ReadSharing::subscriber(
    const std::string& key, const asio::any_io_executor& strand,
    const std::function<std::shared_ptr<SharedRead>()>& create) {
  const std::lock_guard lock(mutex_);
  auto& known = shared_reads_[key];
  if (const auto shared_read = known.lock()) {
    if (auto subscriber = Subscriber::join(shared_read, strand)) {
      ++joined_;
      return subscriber;
    }
  }
  const auto shared_read = create();
  auto subscriber = Subscriber::join(shared_read, strand);
  shared_read->start();
  known = shared_read;
  if (shared_reads_.size() >= sweep_at_) {
    std::erase_if(shared_reads_, [](const auto& each) { return each.second.expired(); });
    sweep_at_ = 64 + 2 * shared_reads_.size();
  }
  return subscriber;
}

uint64_t ReadSharing::joined() const {
  const std::lock_guard lock(mutex_);
  return joined_;
}

}  // namespace mread::serve
