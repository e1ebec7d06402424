#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mread::merger {

/// Takes the labels of these names out of canonical label bytes (wire/labels/labels_view.h).
///
/// Output   False where none of them is there. Else `out` holds the labels that stay, canonical
///          again, and from the returned `kept` bytes on those that were taken off, which tell
///          replicas of one series apart.
/// Taking labels off reorders series, and makes one of what were several.
struct SplitLabels {
  std::string bytes;
  size_t kept = 0;
};
bool split_labels(std::string_view canonical, std::span<const std::string> names, SplitLabels& out);

}  // namespace mread::merger
