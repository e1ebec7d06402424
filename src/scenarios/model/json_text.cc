#include "scenarios/model/json_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace mread::scenarios {
namespace {

namespace json = boost::json;

void write(std::string& out, const json::value& value, size_t indent);

template <class Items, class WriteItem>
void write_all(std::string& out, char open, char close, const Items& items, size_t indent,
               const WriteItem& write_item) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    out += '\n';
    out.append(indent + 2, ' ');
    write_item(item);
  }
  if (!first) {
    out += '\n';
    out.append(indent, ' ');
  }
  out += close;
}

// to_chars gives the shortest digits; Boost.JSON would write 6.1E0.
std::string number(double value) {
  std::string digits = json::serialize(json::value(value));
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.10g", value);
  return std::isfinite(value) ? buffer : digits;
}

// Numbers and truth values alone: one line.
bool is_row(const json::array& items) {
  return !items.empty() && std::all_of(items.begin(), items.end(), [](const json::value& item) {
    return item.is_number() || item.is_bool();
  });
}

void write(std::string& out, const json::value& value, size_t indent) {
  if (value.is_object()) {
    write_all(out, '{', '}', value.get_object(), indent, [&](const json::key_value_pair& item) {
      out += json::serialize(json::value(item.key()));
      out += ": ";
      write(out, item.value(), indent + 2);
    });
  } else if (value.is_array() && is_row(value.get_array())) {
    out += '[';
    for (const json::value& item : value.get_array()) {
      if (out.back() != '[') out += ", ";
      write(out, item, indent);
    }
    out += ']';
  } else if (value.is_array()) {
    write_all(out, '[', ']', value.get_array(), indent,
              [&](const json::value& item) { write(out, item, indent + 2); });
  } else if (value.is_double()) {
    out += number(value.get_double());
  } else {
    out += json::serialize(value);
  }
}

void write_compact(std::string& out, const json::value& value) {
  if (value.is_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.get_object()) {
      if (!first) out += ',';
      first = false;
      out += json::serialize(json::value(key)) + ":";
      write_compact(out, member);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (const json::value& item : value.get_array()) {
      if (!first) out += ',';
      first = false;
      write_compact(out, item);
    }
    out += ']';
  } else if (value.is_double()) {
    out += number(value.get_double());
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string compact_json(const json::value& value) {
  std::string out;
  write_compact(out, value);
  return out;
}

std::string indented_json(const json::value& value) {
  std::string out;
  write(out, value, 0);
  return out;
}

}  // namespace mread::scenarios
