#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "base/timestamp.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "mockstore/server/forward_proxy.h"
#include "mockstore/server/mock_config.h"
#include "mockstore/server/store_server.h"
#include "mockstore/server/token_server.h"
#include "net/listen_address.h"

namespace mread::cli {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds grace{
    1'000};  // A fault may hang for good: nobody waits for that.

struct MockFlags {
  std::string config_file;
  std::string listen;
  std::optional<uint64_t> seed;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
};

int complain(const std::string& line, int code = invalid) {
  return cli::complain("mock", line, code);
}

void tell(const std::string& name, const std::string& what) {
  std::printf("%s %s\n", printable(name).c_str(), printable(what).c_str());
}

// A port in use, or an address that is not this machine's, is a system's error; the others are the
// configuration's.
int code_of(const Error& error) {
  return error.code.category() == mread_category() ? invalid : environment;
}

struct Servers {
  std::vector<std::unique_ptr<mockstore::StoreServer>> stores;
  std::vector<std::unique_ptr<mockstore::TokenServer>> tokens;
  std::vector<std::unique_ptr<mockstore::ForwardProxy>> proxies;
};

asio::awaitable<void> drain_all(Servers& servers) {
  for (const auto& server : servers.stores) co_await server->drain(grace);
  for (const auto& server : servers.tokens) co_await server->drain(grace);
  for (const auto& proxy : servers.proxies) co_await proxy->drain();
}

int mock(const MockFlags& flags) {
  auto config = mockstore::parse_mock_config(yaml::Node::load(flags.config_file), wall_clock_ms());
  if (flags.seed) config.seed = *flags.seed;
  if (!flags.listen.empty()) {
    const auto address = net::parse_listen_address(flags.listen);
    if (!address) return complain("--listen " + address.error().to_string());
    if (config.stores.size() != 1)
      return complain("--listen is for a single store; with several, give each its 'listen' in " +
                      flags.config_file);
    config.stores.front().listen = *address;
    if (config.stores.front().admin_listen.port == 0)
      config.stores.front().admin_listen.host = address->host;
  }

  asio::io_context context(static_cast<int>(flags.threads));
  const mockstore::SystemTime time;
  Servers servers;
  for (const auto& store : config.stores) {
    auto server = mockstore::StoreServer::start(context.get_executor(), store, config.seed, time);
    if (!server) return complain(server.error().to_string(), code_of(server.error()));
    servers.stores.push_back(std::move(*server));
  }
  for (const auto& [name, book] : config.token_servers) {
    auto server =
        mockstore::TokenServer::start(context.get_executor(), book, time, config.hostnames);
    if (!server) return complain(server.error().to_string(), code_of(server.error()));
    servers.tokens.push_back(std::move(*server));
  }
  for (const auto& proxy_config : config.proxies) {
    auto proxy = mockstore::ForwardProxy::start(context.get_executor(), proxy_config);
    if (!proxy) return complain(proxy.error().to_string(), code_of(proxy.error()));
    servers.proxies.push_back(std::move(*proxy));
  }
  asio::signal_set signals(context, SIGINT, SIGTERM);
  const auto drained = [&context](std::exception_ptr) { context.stop(); };
  signals.async_wait([&](boost::system::error_code code, int) {
    if (code) return;
    asio::co_spawn(asio::make_strand(context), drain_all(servers), drained);
    signals.async_wait([](boost::system::error_code again, int) {  // A second signal is in a hurry.
      if (!again) std::_Exit(interrupted);
    });
  });
  for (const auto& server : servers.tokens) {
    tell(server->name(), "tokens on " + server->token_url());
  }
  for (const auto& server : servers.stores) {
    tell(server->store().name(), "listening on " + server->read_url());
    tell(server->store().name(), "admin on " + server->admin_url());
  }
  for (const auto& proxy : servers.proxies) {
    tell(proxy->name(), "listening on " + proxy->url());
    tell(proxy->name(), "admin on " + proxy->admin_url());
  }
  std::printf("ready\n");
  std::fflush(stdout);
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < flags.threads; ++i)
      threads.emplace_back([&context] { context.run(); });
    context.run();
  }
  return ok;
}

}  // namespace

void add_mock(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<MockFlags>();
  CLI::App* command =
      app.add_subcommand("mock", "Serve mock remote-read stores, with faults and a journal");
  command
      ->add_option("--config", flags->config_file,
                   "The stores, a mock.yml (docs/reference/mock.md)")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--listen", flags->listen,
                   "Address of a single store, in place of the file's; port 0 picks a free one")
      ->type_name("HOST:PORT");
  command
      ->add_option("--seed", flags->seed, "Seed of every random decision, in place of the file's")
      ->type_name("N");
  command->add_option("--threads", flags->threads, "Threads (default: one a processor)")
      ->check(CLI::Range(1U, 1024U))
      ->type_name("N");
  command->footer("Example: mread mock --config mock.yml --listen 127.0.0.1:9201");
  command->callback([flags, &exit_code] { exit_code = mock(*flags); });
}

}  // namespace mread::cli
