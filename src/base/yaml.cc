#include "base/yaml.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "base/duration.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/quantity.h"
#include "base/secret_lines.h"
#include "base/shown_text.h"
#include "base/text_lines.h"
#include "base/yaml_number.h"

namespace mread::yaml {

struct Node::Source {
  std::string file;
  std::string text;
  std::vector<std::string> remarks;

  std::string place(const YAML::Mark& mark) const {
    if (mark.line < 0) return file;
    return file + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
  }

  // The line at `mark` and a caret below it; empty for a line without text.
  std::string excerpt(const YAML::Mark& mark) const {
    if (mark.line < 0) return {};
    const ShownLine at = show_line(text, mark.line);
    if (at.text.find_first_not_of(" \t\r") == std::string::npos) return {};
    const Excerpt excerpt =
        cut_around(at.text, std::min(static_cast<size_t>(std::max(mark.column, 0)), at.cut));
    return "  " + excerpt.text + "\n  " + std::string(excerpt.column, ' ') + "^";
  }

  [[noreturn]] void raise(const YAML::Mark& mark, const std::string& message) const {
    std::string what = place(mark) + ": " + shorten(message);
    if (const std::string shown = excerpt(mark); !shown.empty()) what += "\n" + shown;
    throw ConfigError(what);
  }
};

namespace {

// A number that is whole, whatever its notation: 0x10, 1_000, 1e6.
std::optional<int64_t> whole_number(std::string_view text) {
  const auto number = parse_number(text);
  if (!number) return std::nullopt;
  if (const auto* whole = std::get_if<int64_t>(&*number)) return *whole;
  const auto* value = std::get_if<double>(&*number);
  constexpr double too_large = 9.2e18;
  if (value == nullptr || !(std::abs(*value) < too_large) || *value != std::floor(*value))
    return std::nullopt;
  return static_cast<int64_t>(*value);
}

}  // namespace

Node::Node(YAML::Node node, std::shared_ptr<const Source> source, YAML::Mark mark)
    : node_(node), source_(std::move(source)), mark_(mark) {}

Node Node::parse(std::string text, std::string file_name, const Bounds& bounds) {
  auto source = std::make_shared<Source>(Source{std::move(file_name), std::move(text), {}});
  const Raise raise = [&source](const YAML::Mark& mark, const std::string& message) {
    source->raise(mark, message);
  };
  const Raise remark = [&source](const YAML::Mark& mark, const std::string& message) {
    source->remarks.push_back(source->place(mark) + ": " + shorten(message));
  };
  YAML::Node root = read_document(source->text, bounds, raise, remark);
  const YAML::Mark mark = root.Mark();
  return {root, source, mark};
}

Node Node::load(const std::string& path) {
  auto text = read_file(path, config_file_limit_bytes);
  if (!text) {
    const Error& error = text.error();
    std::error_code ignored;
    std::string reason = error.code.message();
    if (error.is(Errc::config)) {
      reason = std::filesystem::is_directory(path, ignored) ? "it is a folder"
                                                            : "it is not a regular file";
    } else if (error.is(Errc::limit)) {
      reason = "it holds more than 16 MiB";
    }
    throw ConfigError(path + ": cannot be read: " + reason);
  }
  return parse(std::move(*text), path);
}

Extent Node::measure(const Bounds& bounds) const {
  return yaml::measure(node_, bounds, [this](const YAML::Mark& mark, const std::string& message) {
    source_->raise(mark.is_null() ? mark_ : mark, message);
  });
}

const std::vector<std::string>& Node::remarks() const { return source_->remarks; }

bool Node::is_null() const { return !node_ || node_.IsNull(); }
bool Node::is_scalar() const { return node_ && node_.IsScalar(); }
bool Node::is_sequence() const { return node_ && node_.IsSequence(); }
bool Node::is_mapping() const { return node_ && node_.IsMap(); }

std::string Node::excerpt() const { return source_->excerpt(mark_); }
const std::string& Node::document() const { return source_->text; }

void Node::error(const std::string& message) const { source_->raise(mark_, message); }

void Node::error_at(size_t offset, const std::string& message) const {
  YAML::Mark mark = mark_;
  // A quoted or block scalar begins before its text; only a plain or one-line quoted one maps
  // offset to column.
  const std::string_view line = line_at(source_->text, mark.line + 1);
  const std::string value = is_scalar() ? node_.Scalar() : std::string();
  if (mark.column >= 0) {
    const size_t begin = line.find(value, static_cast<size_t>(mark.column));
    if (begin != std::string_view::npos)
      mark.column = static_cast<int>(begin + std::min(offset, value.size()));
  }
  source_->raise(mark, message);
}

void Node::wrong_type(std::string_view want) const {
  const char* got = is_null()       ? "nothing"
                    : is_sequence() ? "a list"
                    : is_mapping()  ? "a mapping"
                                    : nullptr;
  const bool secret = mark_.line >= 0 &&
                      static_cast<size_t>(mark_.column) >= show_line(source_->text, mark_.line).cut;
  const std::string word = secret ? "a word" : "\"" + node_.Scalar() + "\"";
  error("want " + std::string(want) + ", got " + (got != nullptr ? got : word));
}

std::string Node::string() const {
  if (!is_scalar()) wrong_type("text");
  if (node_.Tag() != "tag:yaml.org,2002:binary") return node_.Scalar();
  const auto bytes = YAML::DecodeBase64(node_.Scalar());
  return {bytes.begin(), bytes.end()};
}

std::string Node::string_or_empty() const { return is_null() ? std::string() : string(); }

std::string Node::one_of(const std::vector<std::string>& allowed) const {
  const std::string word = string();
  if (std::find(allowed.begin(), allowed.end(), word) != allowed.end()) return word;
  const std::string near = suggestion(word, allowed);
  error("unknown value \"" + word + "\"" +
        (near.empty() ? "; one of " + comma_list(allowed)
                      : near + " (one of " + comma_list(allowed) + ")"));
}

bool Node::boolean() const {
  bool value = false;
  if (!is_scalar() || !YAML::convert<bool>::decode(node_, value)) wrong_type("true or false");
  return value;
}

int64_t Node::integer(int64_t lowest, int64_t highest) const {
  const std::string text = is_scalar() ? node_.Scalar() : std::string();
  const auto value = whole_number(text);
  if (!value) wrong_type("a whole number");
  if (*value < lowest || *value > highest) {
    error("want a whole number from " + std::to_string(lowest) +
          (highest == INT64_MAX ? " up" : " to " + std::to_string(highest)) + ", got " + text);
  }
  return *value;
}

double Node::number() const {
  const std::string text = is_scalar() ? node_.Scalar() : std::string();
  if (const auto value = parse_number(text)) return to_double(*value);
  // As Prometheus writes numbers: Inf and NaN without a dot.
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) wrong_type("a number");
  return value;
}

