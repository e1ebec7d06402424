#include "scenarios/engine/docker_topology.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <thread>

#include <unistd.h>

#include "base/duration.h"
#include "base/timestamp.h"
#include "scenarios/engine/named_addresses.h"
#include "scenarios/engine/node_folder.h"
#include "scenarios/engine/node_usage.h"
#include "scenarios/engine/owner.h"
#include "scenarios/engine/readiness.h"
#include "scenarios/engine/tar.h"

namespace mread::scenarios {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

/// A node's folder inside its container.
constexpr std::string_view node_dir = "/mread";
constexpr int stop_grace_s = 10;

/// Docker's names of containers and networks: letters, digits, '_', '.', '-'.
std::string as_name(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.') c = '_';
  }
  return name;
}

json::object with(json::object labels, std::string_view key, std::string_view value) {
  labels[key] = value;
  return labels;
}

json::array as_array(const std::vector<std::string>& words) {
  return json::array(words.begin(), words.end());
}

std::string port_key(uint16_t port) { return std::to_string(port) + "/tcp"; }

/// Whether an act came too late or too early for the container's state, which Docker answers with
/// 304 or 409.
bool is_paused(const json::value& inspected) { return flag_at(inspected, {"State", "Paused"}); }

/// Of a container that does not run: "exit status 2", "killed by signal 9 (Killed)".
std::string how_it_ended(const json::value& inspected) {
  const int64_t status = number_at(inspected, {"State", "ExitCode"});
  std::string how = "exit status " + std::to_string(status);
  // A shell's way to tell of a signal, which Docker has taken over.
  if (status > 128 && status < 128 + NSIG) {
    const int number = static_cast<int>(status - 128);
    how = "killed by signal " + std::to_string(number) + " (" + strsignal(number) + ")";
  }
  if (flag_at(inspected, {"State", "OOMKilled"})) how = "out of memory, " + how;
  if (const std::string error = text_at(inspected, {"State", "Error"}); !error.empty())
    how += ", " + error;
  return how;
}

}  // namespace

Result<std::unique_ptr<Topology>> DockerTopology::create(std::shared_ptr<Shared> shared,
                                                         const std::string& run_id,
                                                         const std::string& test) {
  const std::string prefix = "mread-" + as_name(run_id) + "-" + as_name(test);
  json::object labels{{label_run, run_id}, {label_test, test}, {label_topology, prefix}};
  // Kept containers have no owner, so no sweep removes them.
  labels[shared->options.keep ? label_keeper : label_owner] = own_token();
  auto network = DockerNetwork::create(shared->docker, prefix, labels);
  if (!network) return fail(network.error());
  return std::unique_ptr<Topology>(
      new DockerTopology(std::move(shared), prefix, std::move(labels), std::move(*network)));
}

DockerTopology::~DockerTopology() {
  if (shared_->options.keep) {
    say_what_is_kept();
  } else {
    remove_everything();
  }
}

void DockerTopology::say_what_is_kept() const {
  for (const auto& [name, node] : nodes_) {
    const std::string where =
        node->spec.ports.empty() ? "no port" : url(name, node->spec.ports.front()).authority();
    std::fprintf(stderr, "kept: node %s at %s, container %s-%s\n", name.c_str(), where.c_str(),
                 prefix_.c_str(), name.c_str());
  }
  std::fprintf(stderr,
               "kept: network %s; remove all of it with mread run --clean, or: docker rm -f "
               "$(docker ps -aqf "
               "label=%s=%s) && docker network rm %s\n",
               network_.name.c_str(), std::string(label_topology).c_str(), prefix_.c_str(),
               network_.name.c_str());
}

void DockerTopology::remove_everything() {
  // Asked from Docker, not from nodes_: a request that was interrupted may have made a container
  // all the same.
  const std::string filter =
      R"({"label":[")" + std::string(label_topology) + "=" + prefix_ + R"("]})";
  const auto listed =
      shared_->docker.get_json("/containers/json?all=1&filters=" + url_encode(filter));
  if (listed && listed->is_array()) {
    std::vector<std::jthread> removals;
    for (const json::value& container : listed->get_array()) {
      removals.emplace_back([this, id = text_at(container, {"Id"})] {
        static_cast<void>(shared_->docker.remove("/containers/" + id + "?force=1&v=1"));
      });
    }
  }
  // An endpoint may take a moment to leave its network.
  Result<void> removed;
  for (int attempt = 0; attempt < 20; ++attempt) {
    removed = shared_->docker.remove("/networks/" + network_.id);
    if (removed || removed.error().is(Errc::not_found)) return;
    pause_for(milliseconds(100), {});
  }
  std::fprintf(stderr, "mread: network %s could not be removed: %s\n", network_.name.c_str(),
               removed.error().to_string().c_str());
}

