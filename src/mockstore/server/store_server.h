#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "mockstore/store/store.h"

namespace mread::mockstore {

/// A mock store behind sockets. It has two listeners: the store's own, which clients read from and
/// which also answers the admin paths, and one for the admin paths alone, which stays open where
/// the fault `refused` closes the first. Behind a store with an upstream, the first passes every
/// request but reads on as it came, also those of the upstream's own admin paths.
///
/// Member functions may be called from any thread.
class StoreServer {
 public:
  /// Binds both listeners; the executor's threads do the work. `time` outlives the server.
  /// Errors: as Store::create; "store NAME: HOST:PORT: Address already in use".
  static Result<std::unique_ptr<StoreServer>> start(boost::asio::any_io_executor executor,
                                                    const StoreConfig& config, uint64_t seed,
                                                    const TimeSource& time);
  /// Aborts what is left. The executor's threads must have stopped, or drain() must have completed.
  ~StoreServer();
  StoreServer(const StoreServer&) = delete;
  StoreServer& operator=(const StoreServer&) = delete;

  std::string read_url() const;   ///< "http://127.0.0.1:9001/api/v1/read"
  std::string url() const;        ///< "http://127.0.0.1:9001"
  std::string admin_url() const;  ///< "http://127.0.0.1:40123"

  Store& store();
  /// Replaces the faults at once, the listener's state included.
  void set_faults(std::vector<FaultRule> rules);

  boost::asio::awaitable<void> drain(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit StoreServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace mread::mockstore
