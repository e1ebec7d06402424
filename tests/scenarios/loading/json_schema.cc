#include "scenarios/loading/json_schema.h"

#include <algorithm>
#include <regex>
#include <stdexcept>

namespace mread::scenarios {
namespace {

namespace json = boost::json;

json::value scalar_of(const yaml::Node& node) {
  const std::string text = node.string();
  if (node.raw().Tag() != "?") return json::string(text);  // In quotes, or a block.
  if (text == "true" || text == "false") return text == "true";
  static const std::regex number(R"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)");
  if (std::regex_match(text, number)) return std::stod(text);
  return json::string(text);
}

bool has_type(std::string_view type, const json::value& value) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  throw std::logic_error("unknown type " + std::string(type));
}

class Validator {
 public:
  explicit Validator(const json::object& root) : root_(root) {}

  std::string error(const json::value& schema, const json::value& value, const std::string& place) {
    if (schema.is_bool()) return schema.get_bool() ? "" : place + ": is not allowed";
    for (const auto& [keyword, rule] : schema.as_object()) {
      std::string wrong = keyword_error(keyword, rule, schema.get_object(), value, place);
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

 private:
  std::string keyword_error(std::string_view keyword, const json::value& rule,
                            const json::object& schema, const json::value& value,
                            const std::string& place) {
    if (keyword == "type") {
      const json::array one{rule};
      const json::array& types = rule.is_array() ? rule.get_array() : one;
      const bool fits = std::any_of(types.begin(), types.end(), [&](const json::value& type) {
        return has_type(std::string_view(type.as_string()), value);
      });
      return fits ? "" : place + ": is not " + json::serialize(rule);
    }
    if (keyword == "properties") return properties_error(rule.as_object(), value, place);
    if (keyword == "additionalProperties") return further_error(rule, schema, value, place);
    if (keyword == "required") {
      for (const json::value& key : rule.as_array()) {
        if (value.is_object() && !value.get_object().contains(key.as_string()))
          return place + ": lacks " + std::string(key.as_string());
      }
      return "";
    }
    if (keyword == "items") {
      size_t index = 0;
      if (!value.is_array()) return "";
      for (const json::value& item : value.get_array()) {
        std::string wrong = error(rule, item, place + "[" + std::to_string(index++) + "]");
        if (!wrong.empty()) return wrong;
      }
      return "";
    }
    if (keyword == "anyOf") return any_error(rule.as_array(), value, place);
    if (keyword == "const") return rule == value ? "" : place + ": is not " + json::serialize(rule);
    if (keyword == "enum") {
      const json::array& words = rule.as_array();
      const bool fits = std::find(words.begin(), words.end(), value) != words.end();
      return fits ? "" : place + ": is none of " + json::serialize(rule);
    }
    if (keyword == "pattern") {
      const bool fits =
          !value.is_string() || std::regex_search(std::string(value.get_string()),
                                                  std::regex(std::string(rule.as_string())));
      return fits ? "" : place + ": does not fit the pattern";
    }
    if (keyword == "$ref") {
      const std::string_view name = std::string_view(rule.as_string()).substr(8);
      return error(root_.at("$defs").as_object().at(name), value, place);
    }
    for (const char* describing : {"description", "title", "$schema", "$defs"}) {
      if (keyword == describing) return "";
    }
    throw std::logic_error("unknown keyword " + std::string(keyword));
  }

  std::string properties_error(const json::object& properties, const json::value& value,
                               const std::string& place) {
    if (!value.is_object()) return "";
    for (const auto& [key, schema] : properties) {
      const json::value* member = value.get_object().if_contains(key);
      if (member == nullptr) continue;
      std::string wrong = error(schema, *member, place + "." + std::string(key));
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  std::string further_error(const json::value& rule, const json::object& schema,
                            const json::value& value, const std::string& place) {
    if (!value.is_object()) return "";
    const json::value* properties = schema.if_contains("properties");
    for (const auto& [key, member] : value.get_object()) {
      if (properties != nullptr && properties->as_object().contains(key)) continue;
      std::string wrong = error(rule, member, place + "." + std::string(key));
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  // The error that is deepest in the value tells most.
  std::string any_error(const json::array& schemas, const json::value& value,
                        const std::string& place) {
    std::string deepest;
    for (const json::value& schema : schemas) {
      std::string wrong = error(schema, value, place);
      if (wrong.empty()) return "";
      if (wrong.find(": ") > deepest.find(": ") || deepest.empty()) deepest = std::move(wrong);
    }
    return deepest;
  }

  const json::object& root_;
};

}  // namespace

json::value json_of(const yaml::Node& node) {
  if (node.is_null()) return nullptr;
  if (node.is_sequence()) {
    json::array items;
    for (const yaml::Node& item : node.sequence()) items.push_back(json_of(item));
    return items;
  }
  if (node.is_mapping()) {
    json::object object;
    yaml::Mapping mapping = node.mapping();
    for (const auto& entry : mapping.entries()) object[entry.key] = json_of(entry.value);
    return object;
  }
  return scalar_of(node);
}

std::string schema_error(const json::object& schema, const json::value& value) {
  return Validator(schema).error(schema, value, "");
}

}  // namespace mread::scenarios