std::string DockerTopology::ip_of(const std::string& node) const {
  const std::lock_guard lock(mutex_);
  const auto number = numbers_.emplace(node, static_cast<uint32_t>(numbers_.size())).first->second;
  return network_.address(number);
}

Result<DockerTopology::Node*> DockerTopology::find(const std::string& node) {
  const std::lock_guard lock(mutex_);
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return fail(Errc::not_found, "no node " + node);
  return found->second.get();
}

Result<void> DockerTopology::start(const NodeSpec& spec, std::stop_token stop) {
  Node* node = nullptr;
  {
    const std::lock_guard lock(mutex_);
    auto& slot = nodes_[spec.name];
    if (slot) return fail(Errc::config, "node " + spec.name + " is there already");
    slot = std::make_unique<Node>();
    slot->spec = spec;
    node = slot.get();
  }
  if (auto placed = place(*node, stop); !placed) {
    if (stop.stop_requested()) return fail(Errc::canceled, "interrupted");
    return fail(placed.error().in("node " + spec.name));
  }
  return wait_ready(spec.name, spec.ready_timeout, stop);
}

/// Everything before the wait for readiness. Requests that make something are short and not
/// interrupted, so the id of everything made is known. `stop` is looked at between them.
Result<void> DockerTopology::place(Node& node, std::stop_token stop) {
  const NodeSpec& spec = node.spec;
  const auto image = spec.image ? shared_->images.of_registry(*spec.image, stop)
                                : shared_->images.of_program(spec.image_name, spec.program, stop);
  if (!image) return fail(image.error());
  std::set<std::string> mentioned;
  std::vector<std::string> args;
  auto files = fill(node, mentioned, args, stop);
  if (!files) return fail(files.error());
  if (stop.stop_requested()) return fail(Errc::canceled, "interrupted");

  json::object body{
      {"Image", *image},
      {"Cmd", as_array(args)},
      {"WorkingDir", node_dir},
      {"User", "0"},
      {"Labels", with(labels_, label_node, spec.name)},
      {"HostConfig", json::object{{"LogConfig", json::object{{"Type", "json-file"}}}}}};
  if (spec.expects_acts) {
    if (auto made = make_network_container(node, mentioned, stop); !made) return made;
    body["HostConfig"].as_object()["NetworkMode"] = "container:" + node.network_container;
  } else {
    body = in_network(std::move(body), spec, mentioned);
  }
  // A registry's image knows its program itself.
  if (!spec.image) body["Entrypoint"] = json::array{"/bin/" + program_name(*image)};
  auto container = make_container(prefix_ + "-" + spec.name, body);
  if (!container && container.error().is(Errc::not_found)) {
    // Swept by another run between the check and now.
    shared_->images.forget(*image);
    const auto again = spec.image ? shared_->images.of_registry(*spec.image, stop)
                                  : shared_->images.of_program(spec.image_name, spec.program, stop);
    if (!again) return fail(again.error());
    container = make_container(prefix_ + "-" + spec.name, body);
  }
  if (!container) return fail(container.error());
  node.container = *container;
  const auto put = shared_->docker.put({.path = "/containers/" + node.container + "/archive?path=/",
                                        .content_type = "application/x-tar",
                                        .body = std::move(*files)});
  if (!put) return fail(put.error());
  const auto started = shared_->docker.post_json("/containers/" + node.container + "/start");
  if (!started) return fail(started.error());
  note_start(node);
  if (spec.expects_acts) return {};
  node.network_container = node.container;
  return read_published_ports(node);
}

/// The node's folder as a tar archive, its arguments, and which nodes they name.
Result<std::string> DockerTopology::fill(Node& node, std::set<std::string>& mentioned,
                                         std::vector<std::string>& args, std::stop_token stop) {
  const NodeSpec& spec = node.spec;
  Placeholders placeholders;
  placeholders.dir = node_dir;
  placeholders.listen = [](uint16_t port) { return "0.0.0.0:" + std::to_string(port); };
  placeholders.node = [&](const std::string& other, uint16_t port) {
    mentioned.insert(other);
    return address(other, port);
  };
  for (const std::string& arg : spec.args) {
    auto expanded = expand_placeholders(arg, placeholders);
    if (!expanded) return fail(expanded.error());
    args.push_back(std::move(*expanded));
  }
  auto scratch = make_owned_folder(shared_->options.work_dir, as_name(spec.name));
  if (!scratch) return fail(scratch.error());
  const fs::path folder = *scratch / "node";
  std::error_code ignored;
  fs::create_directory(folder, ignored);
  auto filled =
      fill_node_folder(spec, folder, *scratch / "log", placeholders, shared_->spawner, stop);
  TarWriter tar;
  if (filled) filled = tar.add_tree(folder, std::string(node_dir.substr(1)));
  fs::remove_all(*scratch, ignored);
  if (!filled) return fail(filled.error());
  return tar.finish();
}

