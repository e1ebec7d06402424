#include "scenarios/report/topology_text.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace mread::scenarios {
namespace {

// "collector-7": "collector-" and 7.
std::optional<std::pair<std::string, size_t>> numbered(const std::string& name) {
  const size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash + 1 == name.size()) return std::nullopt;
  size_t number = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + dash + 1, end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return std::pair(name.substr(0, dash + 1), number);
}

class Drawing {
 public:
  explicit Drawing(const std::vector<DrawnNode>& nodes) : nodes_(nodes) {
    for (size_t i = 0; i < nodes.size(); ++i) places_.emplace(nodes[i].name, i);
  }

  std::vector<std::string> lines() {
    std::set<size_t> read;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      for (const size_t child : children(i)) {
        if (child != i) read.insert(child);
      }
    }
    std::vector<size_t> roots;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!read.contains(i)) roots.push_back(i);
    }
    draw(roots, "", true);
    // Nodes that read each other in a circle.
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!drawn_.contains(i)) draw({i}, "", true);
    }
    return std::move(lines_);
  }

 private:
  std::vector<size_t> children(size_t node) const {
    std::vector<size_t> out;
    for (const std::string& name : nodes_[node].reads) {
      const auto found = places_.find(name);
      if (found != places_.end() && std::ranges::find(out, found->second) == out.end())
        out.push_back(found->second);
    }
    return out;
  }

  // How many nodes from `at` on share its line.
  size_t run_length(const std::vector<size_t>& nodes, size_t at) const {
    const DrawnNode& first = nodes_[nodes[at]];
    const auto number = numbered(first.name);
    if (!number || !first.reads.empty()) return 1;
    size_t length = 1;
    for (; at + length < nodes.size(); ++length) {
      const DrawnNode& next = nodes_[nodes[at + length]];
      const auto next_number = numbered(next.name);
      const bool follows = next_number && next_number->first == number->first &&
                           next_number->second == number->second + length;
      if (!follows || next.what != first.what || !next.reads.empty() ||
          drawn_.contains(nodes[at + length]) != drawn_.contains(nodes[at]))
        break;
    }
    return length;
  }

  void draw(const std::vector<size_t>& nodes, const std::string& indent, bool are_roots) {
    for (size_t at = 0; at < nodes.size();) {
      const size_t length = run_length(nodes, at);
      const size_t node = nodes[at];
      const bool is_last = at + length == nodes.size();
      const std::string branch = are_roots ? "" : is_last ? "└─ " : "├─ ";
      std::string name = nodes_[node].name;
      std::string what = nodes_[node].what;
      if (length > 1) {
        name += " … " + nodes_[nodes[at + length - 1]].name;
        what = fmt::format("{} x {}", length, what);
      }
      const bool is_again = drawn_.contains(node);
      if (is_again && !children(node).empty()) what = "(as above)";
      lines_.push_back(fmt::format("{}{}{}  {}", indent, branch, name, what));
      for (size_t i = 0; i < length; ++i) drawn_.insert(nodes[at + i]);
      if (!is_again)
        draw(children(node), indent + (are_roots ? "" : is_last ? "   " : "│  "), false);
      at += length;
    }
  }

  const std::vector<DrawnNode>& nodes_;
  std::map<std::string, size_t> places_;
  std::set<size_t> drawn_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> draw_topology(const std::vector<DrawnNode>& nodes) {
  return Drawing(nodes).lines();
}

}  // namespace mread::scenarios
