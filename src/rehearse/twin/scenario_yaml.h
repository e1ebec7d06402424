#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "rehearse/data/example_data.h"
#include "rehearse/setup/setup.h"

namespace mread::rehearse {

/// The names of nodes in the twin; the backends have their own.
inline constexpr const char* query_node = "query";
inline constexpr const char* merge_node = "merge";

/// So much older than the data is a query node that has data of its own.
inline constexpr const char* own_data_age = "1d";

/// The text as it is written where `${name}` stands for a variable.
std::string verbatim(const std::string& text);

/// The variable with the series of a group of backends, and its value.
std::string data_name(size_t group);
YAML::Node series_of(const ExampleData& data, size_t group);

/// A check of the query node for each question.
YAML::Node checks_of(const std::vector<Question>& questions);

}  // namespace mread::rehearse