Result<std::string> DockerTopology::make_container(const std::string& name,
                                                   const json::object& body) {
  const auto made = shared_->docker.post_json("/containers/create?name=" + url_encode(name), body);
  if (!made) return fail(made.error());
  return text_at(*made, {"Id"});
}

Result<void> DockerTopology::make_network_container(Node& node,
                                                    const std::set<std::string>& mentioned,
                                                    std::stop_token stop) {
  const NodeSpec& spec = node.spec;
  const auto image = shared_->images.of_pause(stop);
  if (!image) return fail(image.error());
  const json::object body =
      in_network({{"Image", *image},
                  {"Entrypoint", json::array{"/bin/" + program_name(*image), "infinity"}},
                  {"Labels", with(labels_, label_node, spec.name)}},
                 spec, mentioned);
  const auto container = make_container(prefix_ + "-" + spec.name + "-net", body);
  if (!container) return fail(container.error());
  node.network_container = *container;
  const auto started =
      shared_->docker.post_json("/containers/" + node.network_container + "/start");
  if (!started) return fail(started.error());
  return read_published_ports(node);
}

/// A container's description with the node's address, its name, and the names of the nodes that it
/// mentions.
json::object DockerTopology::in_network(json::object body, const NodeSpec& spec,
                                        const std::set<std::string>& mentioned) const {
  // Names stand in /etc/hosts, so that they keep meaning the same address while a node is cut off
  // (Docker's own name server forgets it then, and a lookup would fail where packets should
  // vanish).
  json::array hosts;
  for (const std::string& other : mentioned) {
    if (other != spec.name) hosts.emplace_back(other + ":" + ip_of(other));
  }
  json::object& host_config = body.emplace("HostConfig", json::object()).first->value().as_object();
  host_config["NetworkMode"] = network_.name;
  host_config["ExtraHosts"] = std::move(hosts);
  json::object exposed;
  if (!network_.routable || shared_->options.publish_ports) {
    // For this process only, where it and the engine are on one machine.
    const bool only_here =
        shared_->docker.is_local() && published_host(network_.routable) == "127.0.0.1";
    json::object bindings;
    for (const uint16_t port : spec.ports) {
      exposed[port_key(port)] = json::object{};
      bindings[port_key(port)] =
          json::array{json::object{{"HostIp", only_here ? "127.0.0.1" : ""}, {"HostPort", ""}}};
    }
    host_config["PortBindings"] = std::move(bindings);
  }
  body["Hostname"] = spec.name;
  body["ExposedPorts"] = std::move(exposed);
  body["NetworkingConfig"] = json::object{
      {"EndpointsConfig",
       json::object{
           {network_.name,
            json::object{{"Aliases", json::array{spec.name}},
                         {"IPAMConfig", json::object{{"IPv4Address", ip_of(spec.name)}}}}}}}};
  return body;
}

Result<void> DockerTopology::read_published_ports(Node& node) {
  if (network_.routable && !shared_->options.publish_ports) return {};
  const auto inspected =
      shared_->docker.get_json("/containers/" + node.network_container + "/json");
  if (!inspected) return fail(inspected.error());
  std::map<uint16_t, uint16_t> published;
  for (const uint16_t port : node.spec.ports) {
    const json::value* bindings =
        member_at(*inspected, {"NetworkSettings", "Ports", port_key(port)});
    if (bindings == nullptr || !bindings->is_array() || bindings->get_array().empty()) continue;
    const std::string host_port = text_at(bindings->get_array()[0], {"HostPort"});
    published[port] = static_cast<uint16_t>(std::strtoul(host_port.c_str(), nullptr, 10));
  }
  const std::lock_guard lock(mutex_);
  node.published = std::move(published);
  return {};
}

