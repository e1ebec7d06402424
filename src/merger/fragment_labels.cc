#include "merger/fragment_labels.h"

#include <memory>
#include <utility>

#include "merger/replica_labels.h"
#include "wire/labels_view.h"

namespace mread::merger {

Result<bool> set_labels(Fragment& fragment, std::string_view labels, bool pinned,
                        std::span<const std::string> replica_labels) {
  const bool canonical = wire::is_canonical_labels(labels);
  std::string written;
  if (!canonical) {
    auto rewritten = wire::canonical_labels(labels);
    if (!rewritten) return fail(std::move(rewritten).error());
    written = *std::move(rewritten);
  }
  SplitLabels split;
  if (!replica_labels.empty() && split_labels(canonical ? labels : std::string_view(written), replica_labels, split)) {
    const auto owned = std::make_shared<const std::string>(std::move(split.bytes));
    fragment.labels = std::string_view(*owned).substr(0, split.kept);
    fragment.replica = std::string_view(*owned).substr(split.kept);
    fragment.labels_pin = owned;
    return false;
  }
  if (canonical && pinned) {
    fragment.labels = labels;
    return true;
  }
  const auto owned = std::make_shared<const std::string>(canonical ? std::string(labels) : std::move(written));
  fragment.labels = *owned;
  fragment.labels_pin = owned;
  return canonical;
}

}  // namespace mread::merger
