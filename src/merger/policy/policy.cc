#include "merger/policy/policy.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"

namespace mread::merger {

bool PruneSettings::learns(size_t backend) const {
  return std::find(except.begin(), except.end(), backend) == except.end();
}

std::optional<std::string> PruneSettings::api_of(size_t backend) const {
  for (const auto& [index, path] : api) {
    if (index == backend) return path;
  }
  return std::nullopt;
}

const char* to_string(OnConflict on_conflict) {
  switch (on_conflict) {
    case OnConflict::first:
      return "first";
    case OnConflict::max:
      return "max";
    case OnConflict::min:
      return "min";
    case OnConflict::live:
      return "live";
  }
  return "first";
}

std::string to_string(const HedgeAfter& after) {
  if (after.quantile == 0) return format_duration(after.delay);
  return fmt::format("p{:.0f}", after.quantile * 100);
}

const char* to_string(Dedup dedup) {
  switch (dedup) {
    case Dedup::union_:
      return "union";
    case Dedup::gapfill:
      return "gapfill";
  }
  return "";
}

const char* to_string(ChunkEncodings encodings) {
  return encodings == ChunkEncodings::newer ? "newer" : "compatible";
}

const char* to_string(PartialPolicy policy) {
  switch (policy) {
    case PartialPolicy::all:
      return "all";
    case PartialPolicy::group:
      return "group";
    case PartialPolicy::any:
      return "any";
  }
  return "group";
}

}  // namespace mread::merger
