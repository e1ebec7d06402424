#pragma once

#include <memory>
#include <string>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "mockstore/server/store_server.h"
#include "mockstore/store/journal.h"
#include "mockstore/store/store_config.h"

namespace mread::cli {

/// A mock store at a loopback port, from YAML as in mock.yml. Its data begin at 1700000000.
class MockEndpoint {
 public:
  explicit MockEndpoint(const std::string& yaml) {
    mockstore::StoreDefaults defaults;
    defaults.start_ms = 1'700'000'000'000;
    auto started = mockstore::StoreServer::start(
        io_.get_executor(),
        mockstore::parse_store(yaml::Node::parse(yaml, "store.yml"), "a", defaults), 1, time_);
    EXPECT_TRUE(started) << started.error().to_string();
    server_ = std::move(*started);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~MockEndpoint() {
    io_.stop();
    thread_.join();
    server_.reset();
  }
  MockEndpoint(const MockEndpoint&) = delete;
  MockEndpoint& operator=(const MockEndpoint&) = delete;

  std::string url() const { return server_->read_url(); }

 private:
  boost::asio::io_context io_;
  mockstore::SystemTime time_;
  std::unique_ptr<mockstore::StoreServer> server_;
  std::thread thread_;
};

}  // namespace mread::cli
