#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/yaml.h"
#include "scenarios/language/expression.h"

namespace mread::scenarios {

/// The budget that is left for all cases of a scenario's matrix together: every case is a document.
struct ExpansionBudget {
  size_t values = 2'000'000;
  size_t text_bytes = size_t{256} << 20;
  /// Of documents that are parsed again for the copies of `count:` and `each:`.
  size_t copied_bytes = size_t{16} << 20;
};

/// How many nodes each entry of `nodes:` with `count:` stands for, by its name.
using NodeCounts = std::map<std::string, size_t>;

/// Where a value stands in its document, from the root: keys of mappings, indices of lists.
using DocumentPath = std::vector<std::variant<std::string, size_t>>;

/// Turns a part of a scenario's document into that of one case, in place; every place in the file
/// stays known to later errors.
///
/// - A mapping with the key `when:`, anywhere below `node`, as an item of a list or as the value of
///   a key, is there only when the condition holds; the key `when:` itself goes.
/// - `${name}` and `${condition ? value : value}` in a scalar are replaced. A scalar that is
///   nothing but one `${…}` may become a list or a mapping of `vars:`. `$${` stands for `${`, and
///   `${1}` (digits only, as in Prometheus's relabelling) is left as it is.
/// - A mapping with the key `each:` in a list stands for several items: a number of them, or one
///   for each node of a name in `counts`. `${index}` counts them from 0. One that has only `item:`
///   besides stands for the values of `item:`. The scalar `NAME-*` in a list stands for the names
///   of the nodes of NAME.
///
/// `path` is where `node` stands in its document; the document is parsed again for each copy.
/// Throws yaml::ConfigError at the place in the expression; also for a text that becomes longer
/// than 1 MiB, and where `budget` is used up.
void expand(const yaml::Node& node, const DocumentPath& path, const Scope& scope,
            const NodeCounts& counts, ExpansionBudget& budget);

/// The counts of a document's `nodes:`, before they are expanded. A node whose `when:` does not
/// hold has the count 0. Throws yaml::ConfigError for what is no count from 1 to 1000.
NodeCounts count_nodes(const yaml::Node& nodes, const Scope& scope);

/// expand() for a document's `nodes:`. An entry NAME with `count: N` becomes N entries, NAME-0 to
/// NAME-(N-1), in which `${index}` is the number.
void expand_nodes(const yaml::Node& nodes, const Scope& scope, const NodeCounts& counts,
                  ExpansionBudget& budget);

/// Takes what `document`, one expanded case, holds out of the budget: its values and its text, with
/// what stands for variables counted as often as it is used. Throws yaml::ConfigError where too
/// little is left, and above yaml::Bounds.
void charge(const yaml::Node& document, ExpansionBudget& budget);

}  // namespace mread::scenarios
