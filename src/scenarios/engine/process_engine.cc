#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>

#include <fcntl.h>

#include "scenarios/engine/child_process.h"
#include "scenarios/engine/engine.h"
#include "scenarios/engine/loopback_addresses.h"
#include "scenarios/engine/node_folder.h"
#include "scenarios/engine/node_usage.h"
#include "scenarios/engine/readiness.h"

namespace mread::scenarios {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

/// How long a program may take to end after SIGTERM before it is killed.
constexpr milliseconds stop_grace{10'000};

struct ProcessNode {
  NodeSpec spec;
  ChildProcess::Options options;
  std::mutex mutex;  // Of what follows; ChildProcess itself is safe.
  std::shared_ptr<ChildProcess> child;
  bool is_to_run = false;  // No act has ended it.
  std::optional<UnaskedEnd> unasked_end;

  std::shared_ptr<ChildProcess> current() {
    const std::lock_guard lock(mutex);
    return child;
  }
  void replace(std::shared_ptr<ChildProcess> next) {
    const std::lock_guard lock(mutex);
    child = std::move(next);
    is_to_run = true;
  }
  void notice_end() {
    const std::lock_guard lock(mutex);
    if (!child || !is_to_run || child->running()) return;
    is_to_run = false;
    if (!unasked_end) unasked_end = UnaskedEnd{child->ending(), child->lasted()};
  }
  // An act ends it now.
  void let_end() {
    notice_end();
    const std::lock_guard lock(mutex);
    is_to_run = false;
  }
};

class ProcessTopology final : public Topology {
 public:
  ProcessTopology(std::shared_ptr<Spawner> spawner, fs::path folder, bool keep)
      : spawner_(std::move(spawner)), folder_(std::move(folder)), keep_(keep) {}

  ~ProcessTopology() override {
    // All are asked at once, so that the slowest decides how long the end takes.
    for (auto& [name, node] : nodes_) {
      const auto child = node->current();
      if (!child) continue;
      if (keep_) {
        child->release();
      } else {
        child->signal(SIGKILL);
      }
    }
    if (keep_) {
      std::vector<pid_t> programs;
      for (auto& [name, node] : nodes_) {
        const auto child = node->current();
        if (child && child->running()) programs.push_back(child->pid());
      }
      const fs::path kept = disown_folder(folder_, programs);
      for (auto& [name, node] : nodes_) {
        const auto child = node->current();
        std::fprintf(stderr, "kept: node %s at %s, process %d\n", name.c_str(),
                     node->spec.ports.empty()
                         ? "no port"
                         : url(name, node->spec.ports.front()).authority().c_str(),
                     child && child->running() ? static_cast<int>(child->pid()) : 0);
      }
      std::fprintf(stderr, "kept: folder %s; mread run --clean removes it and ends its programs\n",
                   kept.c_str());
      return;
    }
    nodes_.clear();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  Result<void> start(const NodeSpec& spec, std::stop_token stop) override {
    if (spec.program.empty()) {
      return fail(Errc::environment, "node " + spec.name + " runs the image " +
                                         spec.image.value_or("?") +
                                         ", and images need containers: use --engine docker");
    }
    auto node = std::make_shared<ProcessNode>();
    node->spec = spec;
    {
      const std::lock_guard lock(mutex_);
      if (!nodes_.emplace(spec.name, node).second)
        return fail(Errc::config, "node " + spec.name + " is there already");
    }
    auto prepared = prepare(*node, stop);
    if (!prepared) return fail(prepared.error().in("node " + spec.name));
    if (auto launched = launch(*node); !launched) return launched;
    return wait_ready(spec.name, spec.ready_timeout, stop);
  }

  Result<void> act(const std::string& name, Act act, std::stop_token stop) override {
    const auto node = find(name);
    if (!node) return fail(Errc::not_found, "no node " + name);
    const auto child = node->current();
    switch (act) {
      case Act::kill:
        node->let_end();
        if (child) {
          child->signal(SIGKILL);
          child->wait(stop_grace);
        }
        return {};
      case Act::stop:
        return end(*node, stop);
      case Act::start:
        if (child && child->running()) return fail(Errc::config, "node " + name + " runs already");
        node->notice_end();
        return launch(*node);
      case Act::restart:
        if (auto ended = end(*node, stop); !ended) return ended;
        return launch(*node);
      case Act::pause:
      case Act::resume:
        if (!child || !child->running())
          return fail(Errc::unavailable, "node " + name + " does not run");
        if (act == Act::pause) {
          child->freeze();
        } else {
          child->signal(SIGCONT);
        }
        return {};
      case Act::disconnect:
      case Act::connect:
        break;
    }
    return fail(Errc::unsupported,
                "node " + name + ": a network cut needs containers: use --engine docker");
  }

  Result<void> wait_ready(const std::string& name, milliseconds timeout,
                          std::stop_token stop) override {
    const auto node = find(name);
    if (!node) return fail(Errc::not_found, "no node " + name);
    const auto child = node->current();
    const auto ended = [&]() -> std::optional<std::string> {
      if (!child) return "it was never started";
      if (child->running()) return std::nullopt;
      return child->ending();
    };
    if (node->spec.ports.empty()) {
      if (const auto how = ended())
        return failure(*node, Error(Errc::unavailable, "ended (" + *how + ")"));
      return {};
    }
    net::Url target = url(name, node->spec.ports.front());
    target.target = node->spec.ready_path;
    auto ready = poll_until_ready(target, timeout, ended, stop);
    if (!ready && !ready.error().is(Errc::canceled)) return failure(*node, ready.error());
    return ready;
  }

  net::Url url(const std::string& node, uint16_t port) const override {
    const auto address = addresses_.of(node, port);
    net::Url result;
    result.host = address.ip;
    result.port = address.port;
    result.target = "/";
    return result;
  }

  std::string address(const std::string& node, uint16_t port) const override {
    return addresses_.of(node, port).to_string();
  }

  std::string with_names(std::string text) const override { return addresses_.with_names(text); }

  Result<std::string> log(const std::string& name) override {
    const auto node = find(name);
    if (!node) return fail(Errc::not_found, "no node " + name);
    return read_whole_file(node->options.log);
  }

  Result<std::string> read_file(const std::string& name, const std::string& path) override {
    const auto node = find(name);
    if (!node) return fail(Errc::not_found, "no node " + name);
    if (!stays_inside(path))
      return fail(Errc::config, "\"" + path + "\" is not below the folder of node " + name);
    return read_whole_file(node->options.folder / path);
  }

  bool running(const std::string& name) override {
    const auto node = find(name);
    const auto child = node ? node->current() : nullptr;
    return child && child->running();
  }

  std::optional<UnaskedEnd> unasked_end(const std::string& name) override {
    const auto node = find(name);
    if (!node) return std::nullopt;
    node->notice_end();
    const std::lock_guard lock(node->mutex);
    return node->unasked_end;
  }

  std::optional<NodeUsage> usage(const std::string& name) override {
    const auto node = find(name);
    const auto child = node ? node->current() : nullptr;
    if (!child || !child->running()) return std::nullopt;
    return read_process_usage(child->pid());
  }

 private:
  std::shared_ptr<ProcessNode> find(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : found->second;
  }

  Result<void> prepare(ProcessNode& node, std::stop_token stop) {
    const NodeSpec& spec = node.spec;
    node.options.program = spec.program;
    node.options.folder = folder_ / spec.name;
    node.options.log = folder_ / (spec.name + ".log");
    node.options.survives = keep_;
    std::error_code error;
    fs::create_directory(node.options.folder, error);
    if (error)
      return fail(Errc::environment, node.options.folder.string() + ": " + error.message());
    Placeholders placeholders;
    placeholders.dir = node.options.folder.string();
    placeholders.listen = [&](uint16_t port) { return address(spec.name, port); };
    placeholders.node = [&](const std::string& other, uint16_t port) {
      return address(other, port);
    };
    for (const std::string& arg : spec.args) {
      auto expanded = expand_placeholders(arg, placeholders);
      if (!expanded) return fail(expanded.error());
      node.options.args.push_back(std::move(*expanded));
    }
    return fill_node_folder(spec, node.options.folder, node.options.log, placeholders, *spawner_,
                            stop);
  }

  Result<void> launch(ProcessNode& node) {
    auto child = ChildProcess::start(*spawner_, node.options);
    if (!child) return fail(child.error().in("node " + node.spec.name));
    node.replace(std::move(*child));
    return {};
  }

  Result<void> end(ProcessNode& node, std::stop_token stop) {
    const auto child = node.current();
    if (!child) return {};
    node.let_end();
    child->signal(SIGTERM);
    child->signal(SIGCONT);  // A paused program takes no signal but this one.
    if (!child->wait(stop_grace, stop)) {
      child->signal(SIGKILL);
      child->wait(stop_grace);
    }
    if (stop.stop_requested()) return fail(Errc::canceled, "interrupted");
    return {};
  }

  Result<void> failure(const ProcessNode& node, const Error& error) {
    const std::string log = read_whole_file(node.options.log).value_or("");
    return fail(Error(error.code, "node " + node.spec.name + " (" + node.spec.kind +
                                      "): " + error.context + log_tail(log)));
  }

  const std::shared_ptr<Spawner> spawner_;
  const fs::path folder_;
  const bool keep_;
  mutable LoopbackAddresses addresses_;
  std::mutex mutex_;  // Of the map; nodes live as long as the topology.
  std::map<std::string, std::shared_ptr<ProcessNode>> nodes_;
};

class ProcessEngine final : public Engine {
 public:
  explicit ProcessEngine(EngineOptions options) : options_(std::move(options)) {}

  std::string name() const override { return "process"; }

  std::string cannot(Act act) const override {
    if (act == Act::disconnect || act == Act::connect) return "a network cut needs --engine docker";
    return {};
  }

  Result<std::unique_ptr<Topology>> create(const std::string&, const std::string& test) override {
    auto folder = make_owned_folder(options_.work_dir, test);
    if (!folder) return fail(folder.error());
    return std::make_unique<ProcessTopology>(spawner_, *folder, options_.keep);
  }

  std::vector<std::string> sweep() override { return sweep_folders(options_.work_dir); }
  std::vector<std::string> clean() override { return remove_kept_folders(options_.work_dir); }

 private:
  const EngineOptions options_;
  const std::shared_ptr<Spawner> spawner_ = std::make_shared<Spawner>();
};

}  // namespace

Result<std::unique_ptr<Engine>> make_process_engine(EngineOptions options) {
  if (options.work_dir.empty()) return fail(Errc::config, "the process engine needs a work folder");
  if (auto usable = prepare_work_folder(options.work_dir); !usable) return fail(usable.error());
  return std::make_unique<ProcessEngine>(std::move(options));
}

}  // namespace mread::scenarios
