#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/http.h"

namespace mread::scenarios {

/// What an engine starts: a program with its files, reachable under its name. The node kinds
/// (scenarios/nodes/) make it; engines know no kinds.
struct NodeSpec {
  std::string name;  ///< the host name under which the other nodes reach it; unique in a topology
  std::string kind;  ///< for messages and labels: "prometheus", "mock", …

  /// What runs: a program of this machine (engine process, or copied into an image with the
  /// libraries it needs), or a registry's image (engine docker only).
  std::filesystem::path program;
  std::optional<std::string> image;
  std::string image_name;  ///< the local image's name, e.g. "mread/prometheus:3.5.3"; made by the
                           ///< engine when missing

  /// Arguments (of a registry's image: after its own entry point); in them and in files
  /// "{{listen:PORT}}" stands for the address to bind for the node's port PORT
  /// ("0.0.0.0:9090" in a container, "127.x.y.z:9090" as a process), "{{dir}}" for the node's
  /// folder, and
  /// "{{node:NAME:PORT}}" for another node's host:port as seen from this one.
  std::vector<std::string> args;
  /// Path relative to {{dir}} → contents, put there before the start.
  std::map<std::string, std::string> files;
  std::vector<uint16_t> ports;  ///< what it listens on; the first is the one that readiness asks
  /// Answers 2xx or 401 when the node is up; empty: a connection is enough.
  std::string ready_path = "/-/ready";
  std::chrono::milliseconds ready_timeout{30'000};
  /// An act will end it or take it off the network, and clients have to see that as they would see it
  /// of a machine. False where no act comes: an engine may then start it in a cheaper way.
  bool expects_acts = true;

  /// A program run once in {{dir}} before the node first starts, e.g. promtool tsdb
  /// create-blocks-from; its failure is the node's failure.
  std::vector<std::vector<std::string>> prepare;
  std::filesystem::path prepare_program;
};

/// An act on a running node. Engine::cannot() tells which acts an engine lacks.
enum class Act {
  kill,     ///< SIGKILL; the data stay
  stop,     ///< SIGTERM, waited for
  start,    ///< after kill or stop, same address, same data
  restart,  ///< stop and start
  pause,    ///< SIGSTOP / docker pause: connections are accepted by the kernel and never answered
  resume,
  disconnect,  ///< off the network: packets vanish
  connect,
};
const char* to_string(Act act);

/// The end of a node that no act asked for.
struct UnaskedEnd {
  std::string how;  ///< "exit status 2", "killed by signal 9 (Killed)", "out of memory, …"
  std::chrono::milliseconds lasted{0};  ///< from its start
};

/// What a node has used of its machine.
struct NodeUsage {
  std::chrono::nanoseconds cpu{0};  ///< of all its threads, since its program's start
  uint64_t memory_bytes = 0;        ///< resident now
};

/// The nodes of one test on a network of its own. Destroying it removes everything that was made.
/// Safe to use from several threads, one act at a time on a node: nodes can be started side by
/// side.
class Topology {
 public:
  virtual ~Topology() = default;

  /// Starts the node and waits until it is ready. Errors carry the last lines of its log.
  virtual Result<void> start(const NodeSpec& spec, std::stop_token stop) = 0;
  /// Done when the act is: after `start` and `restart` the program runs, and wait_ready() tells
  /// when it answers.
  virtual Result<void> act(const std::string& node, Act act, std::stop_token stop) = 0;
  virtual Result<void> wait_ready(const std::string& node, std::chrono::milliseconds timeout,
                                  std::stop_token stop) = 0;
  /// Where this process reaches the node: http://host:port (no path).
  virtual net::Url url(const std::string& node, uint16_t port) const = 0;
  /// Where the other nodes reach it, "host:port".
  virtual std::string address(const std::string& node, uint16_t port) const = 0;
  /// A text that nodes wrote, with their names in place of the addresses that only this run gave
  /// them.
  virtual std::string with_names(std::string text) const { return text; }
  virtual Result<std::string> log(const std::string& node) = 0;
  /// A file of the node's folder (a query log, say).
  virtual Result<std::string> read_file(const std::string& node, const std::string& path) = 0;
  virtual bool running(const std::string& node) = 0;
  /// The first end of the node's program that no act caused: it crashed, ran out of memory, or was
  /// killed from outside. Empty if none was seen. This call and acts notice an end.
  virtual std::optional<UnaskedEnd> unasked_end(const std::string& node) = 0;
  /// None of a node that does not run, or where the engine cannot tell.
  virtual std::optional<NodeUsage> usage(const std::string& node) = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string name() const = 0;  ///< "docker" | "process"
  /// Empty when the engine can do it, else the reason, for the report ("network cuts need --engine
  /// docker").
  virtual std::string cannot(Act act) const = 0;
  /// `run_id` labels everything made; `test` is unique in the run.
  virtual Result<std::unique_ptr<Topology>> create(const std::string& run_id,
                                                   const std::string& test) = 0;
  /// Removes what earlier runs that crashed left behind (their process is gone). Returns what was
  /// removed, for the log.
  virtual std::vector<std::string> sweep() = 0;
  /// Removes what runs with `keep` have left, unless such a run still goes on. Returns what was
  /// removed, a line each.
  virtual std::vector<std::string> clean() { return {}; }
};

struct EngineOptions {
  /// ~/.cache/mread: the generations of Prometheus, node_exporter.
  std::filesystem::path cache_dir;
  std::filesystem::path work_dir;  ///< temporary folders of nodes are made below it
  bool keep = false;               ///< leave nodes and folders after the end, and say where
  /// Engine docker: reach nodes by ports published on the engine's machine even where their own
  /// addresses can be routed.
  bool publish_ports = false;
};

/// Errors (Errc::environment): one line, e.g. "no Docker engine answers at
/// unix:///var/run/docker.sock (…); start dockerd or use --engine process".
Result<std::unique_ptr<Engine>> make_docker_engine(EngineOptions options);
Result<std::unique_ptr<Engine>> make_process_engine(EngineOptions options);

}  // namespace mread::scenarios