net::Url DockerTopology::url(const std::string& node, uint16_t port) const {
  net::Url result;
  result.target = "/";
  result.port = port;
  if (network_.routable && !shared_->options.publish_ports) {
    result.host = ip_of(node);
    return result;
  }
  result.host = shared_->docker.is_local() ? published_host(network_.routable)
                                           : shared_->docker.remote_host();
  const std::lock_guard lock(mutex_);
  if (const auto found = nodes_.find(node); found != nodes_.end()) {
    if (const auto mapped = found->second->published.find(port);
        mapped != found->second->published.end()) {
      result.port = mapped->second;
    }
  }
  return result;
}

std::string DockerTopology::address(const std::string& node, uint16_t port) const {
  return node + ":" + std::to_string(port);
}

std::string DockerTopology::with_names(std::string text) const {
  NodeAddresses addresses;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [node, number] : numbers_) addresses.names[network_.address(number)] = node;
  }
  return name_addresses(text, addresses);
}

/// How the program ended, or nothing while it runs.
Result<std::optional<std::string>> DockerTopology::ending(const Node& node) {
  if (node.container.empty()) return std::optional<std::string>("it was never started");
  const auto inspected = shared_->docker.get_json("/containers/" + node.container + "/json");
  if (!inspected) return fail(inspected.error());
  if (flag_at(*inspected, {"State", "Running"})) return std::optional<std::string>();
  return std::optional<std::string>(how_it_ended(*inspected));
}

// Notes an end that no act asked for.
void DockerTopology::notice_end(Node& node) {
  {
    const std::lock_guard lock(mutex_);
    if (!node.is_to_run || node.container.empty()) return;
  }
  const auto inspected = shared_->docker.get_json("/containers/" + node.container + "/json");
  if (!inspected || flag_at(*inspected, {"State", "Running"})) return;
  const auto begin = parse_timestamp(text_at(*inspected, {"State", "StartedAt"}), 0);
  const auto end = parse_timestamp(text_at(*inspected, {"State", "FinishedAt"}), 0);
  const std::lock_guard lock(mutex_);
  // An act may have come between.
  if (!node.is_to_run) return;
  node.is_to_run = false;
  if (node.unasked_end) return;
  node.unasked_end =
      UnaskedEnd{how_it_ended(*inspected), milliseconds(begin && end ? *end - *begin : 0)};
}

// An act ends it now.
void DockerTopology::let_end(Node& node) {
  notice_end(node);
  const std::lock_guard lock(mutex_);
  node.is_to_run = false;
}

void DockerTopology::note_start(Node& node) {
  const std::lock_guard lock(mutex_);
  node.is_to_run = true;
}

std::optional<UnaskedEnd> DockerTopology::unasked_end(const std::string& name) {
  const auto node = find(name);
  if (!node) return std::nullopt;
  notice_end(**node);
  const std::lock_guard lock(mutex_);
  return (*node)->unasked_end;
}

// The container's first process, if it is one of this machine.
pid_t DockerTopology::find_process(Node& node) {
  if (!shared_->docker.is_local()) return 0;
  const auto inspected = shared_->docker.get_json("/containers/" + node.container + "/json");
  if (!inspected) return 0;
  const auto pid = static_cast<pid_t>(number_at(*inspected, {"State", "Pid"}));
  return is_in_container(pid, node.container) ? pid : 0;
}

std::optional<NodeUsage> DockerTopology::usage(const std::string& name) {
  const auto found = find(name);
  if (!found) return std::nullopt;
  Node& node = **found;
  pid_t pid = 0;
  {
    const std::lock_guard lock(mutex_);
    pid = node.pid;
  }
  auto usage = pid == 0 ? std::nullopt : read_process_usage(pid);
  if (usage) return usage;
  // It was started, or started again.
  pid = find_process(node);
  {
    const std::lock_guard lock(mutex_);
    node.pid = pid;
  }
  if (pid != 0) return read_process_usage(pid);
  // Takes up to a second: the engine reads the counters once a second. Without "one-shot" it waits
  // for two readings.
  const auto stats = shared_->docker.get_json("/containers/" + node.container +
                                              "/stats?stream=false&one-shot=true");
  return stats ? usage_in_stats(*stats) : std::nullopt;
}

