#include "serve/read/single_flight.h"

#include <utility>

#include "wire/request/read_request.h"

namespace mread::serve {
namespace {

constexpr size_t longest_key = 64U << 10;

}  // namespace

std::optional<std::string> flight_key(const model::ReadRequest& request, const net::Headers& passed_on,
                                      merger::ClientClass client) {
  std::string key = to_string(client) + ('\n' + wire::encode_read_request(request));
  for (const auto& [name, value] : passed_on.fields()) {
    if (name == "traceparent" || name == "tracestate") continue;
    key += '\n' + name + ": " + value;
  }
  if (key.size() > longest_key) return std::nullopt;
  return key;
}

std::unique_ptr<Flight::Seat> SingleFlight::seat(const std::string& key, const asio::any_io_executor& strand,
                                                 const std::function<std::shared_ptr<Flight>()>& create) {
  const std::lock_guard lock(mutex_);
  auto& known = flights_[key];
  if (const auto flight = known.lock()) {
    if (auto seat = flight->join(strand)) {
      ++joined_;
      return seat;
    }
  }
  const auto flight = create();
  auto seat = flight->join(strand);
  flight->start();
  known = flight;
  if (flights_.size() >= sweep_at_) {
    std::erase_if(flights_, [](const auto& each) { return each.second.expired(); });
    sweep_at_ = 64 + 2 * flights_.size();
  }
  return seat;
}

uint64_t SingleFlight::joined() const {
  const std::lock_guard lock(mutex_);
  return joined_;
}

}  // namespace mread::serve
