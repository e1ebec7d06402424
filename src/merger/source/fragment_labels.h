#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "merger/source/series_fragment.h"

namespace mread::merger {

/// Gives a fragment the labels that came: canonical, without those of `replica_labels`. What had to
/// be rewritten the fragment pins, and counts for `account`; other bytes are kept alive by its
/// pin, if they are `pinned`, else copied.
///
/// Output   Whether the labels are the bytes that came.
/// Errors   As wire::canonical_labels.
Result<bool> set_labels(Fragment& fragment, std::string_view labels, bool pinned,
                        std::span<const std::string> replica_labels, const AccountPtr& account);

}  // namespace mread::merger
