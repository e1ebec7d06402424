#pragma once

#include <string>

#include <boost/json.hpp>

#include "base/yaml.h"

namespace mread::scenarios {

/// A YAML node as an editor sees it: plain scalars are numbers, truth values or null where YAML 1.2
/// has them so, and texts otherwise.
boost::json::value json_of(const yaml::Node& node);

/// Why `value` does not fit the schema, with its place; empty if it fits. Knows the keywords that
/// scenario_schema() uses: type, properties, additionalProperties, required, items, anyOf, enum,
/// const, pattern, $ref into $defs, and those that only describe. Throws std::logic_error for any
/// other.
std::string schema_error(const boost::json::object& schema, const boost::json::value& value);

}  // namespace mread::scenarios
