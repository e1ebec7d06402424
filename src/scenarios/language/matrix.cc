#include "scenarios/language/matrix.h"

#include <algorithm>
#include <optional>

#include "base/nearest.h"

namespace mread::scenarios {
namespace {

constexpr size_t cases_limit = 10'000;

bool is_name(const std::string& text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string scalar(const yaml::Node& node) {
  if (!node.is_scalar())
    node.error("a value of a matrix is a word; put lists and mappings into vars:");
  const std::string text = node.string();
  if (text.find("${") != std::string::npos) node.error("a value of a matrix cannot hold ${…}");
  return text;
}

std::string* find(MatrixCase& matrix_case, const std::string& axis) {
  for (auto& [name, value] : matrix_case) {
    if (name == axis) return &value;
  }
  return nullptr;
}

MatrixCase read_entry(const yaml::Node& node) {
  MatrixCase entry;
  yaml::Mapping mapping = node.mapping();
  for (const auto& [key, key_node, value] : mapping.entries()) {
    if (!is_name(key))
      key_node.error("\"" + key + "\" cannot be an axis: want letters, digits and _");
    entry.emplace_back(key, scalar(value));
  }
  return entry;
}

void exclude(std::vector<MatrixCase>& cases, const yaml::Node& node,
             const std::vector<std::string>& axes) {
  yaml::Mapping mapping = node.mapping();
  for (const auto& item : mapping.entries()) {
    if (std::find(axes.begin(), axes.end(), item.key) == axes.end()) {
      item.key_node.error("unknown axis \"" + item.key + "\"" + suggestion(item.key, axes));
    }
  }
  const MatrixCase entry = read_entry(node);
  const size_t erased = std::erase_if(cases, [&](MatrixCase& candidate) {
    return std::all_of(entry.begin(), entry.end(), [&](const auto& pair) {
      return *find(candidate, pair.first) == pair.second;
    });
  });
  if (erased == 0) node.error("excludes nothing: no case of the matrix is like this");
}

}  // namespace

std::vector<MatrixCase> expand_matrix(const yaml::Node& matrix) {
  yaml::Mapping mapping = matrix.mapping();
  const auto includes = mapping.find("include");
  const auto excludes = mapping.find("exclude");
  std::vector<MatrixCase> cases(1);
  std::vector<std::string> axes;
  for (const auto& [key, key_node, value] : mapping.entries()) {
    if (key == "include" || key == "exclude") continue;
    if (!is_name(key))
      key_node.error("\"" + key + "\" cannot be an axis: want letters, digits and _");
    const std::vector<yaml::Node> items = value.sequence();
    if (items.empty()) value.error("axis \"" + key + "\" has no values");
    std::vector<std::string> values;
    for (const yaml::Node& item : items) {
      const std::string text = scalar(item);
      if (std::find(values.begin(), values.end(), text) != values.end())
        item.error("\"" + text + "\" stands here twice");
      values.push_back(text);
    }
    axes.push_back(key);
    if (cases.size() * values.size() > cases_limit)
      key_node.error("the matrix has more than 10000 cases");
    std::vector<MatrixCase> product;
    for (const MatrixCase& so_far : cases) {
      for (const std::string& text : values) {
        product.push_back(so_far);
        product.back().emplace_back(key, text);
      }
    }
    cases = std::move(product);
  }
  if (axes.empty()) cases.clear();
  if (excludes) {
    for (const yaml::Node& node : excludes->sequence()) exclude(cases, node, axes);
  }
  if (includes) {
    const size_t originals = cases.size();
    const std::vector<yaml::Node> entries = includes->sequence();
    if (entries.size() > cases_limit) includes->error("more than 10000 entries");
    for (const yaml::Node& node : entries) {
      const MatrixCase entry = read_entry(node);
      bool added = false;
      for (size_t i = 0; i < originals; ++i) {
        const bool contradicts = std::any_of(entry.begin(), entry.end(), [&](const auto& pair) {
          return std::find(axes.begin(), axes.end(), pair.first) != axes.end() &&
                 *find(cases[i], pair.first) != pair.second;
        });
        if (contradicts) continue;
        added = true;
        for (const auto& [name, value] : entry) {
          if (std::string* present = find(cases[i], name)) {
            *present = value;
          } else {
            cases[i].emplace_back(name, value);
          }
        }
      }
      if (!added) cases.push_back(entry);
    }
    if (cases.size() > cases_limit) includes->error("the matrix has more than 10000 cases");
  }
  if (cases.empty()) matrix.error("the matrix has no case left");
  return cases;
}

std::string to_string(const MatrixCase& matrix_case) {
  std::string text;
  for (const auto& [name, value] : matrix_case) {
    if (!text.empty()) text += ' ';
    text += name;
    text += '=';
    text += value;
  }
  return text;
}

}  // namespace mread::scenarios
