#include "check/finding/edits.h"

#include "base/secret_lines.h"
#include "base/text_lines.h"

namespace mread::check {
namespace {

std::string line_of(const yaml::Node& node) {
  return std::string(line_at(node.document(), node.line()));
}

// Where a scalar's text begins in its line; none if it does not stand there as it is read.
std::optional<size_t> text_begin(const yaml::Node& scalar, const std::string& line) {
  const std::string value = scalar.string();
  auto at = static_cast<size_t>(scalar.column() - 1);
  if (at < line.size() && (line[at] == '"' || line[at] == '\'')) ++at;
  if (value.empty() || at > line.size() || line.compare(at, value.size(), value) != 0)
    return std::nullopt;
  return at;
}

bool has_secret(const yaml::Node& node) {
  return show_line(node.document(), node.line() - 1).cut != std::string::npos;
}

// A diff has a form of its own for a last line without a line end, and none for lines of two kinds.
bool has_plain_lines(const yaml::Node& node) {
  return node.document().ends_with('\n') && node.document().find('\r') == std::string::npos;
}

}  // namespace

bool is_block(const yaml::Node& mapping) {
  return mapping.is_mapping() && mapping.raw().Style() != YAML::EmitterStyle::Flow;
}

std::optional<Edit> insert_below(const yaml::Node& mapping, const std::string& after,
                                 std::string_view line) {
  if (!is_block(mapping) || !has_plain_lines(mapping)) return std::nullopt;
  yaml::Mapping lines = mapping.mapping();
  for (const yaml::Mapping::Entry& entry : lines.raw_entries()) {
    if (entry.key != after || !entry.value.is_scalar()) continue;
    if (entry.value.line() != entry.key_node.line() || entry.value.line() < mapping.line() ||
        !text_begin(entry.value, line_of(entry.value)))
      return std::nullopt;
    const std::string indent(static_cast<size_t>(entry.key_node.column() - 1), ' ');
    return Edit{mapping.file(), entry.value.line(), true, indent + std::string(line)};
  }
  return std::nullopt;
}

std::optional<Edit> replace_value(const yaml::Node& scalar, std::string_view text) {
  // The old line is shown as well, so it must not have a secret.
  if (has_secret(scalar) || !has_plain_lines(scalar)) return std::nullopt;
  std::string line = line_of(scalar);
  const auto at = text_begin(scalar, line);
  if (!at) return std::nullopt;
  line.replace(*at, scalar.string().size(), text);
  return Edit{scalar.file(), scalar.line(), false, std::move(line)};
}

std::optional<Edit> set_key(const yaml::Node& mapping, const std::string& key,
                            std::string_view value, const std::string& after) {
  if (const auto old = mapping.mapping().find(key)) {
    if (!is_block(mapping) || old->line() < mapping.line()) return std::nullopt;
    return replace_value(*old, value);
  }
  return insert_below(mapping, after, key + ": " + std::string(value));
}

}  // namespace mread::check
