#include "scenarios/report/topology_layout.h"

#include <cassert>
#include <map>
#include <string>

namespace mread::scenarios {
namespace {

class Layout {
 public:
  explicit Layout(const std::vector<NodeResult>& nodes) : nodes_(nodes), columns_(nodes.size()) {
    for (size_t i = 0; i < nodes.size(); ++i) index_[nodes[i].name] = i;
    // A longest path has fewer lines than there are nodes; what still moves then is in a circle.
    for (size_t round = 0; round < nodes.size(); ++round) {
      if (!push()) break;
    }
  }

  std::vector<NodePosition> positions() const {
    std::vector<NodePosition> out;
    std::map<size_t, size_t> used;
    for (const size_t column : columns_) out.push_back({column, used[column]++});
    return out;
  }

 private:
  // Moves every node right of its readers. Returns whether one moved.
  bool push() {
    bool moved = false;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      for (const auto* names : {&nodes_[i].reads, &nodes_[i].names}) {
        for (const std::string& name : *names) {
          const auto found = index_.find(name);
          if (found == index_.end() || found->second == i) continue;
          assert(found->second < columns_.size());
          size_t& column = columns_[found->second];
          if (column > columns_[i] || columns_[i] + 1 >= nodes_.size()) continue;
          column = columns_[i] + 1;
          moved = true;
        }
      }
    }
    return moved;
  }

  const std::vector<NodeResult>& nodes_;
  std::map<std::string, size_t> index_;
  std::vector<size_t> columns_;
};

}  // namespace

std::vector<NodePosition> lay_out(const std::vector<NodeResult>& nodes) {
  std::vector<NodePosition> positions = Layout(nodes).positions();
  assert(positions.size() == nodes.size());
  return positions;
}

}  // namespace mread::scenarios
