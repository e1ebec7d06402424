#include "base/yaml_merge.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mread::yaml {
namespace {

using Entry = std::pair<YAML::Node, YAML::Node>;

class Merger {
 public:
  Merger(const Raise& raise, const Raise& remark) : raise_(raise), remark_(remark) {}

  void expand(YAML::Node node) const {
    if (node.IsSequence()) {
      for (const auto& item : node) expand(item);
    } else if (node.IsMap()) {
      bool has_merges = false;
      for (const auto& entry : node) {
        expand(entry.second);
        has_merges = has_merges || is_merge_key(entry.first);
      }
      if (has_merges) merge(node);
    }
  }

 private:
  // What is merged has been expanded before.
  void merge(YAML::Node node) const {
    std::vector<Entry> merged;
    std::vector<YAML::Node> keys;
    std::set<std::string> own;
    for (const auto& entry : node) {
      if (!is_merge_key(entry.first)) {
        own.insert(entry.first.Scalar());
        continue;
      }
      keys.push_back(entry.first);
      const size_t begin = merged.size();
      collect(entry.first, entry.second, merged);
      // `own` holds what stands before the merge key.
      for (size_t i = begin; i < merged.size(); ++i) {
        if (own.contains(merged[i].first.Scalar())) {
          remark_(entry.first.Mark(), "key \"" + merged[i].first.Scalar() +
                                          "\" stands before << and wins; in Prometheus the merged "
                                          "value wins: write << first");
        }
      }
    }
    for (const YAML::Node& key : keys) node.remove(key);
    for (const auto& [key, value] : merged) {
      if (own.insert(key.Scalar()).second) node.force_insert(key, value);
    }
  }

  void collect(const YAML::Node& key, const YAML::Node& value, std::vector<Entry>& out) const {
    if (value.IsMap()) {
      for (const auto& entry : value) out.emplace_back(entry.first, entry.second);
      return;
    }
    const YAML::Mark place = value.IsNull() ? key.Mark() : value.Mark();
    if (!value.IsSequence()) raise_(place, "<< wants a mapping, or a list of mappings");
    for (const auto& item : value) {
      if (!item.IsMap()) raise_(item.Mark(), "<< wants a mapping, or a list of mappings");
      collect(key, item, out);
    }
  }

  const Raise& raise_;
  const Raise& remark_;
};

}  // namespace

bool is_merge_key(const YAML::Node& key) {
  if (!key.IsScalar() || key.Scalar() != "<<") return false;
  return key.Tag() == "?" || key.Tag() == "tag:yaml.org,2002:merge";
}

void expand_merges(YAML::Node root, const Raise& raise, const Raise& remark) {
  Merger(raise, remark).expand(root);
}

}  // namespace mread::yaml
