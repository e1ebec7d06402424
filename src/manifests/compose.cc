#include <algorithm>

#include <fmt/format.h>

#include "manifests/plan.h"
#include "manifests/yaml_text.h"

namespace mread::manifests {
namespace {

// On this machine; the ports of nodes for users are published from here on.
constexpr int first_published_port = 19090;

std::string volume_of(const PlannedNode& node) { return node.name + "-data"; }

// Compose replaces variables in every text.
std::string for_compose(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
  return out;
}

std::string list(const std::string& key, const std::vector<std::string>& items) {
  if (items.empty()) return {};
  std::string out = "    " + key + ":\n";
  for (const std::string& item : items) out += "      - " + in_quotes(for_compose(item)) + "\n";
  return out;
}

std::string service(const PlannedNode& node, int& next_port) {
  std::string out = "  " + in_quotes(node.name) + ":\n";
  out += "    image: " + in_quotes(for_compose(node.image)) + "\n";
  out += "    hostname: " + in_quotes(node.name) + "\n";
  // The folder belongs to the volume's creator, and images run as different users.
  out += "    user: \"0:0\"\n";
  out += "    restart: unless-stopped\n";
  out += list("command", node.args);
  std::vector<std::string> volumes{volume_of(node) + ":" + node_folder};
  for (const NodeFile& file : node.files) {
    volumes.push_back("./" + node.name + "/" + file.path + ":" + node_folder + "/" + file.path +
                      ":ro");
  }
  out += list("volumes", volumes);
  if (node.is_for_users && !node.ports.empty())
    out += list("ports", {fmt::format("127.0.0.1:{}:{}", next_port++, node.ports.front())});
  out += list("depends_on", node.after);
  return out;
}

}  // namespace

std::vector<OutputFile> compose_files(const Plan& plan) {
  std::string compose = "# " + plan.title + "\nservices:\n";
  int next_port = first_published_port;
  for (const PlannedNode& node : plan.nodes) compose += service(node, next_port);
  compose += "volumes:\n";
  for (const PlannedNode& node : plan.nodes) compose += "  " + volume_of(node) + ": {}\n";
  std::vector<OutputFile> files{{"compose.yaml", std::move(compose), false}};
  for (const PlannedNode& node : plan.nodes) {
    for (const NodeFile& file : node.files)
      files.push_back({node.name + "/" + file.path, file.text, file.is_secret});
  }
  return files;
}

}  // namespace mread::manifests