Result<void> DockerTopology::wait_ready(const std::string& name, milliseconds timeout,
                                        std::stop_token stop) {
  const auto node = find(name);
  if (!node) return fail(node.error());
  const NodeSpec& spec = (*node)->spec;
  const auto ended = [&]() -> std::optional<std::string> {
    const auto how = ending(**node);
    return how ? *how : how.error().context;
  };
  Result<void> ready;
  if (spec.ports.empty()) {
    if (const auto how = ended()) ready = fail(Errc::unavailable, "ended (" + *how + ")");
  } else {
    net::Url target = url(name, spec.ports.front());
    target.target = spec.ready_path;
    ready = poll_until_ready(target, timeout, ended, stop);
  }
  if (ready || ready.error().is(Errc::canceled)) return ready;
  return fail(Error(ready.error().code, "node " + name + " (" + spec.kind +
                                            "): " + ready.error().context +
                                            log_tail(log(name).value_or(""))));
}

Result<void> DockerTopology::stop_container(Node& node, std::stop_token stop) {
  let_end(node);
  const auto inspected = shared_->docker.get_json("/containers/" + node.container + "/json");
  if (!inspected) return fail(inspected.error());
  if (is_paused(*inspected)) {
    if (auto resumed = shared_->docker.post_json("/containers/" + node.container + "/unpause");
        !resumed) {
      return fail(resumed.error());
    }
  }
  const auto stopped = shared_->docker.post_json(
      "/containers/" + node.container + "/stop?t=" + std::to_string(stop_grace_s), nullptr, stop);
  if (!stopped) return fail(stopped.error());
  return {};
}

Result<void> DockerTopology::act(const std::string& name, Act act, std::stop_token stop) {
  const auto found = find(name);
  if (!found) return fail(found.error());
  Node& node = **found;
  const std::string container = "/containers/" + node.container;
  const auto post = [&](const std::string& path,
                        const json::value& body = nullptr) -> Result<void> {
    const auto done = shared_->docker.post_json(path, body, stop);
    if (!done) return fail(done.error().in("node " + name));
    return {};
  };
  const auto begin = [&]() -> Result<void> {
    if (auto started = post(container + "/start"); !started) return started;
    note_start(node);
    return {};
  };
  switch (act) {
    case Act::kill: {
      let_end(node);
      const auto how = ending(node);
      if (!how) return fail(how.error());
      if (*how) return {};
      if (auto killed = post(container + "/kill?signal=SIGKILL"); !killed) return killed;
      return post(container + "/wait?condition=not-running");
    }
    case Act::stop:
      return stop_container(node, stop);
    case Act::start:
      if (running(name)) return fail(Errc::config, "node " + name + " runs already");
      notice_end(node);
      return begin();
    case Act::restart:
      if (auto stopped = stop_container(node, stop); !stopped) return stopped;
      return begin();
    case Act::pause:
      return post(container + "/pause");
    case Act::resume:
      return post(container + "/unpause");
    case Act::disconnect:
      return post("/networks/" + network_.id + "/disconnect",
                  json::object{{"Container", node.network_container}, {"Force", true}});
    case Act::connect: {
      const json::object endpoint{{"Aliases", json::array{name}},
                                  {"IPAMConfig", json::object{{"IPv4Address", ip_of(name)}}}};
      if (auto connected = post(
              "/networks/" + network_.id + "/connect",
              json::object{{"Container", node.network_container}, {"EndpointConfig", endpoint}});
          !connected) {
        return connected;
      }
      return read_published_ports(node);
    }
  }
  return fail(Errc::unsupported, "node " + name + ": no such act");
}

Result<std::string> DockerTopology::log(const std::string& name) {
  const auto node = find(name);
  if (!node) return fail(node.error());
  if ((*node)->container.empty()) return std::string();
  const auto frames = shared_->docker.get(
      {.path = "/containers/" + (*node)->container + "/logs?stdout=1&stderr=1"});
  if (!frames) return fail(frames.error().in("node " + name));
  return demultiplex_log(*frames);
}

Result<std::string> DockerTopology::read_file(const std::string& name, const std::string& path) {
  const auto node = find(name);
  if (!node) return fail(node.error());
  if (!stays_inside(path))
    return fail(Errc::config, "\"" + path + "\" is not below the folder of node " + name);
  const auto tar =
      shared_->docker.get({.path = "/containers/" + (*node)->container + "/archive?path=" +
                                   url_encode(std::string(node_dir) + "/" + path)});
  if (!tar) return fail(tar.error().in("node " + name));
  auto contents = first_file_of_tar(*tar);
  if (!contents) return fail(contents.error().in("node " + name + ", file " + path));
  return contents;
}

bool DockerTopology::running(const std::string& name) {
  const auto node = find(name);
  if (!node) return false;
  const auto how = ending(**node);
  return how && !*how;
}

}  // namespace mread::scenarios
