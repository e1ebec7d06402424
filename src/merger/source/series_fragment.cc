#include "merger/source/series_fragment.h"

#include <cassert>
#include <utility>

namespace mread::merger {
namespace {

// A string that is shared, and the block that pins it.
constexpr size_t shared_string_bytes = 2 * object_overhead + sizeof(std::string) + sizeof(Block);

struct Counted {
  std::shared_ptr<const std::string> piece;
  Charge charge;
};

}  // namespace

Pin pin_copy(std::string bytes, std::string_view& view, const AccountPtr& account) {
  auto owned = std::make_shared<const std::string>(std::move(bytes));
  view = *owned;
  Charge charge(account, owned->capacity() + shared_string_bytes);
  return Pin(new Block(std::move(owned), std::move(charge)));
}

std::shared_ptr<const std::string> counted(std::shared_ptr<const std::string> piece,
                                           const AccountPtr& account) {
  const std::string* const bytes = piece.get();
  Charge charge(account,
                bytes->capacity() + shared_string_bytes + sizeof(Counted) + object_overhead);
  return {std::make_shared<Counted>(Counted{std::move(piece), std::move(charge)}), bytes};
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
