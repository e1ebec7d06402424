#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "base/yaml_document.h"

namespace mread::yaml {

/// A configuration error. what() is ready to print:
///   FILE:LINE:COLUMN: message
///     the line itself, without secrets (base/secret_lines.h)
///       ^
/// A long line is cut around the caret, a long message in its middle (base/shown_text.h).
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Mapping;

/// A node of a strictly read YAML document: every accessor throws ConfigError, with its place, when
/// the node is not what is asked for. Copies are cheap and share the document.
class Node {
 public:
  /// Parses `text`. `file_name` is used in messages only. Duplicate keys anywhere are errors
  /// (yaml-cpp accepts them silently); so are several documents in one file, and whatever is above
  /// `bounds`. Throws ConfigError and nothing else.
  static Node parse(std::string text, std::string file_name, const Bounds& bounds = {});
  /// Reads and parses a regular file. Throws ConfigError where it cannot be read.
  static Node load(const std::string& path);
  /// How much the node holds, which may have been edited. Throws ConfigError above `bounds`.
  Extent measure(const Bounds& bounds = {}) const;

  /// What the document has that is taken, and may mean something else to Prometheus:
  /// "FILE:LINE:COLUMN: …".
  const std::vector<std::string>& remarks() const;

  bool is_null() const;
  bool is_scalar() const;
  bool is_sequence() const;
  bool is_mapping() const;

  /// A scalar's text as written (quotes removed; decoded where it is tagged !!binary).
  std::string string() const;
  /// The same; nothing at all is "", as go-yaml has it for an item or an entry of text.
  std::string string_or_empty() const;
  /// One of `allowed`; else an error that names the nearest.
  std::string one_of(const std::vector<std::string>& allowed) const;
  bool boolean() const;
  int64_t integer(int64_t lowest = INT64_MIN,
                  int64_t highest = INT64_MAX) const;  ///< base/yaml_number.h, whole
  double number() const;  ///< base/yaml_number.h; also "Inf" and "NaN", as Prometheus prints them
  std::chrono::milliseconds duration() const;  ///< a Prometheus duration (base/duration.h)
  uint64_t count() const;                      ///< base/quantity.h, base/yaml_number.h
  uint64_t bytes() const;                      ///< base/quantity.h, base/yaml_number.h
  std::vector<Node> sequence() const;
  /// A sequence, or a single node as a sequence of one.
  std::vector<Node> sequence_or_one() const;
  std::vector<std::string> strings() const;
  Mapping mapping() const;

  /// Throws ConfigError at this node's place.
  [[noreturn]] void error(const std::string& message) const;
  /// The same, at an offset into a scalar's own text (column of a plain one-line scalar), for
  /// notations inside scalars.
  [[noreturn]] void error_at(size_t offset, const std::string& message) const;

  std::string place() const;  ///< "FILE:LINE:COLUMN"
  int line() const;           ///< from 1
  int column() const;         ///< from 1
  const std::string& file() const;
  /// The node's line, without secrets, and a caret below its column: two lines, indented by two.
  /// Empty if the line has no text.
  std::string excerpt() const;
  /// The text of the whole document.
  const std::string& document() const;

  /// The node as YAML text, block style, for configurations that are passed on verbatim.
  std::string dump() const;
  /// The node underneath, for edits of what is passed on.
  YAML::Node raw() const { return node_; }

 private:
  friend class Mapping;
  struct Source;
  Node(YAML::Node node, std::shared_ptr<const Source> source, YAML::Mark mark);
  [[noreturn]] void wrong_type(std::string_view want) const;

  YAML::Node node_;
  std::shared_ptr<const Source> source_;
  YAML::Mark mark_;
};

/// The entries of a mapping. Every key that is read is remembered; `finish()` refuses the rest,
/// naming the nearest known key. Call it once all optional keys have been asked for.
class Mapping {
 public:
  struct Entry {
    std::string key;
    Node key_node;
    Node value;
  };

  /// The value of `key`; none where the key is missing, or has no value: all below it may be
  /// commented out.
  std::optional<Node> find(const std::string& key);
  /// The same, but for a key without a value, which is a null node: for keys that say something by
  /// being there.
  std::optional<Node> find_or_null(const std::string& key);
  /// The value of `key`, which may be null; an error at the mapping's place when it is missing.
  Node require(const std::string& key);
  /// For mappings whose keys are names: every entry in file order, all counted as read.
  const std::vector<Entry>& entries();
  /// The same, for a look at them: none counts as read.
  const std::vector<Entry>& raw_entries() const { return entries_; }
  void finish() const;

  const Node& node() const { return node_; }

 private:
  friend class Node;
  explicit Mapping(Node node);

  Node node_;
  std::vector<Entry> entries_;
  std::set<std::string> known_;
  std::set<std::string> read_;
};

}  // namespace mread::yaml
