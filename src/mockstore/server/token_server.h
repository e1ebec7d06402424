#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "mockstore/store/token_book.h"

namespace mread::net {
class Server;
}

namespace mread::mockstore {

/// A TokenBook behind a socket. Member functions may be called from any thread.
class TokenServer {
 public:
  /// `time` outlives the server; the stores that accept the tokens use the same one. `hostnames`:
  /// further names of its control interface, in addition to the host of `listen`. Errors: "token
  /// server NAME: HOST:PORT: Address already in use".
  static Result<std::unique_ptr<TokenServer>> start(boost::asio::any_io_executor executor,
                                                    std::shared_ptr<TokenBook> book,
                                                    const TimeSource& time,
                                                    std::vector<std::string> hostnames = {});
  ~TokenServer();
  TokenServer(const TokenServer&) = delete;
  TokenServer& operator=(const TokenServer&) = delete;

  const std::string& name() const { return book_->config().name; }
  std::string token_url() const;  ///< "http://127.0.0.1:9201/token"
  boost::asio::awaitable<void> drain(std::chrono::milliseconds grace);

 private:
  TokenServer(std::shared_ptr<TokenBook> book, std::unique_ptr<net::Server> server);

  std::shared_ptr<TokenBook> book_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace mread::mockstore
