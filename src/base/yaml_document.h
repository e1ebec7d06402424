#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include <yaml-cpp/yaml.h>

#include "base/yaml_merge.h"

namespace mread::yaml {

/// What a document may hold, checked before anything is built of it.
///
/// The scanner holds what it has read of a list or mapping in brackets until it is complete, at up
/// to 230 bytes for one sign: `pending_signs` bounds that.
struct Bounds {
  size_t bytes = size_t{16} << 20;  ///< of the document
  size_t nesting = 100;             ///< levels, through aliases too
  size_t values = 200'000;          ///< aliases counted as often as they are used; keys not counted
  /// Of all scalars, aliases counted as often as they are used.
  size_t text_bytes = size_t{64} << 20;
  /// Brackets, commas, colons and quotes of one scalar or one [ ] or { }.
  size_t pending_signs = size_t{500'000};
};

/// The only document in `text`; a null node where there is none. Merge keys are replaced by what
/// they merge (base/yaml_merge.h). Calls `raise` for what is no YAML, for a second document, for a
/// duplicate key or a key that is no word, and for whatever is above `bounds`. Takes time and
/// memory linear in the text: what is above the bounds is refused before it is built. `remark`
/// hears of what is taken, and has another meaning elsewhere.
YAML::Node read_document(const std::string& text, const Bounds& bounds, const Raise& raise,
                         const Raise& remark);

/// How much a tree holds, aliases counted as often as they are used.
struct Extent {
  size_t values = 0;
  size_t text_bytes = 0;
};

/// Measures a tree that may have been edited. Calls `raise` where it is above `bounds`.
Extent measure(const YAML::Node& root, const Bounds& bounds, const Raise& raise);

}  // namespace mread::yaml
