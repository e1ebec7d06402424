#pragma once

#include <functional>
#include <string>

#include <yaml-cpp/yaml.h>

namespace mread::yaml {

/// Reports something at a place. One that reports errors does not return.
using Raise = std::function<void(const YAML::Mark&, const std::string&)>;

/// Whether a key is YAML 1.1's merge key: an unquoted `<<`.
bool is_merge_key(const YAML::Node& key);

/// Puts the entries that merge keys name into their mappings, wherever in the tree, and takes the
/// merge keys away. A key that a mapping has itself wins; of several merged mappings the first that
/// has a key. Merged entries keep their places in the text and come behind the others. Calls
/// `raise` where a merge key's value is neither a mapping nor a list of mappings. Calls `remark`
/// where a merge key stands behind a key that it has too: Prometheus takes the merged value there.
/// Takes time linear in the tree, aliases counted as often as they are used.
void expand_merges(YAML::Node root, const Raise& raise, const Raise& remark);

}  // namespace mread::yaml
