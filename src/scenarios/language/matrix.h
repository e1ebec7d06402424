#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/yaml.h"

namespace mread::scenarios {

/// One case of a matrix: axis and value, in the file's order.
using MatrixCase = std::vector<std::pair<std::string, std::string>>;

/// Every case of a `matrix:` block: the product of the lists, the last axis changing fastest; then
/// without every case that one of `exclude:` matches in all its keys; then with `include:` as in
/// GitHub's workflows: an entry is added to every case of the product that it does not contradict
/// on an axis, and where there is none it is a case of its own. Throws yaml::ConfigError (an axis
/// without values or with structure as value, a value twice, a name that is no word, an exclude
/// that excludes nothing).
std::vector<MatrixCase> expand_matrix(const yaml::Node& matrix);

/// "prometheus=v3.5 query_path=direct"; empty for a scenario without a matrix.
std::string to_string(const MatrixCase& matrix_case);

}  // namespace mread::scenarios
