#include "merger/series_fragment.h"

#include <cassert>
#include <utility>

namespace mread::merger {

Pin pin_copy(std::string bytes, std::string_view& view) {
  auto owned = std::make_shared<const std::string>(std::move(bytes));
  view = *owned;
  return Pin(new Block(std::move(owned)));
}

void Fragment::list_chunks(std::vector<wire::ChunkView>& out) const {
  if (is_samples) return;
  if (rare && !rare->chunks.empty()) {
    out.insert(out.end(), rare->chunks.begin(), rare->chunks.end());
    return;
  }
  // They were parsed when they came.
  [[maybe_unused]] const auto parsed = wire::parse_chunk_entries(entries, out);
  assert(parsed);
}

}  // namespace mread::merger
