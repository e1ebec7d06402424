#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>
#include <malloc.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/memory_limit.h"
#include "base/memory_reserve.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "config/config.h"
#include "net/listen_address.h"
#include "net/server.h"
#include "serve/backends/transports.h"
#include "serve/clients/descriptors.h"
#include "serve/observe/log_format.h"
#include "serve/observe/query_log.h"
#include "serve/service.h"

namespace mread::cli {
namespace {

namespace asio = boost::asio;

// Drains end within 10 s, the abort of what is left included.
constexpr std::chrono::milliseconds grace{9'000};

struct ServeFlags {
  std::string config_file;
  std::string listen;
  std::string log_level = "info";
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool check_config = false;
};

int complain(int code, const std::string& line) { return cli::complain("serve", line, code); }

asio::awaitable<void> drain(net::Server& server, serve::Service& service) {
  co_await server.drain(grace);
  co_await service.stop();
}

config::Config load(const ServeFlags& flags) {
  config::Config config = config::Config::load(flags.config_file);
  if (!flags.listen.empty()) config.listen = flags.listen;
  config.fit_into(memory_limit());
  return config;
}

// Every arena of the allocator reserves 64 MiB of the address space at once. Where that is limited
// there are few.
void spare_address_space() {
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur == RLIM_INFINITY) return;
  constexpr rlim_t an_arena = 512U << 20;
  mallopt(M_ARENA_MAX, static_cast<int>(std::clamp<rlim_t>(space.rlim_cur / an_arena, 1, 64)));
}

// What is thrown here has ended one handler, not the process: the reads that it belonged to fail by
// themselves, or at their deadline.
void run(asio::io_context& context, spdlog::logger& logger) {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      logger.error("a task has failed: {}", error.what());
    }
  }
}

// Opens the files that serve would open. A file that was not there before is not left behind.
Result<void> check_files(const config::Config& config) {
  if (const auto transports = serve::make_transports(config, nullptr, {}); !transports)
    return fail(transports.error());
  if (config.query_log_file.empty()) return {};
  const bool was_there = std::filesystem::exists(config.query_log_file);
  auto log = serve::QueryLog::open(config.query_log_file);
  if (!log) return fail(std::move(log.error()));
  if (!was_there) std::filesystem::remove(config.query_log_file);
  return {};
}

// --check-config: prints the warnings, and what the configuration means.
int check(const ServeFlags& flags, const config::Config& config) {
  for (const std::string& warning : config.warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  if (const auto good = check_files(config); !good)
    return complain(invalid, flags.config_file + ": " + good.error().to_string());
  std::fputs(printable_lines(config.describe()).c_str(), stdout);
  return ok;
}

net::ServerOptions server_options(const net::ListenAddress& address, serve::Service& service) {
  net::ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  options.tls = [&service] { return service.generation()->web_tls(); };
  options.headers = [&service] { return service.generation()->config().web.headers; };
  return options;
}

void reload_on(asio::signal_set& hangups, serve::Service& service) {
  hangups.async_wait([&](boost::system::error_code code, int) {
    if (code) return;
    service.start_reload();
    reload_on(hangups, service);
  });
}

// The first signal drains the server and stops the context. A second one is in a hurry.
void stop_on(asio::signal_set& signals, asio::io_context& context, net::Server& server,
             serve::Service& service, spdlog::logger& logger) {
  signals.async_wait([&](boost::system::error_code code, int signal) {
    if (code) return;
    logger.info("{}: letting reads under way end",
                signal == SIGINT ? "interrupted" : "asked to stop");
    service.set_leaving();
    const auto drained = [&context](std::exception_ptr) { context.stop(); };
    asio::co_spawn(asio::make_strand(context), drain(server, service), drained);
    signals.async_wait([](boost::system::error_code again, int) {
      if (!again) std::_Exit(interrupted);
    });
  });
}

void announce(const net::Server& server, const config::Config& config, spdlog::logger& logger) {
  std::printf("listening on %s\n", server.url().c_str());
  std::fflush(stdout);
  logger.info("mread {} serves {} in {} on {}, partial: {}", MREAD_VERSION,
              counted(config.backends.size(), "backend"), counted(config.groups.size(), "group"),
              server.url(), to_string(config.partial));
  if (config.server_limits.share_of.empty()) return;
  logger.info(
      "reads may hold {} bytes together (limits.total_bytes_in_flight) and {} each "
      "(limits.bytes_in_flight), for {}",
      config.server_limits.total_bytes_in_flight, config.limits.bytes_in_flight,
      config.server_limits.share_of);
}

// Returns when the context is stopped and no thread runs it any more.
void run_on_threads(asio::io_context& context, unsigned count, spdlog::logger& logger) {
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < count; ++i) threads.emplace_back([&] { run(context, logger); });
  run(context, logger);
}

int serve(const ServeFlags& flags) {
  spare_address_space();
  memory_reserve().refill();
  config::Config config = load(flags);
  const auto address = net::parse_listen_address(config.listen);
  if (!address) return complain(invalid, address.error().to_string());
  if (flags.check_config) return check(flags, config);

  const auto logger = spdlog::stderr_color_mt("mread");
  logger->set_formatter(serve::log_format());
  logger->set_level(spdlog::level::from_str(flags.log_level));

  serve::raise_descriptor_limit();
  asio::io_context context(static_cast<int>(flags.threads));
  auto created = serve::Service::create(context.get_executor(), std::move(config), logger);
  if (!created) return complain(invalid, created.error().to_string());
  serve::Service& service = **created;
  service.set_source([flags] { return load(flags); });
  auto server = service.listen(context.get_executor(), server_options(*address, service));
  if (!server) return complain(environment, "cannot listen on " + server.error().to_string());

  asio::signal_set hangups(context, SIGHUP);
  reload_on(hangups, service);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  stop_on(signals, context, **server, service, *logger);

  announce(**server, service.generation()->config(), *logger);
  run_on_threads(context, flags.threads, *logger);
  logger->info("stopped");
  return ok;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* command =
      app.add_subcommand("serve", "Serve one remote-read endpoint over many backends");
  command->add_option("--config", flags->config_file, "The configuration, an mread.yml")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--listen", flags->listen,
                   "Address to listen on, in place of the file's; port 0 picks a free one")
      ->type_name("HOST:PORT");
  command->add_flag("--check-config", flags->check_config,
                    "Check the configuration, print what it means, and exit");
  command->add_option("--threads", flags->threads, "Threads (default: one a processor)")
      ->check(CLI::Range(1U, 1024U))
      ->type_name("N");
  command->add_option("--log-level", flags->log_level, "debug, info, warn or error (default: info)")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->type_name("LEVEL");
  command->footer("Example: mread serve --config mread.yml --listen 127.0.0.1:9095");
  command->callback([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace mread::cli