std::chrono::milliseconds Node::duration() const {
  if (!is_scalar()) wrong_type("a duration");
  const auto value = parse_duration(node_.Scalar());
  if (!value) error(value.error().context);
  return *value;
}

uint64_t Node::count() const {
  if (!is_scalar()) wrong_type("a count");
  if (const auto whole = whole_number(node_.Scalar()); whole && *whole >= 0)
    return static_cast<uint64_t>(*whole);
  const auto value = parse_count(node_.Scalar());
  if (!value) error(value.error().context);
  return *value;
}

uint64_t Node::bytes() const {
  if (!is_scalar()) wrong_type("a size");
  if (const auto number = parse_number(node_.Scalar()); number && to_double(*number) >= 0) {
    constexpr double too_large = 9.2e18;
    return to_double(*number) < too_large ? static_cast<uint64_t>(to_double(*number))
                                          : uint64_t{INT64_MAX};
  }
  const auto value = parse_bytes(node_.Scalar());
  if (!value) error(value.error().context);
  return *value;
}

std::vector<Node> Node::sequence() const {
  if (!is_sequence()) wrong_type("a list");
  std::vector<Node> items;
  for (const auto& item : node_) items.push_back(Node(item, source_, item.Mark()));
  return items;
}

std::vector<Node> Node::sequence_or_one() const {
  return is_sequence() ? sequence() : std::vector<Node>{*this};
}

std::vector<std::string> Node::strings() const {
  std::vector<std::string> items;
  for (const Node& item : sequence_or_one()) items.push_back(item.string());
  return items;
}

Mapping Node::mapping() const {
  if (!is_mapping()) wrong_type("a mapping");
  return Mapping(*this);
}

std::string Node::place() const { return source_->place(mark_); }
int Node::line() const { return mark_.line + 1; }
int Node::column() const { return mark_.column + 1; }
const std::string& Node::file() const { return source_->file; }
std::string Node::dump() const { return YAML::Dump(node_); }

Mapping::Mapping(Node node) : node_(std::move(node)) {
  for (const auto& entry : node_.node_) {
    // An empty value has no place of its own; its key's place is where a reader looks.
    const YAML::Mark mark = entry.second.IsNull() ? entry.first.Mark() : entry.second.Mark();
    entries_.push_back({entry.first.Scalar(), Node(entry.first, node_.source_, entry.first.Mark()),
                        Node(entry.second, node_.source_, mark)});
  }
}

std::optional<Node> Mapping::find(const std::string& key) {
  auto value = find_or_null(key);
  if (value && value->is_null()) return std::nullopt;
  return value;
}

std::optional<Node> Mapping::find_or_null(const std::string& key) {
  known_.insert(key);
  for (const Entry& entry : entries_) {
    if (entry.key == key) {
      read_.insert(key);
      return entry.value;
    }
  }
  return std::nullopt;
}

Node Mapping::require(const std::string& key) {
  if (auto value = find_or_null(key)) return *value;
  for (const Entry& entry : entries_) {
    if (nearest(entry.key, {key}) == key)
      entry.key_node.error("unknown key \"" + entry.key + "\"; did you mean \"" + key + "\"?");
  }
  node_.error("key \"" + key + "\" is missing");
}

const std::vector<Mapping::Entry>& Mapping::entries() {
  for (const Entry& entry : entries_) read_.insert(entry.key);
  return entries_;
}

void Mapping::finish() const {
  for (const Entry& entry : entries_) {
    if (read_.contains(entry.key)) continue;
    const std::vector<std::string> known(known_.begin(), known_.end());
    const std::string near = nearest(entry.key, known);
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
    entry.key_node.error("unknown key \"" + entry.key + "\"; " +
                         (near.empty() ? "known here: " + list : "did you mean \"" + near + "\"?"));
  }
}

}  // namespace mread::yaml
