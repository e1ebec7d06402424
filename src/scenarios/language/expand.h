#pragma once

#include "base/yaml.h"
#include "scenarios/language/expression.h"

namespace mread::scenarios {

/// Turns a scenario's document into that of one case, in place; every place in the file stays known to later errors.
///
/// - A mapping with the key `when:`, anywhere below `node`, as an item of a list or as the value of a key, is there
/// only
///   when the condition holds; the key `when:` itself goes.
/// - `${name}` and `${condition ? value : value}` in a scalar are replaced. A scalar that is nothing but one `${…}` may
///   become a list or a mapping of `vars:`. `$${` stands for `${`, and `${1}` (digits only, as in Prometheus's
///   relabelling) is left as it is.
///
/// Throws yaml::ConfigError at the place in the expression.
void expand(const yaml::Node& node, const Scope& scope);

}  // namespace mread::scenarios
