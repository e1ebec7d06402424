#include "merger/source/fragment_labels.h"

#include <utility>

#include "merger/source/replica_labels.h"
#include "wire/labels/labels_view.h"

namespace mread::merger {

Result<bool> set_labels(Fragment& fragment, std::string_view labels, bool pinned,
                        std::span<const std::string> replica_labels, const AccountPtr& account) {
  const bool canonical = wire::is_canonical_labels(labels);
  std::string written;
  if (!canonical) {
    auto rewritten = wire::canonical_labels(labels);
    if (!rewritten) return fail(std::move(rewritten).error());
    written = *std::move(rewritten);
  }
  SplitLabels split;
  const bool splits =
      !replica_labels.empty() &&
      split_labels(canonical ? labels : std::string_view(written), replica_labels, split);
  if (canonical && pinned && !splits) {
    fragment.labels = labels;
    return true;
  }
  if (canonical) written = labels;
  std::string_view bytes;
  Fragment::Rare& rare = fragment.own_rare();
  rare.labels_pin = pin_copy(splits ? std::move(split.bytes) : std::move(written), bytes, account);
  fragment.labels = bytes.substr(0, splits ? split.kept : bytes.size());
  rare.replica = bytes.substr(fragment.labels.size());
  return canonical && !splits;
}

}  // namespace mread::merger
