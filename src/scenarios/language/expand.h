#pragma once

#include "base/yaml.h"
#include "scenarios/language/expression.h"

namespace mread::scenarios {

/// The budget that is left for all cases of a scenario's matrix together: every case is a document.
struct ExpansionBudget {
  size_t values = 2'000'000;
  size_t text_bytes = size_t{256} << 20;
};

/// Turns a scenario's document into that of one case, in place; every place in the file stays known
/// to later errors.
///
/// - A mapping with the key `when:`, anywhere below `node`, as an item of a list or as the value of
/// a key, is there only
///   when the condition holds; the key `when:` itself goes.
/// - `${name}` and `${condition ? value : value}` in a scalar are replaced. A scalar that is
/// nothing but one `${…}` may
///   become a list or a mapping of `vars:`. `$${` stands for `${`, and `${1}` (digits only, as in
///   Prometheus's relabelling) is left as it is.
///
/// Throws yaml::ConfigError at the place in the expression; also for a text that becomes longer
/// than 1 MiB, and where `budget` is used up.
void expand(const yaml::Node& node, const Scope& scope, ExpansionBudget& budget);
void expand(const yaml::Node& node, const Scope& scope);

/// Takes what `document`, one expanded case, holds out of the budget: its values and its text, with
/// what stands for variables counted as often as it is used. Throws yaml::ConfigError where too
/// little is left, and above yaml::Bounds.
void charge(const yaml::Node& document, ExpansionBudget& budget);

}  // namespace mread::scenarios
