#include "merger/source/replica_labels.h"

#include <algorithm>

#include "wire/bytes/varint.h"

namespace mread::merger {
namespace {

// The name in one entry's message, `0a N name 12 M value`.
std::string_view name_of(std::string_view entry) {
  const char* p = entry.data() + 1;
  const char* const end = entry.data() + entry.size();
  uint64_t size = 0;
  if (entry.empty() || !wire::get_varint(p, end, size) || size > static_cast<uint64_t>(end - p))
    return {};
  return {p, static_cast<size_t>(size)};
}

// Calls `take(entry's bytes, taken off)` for each entry.
template <class Take>
void each_entry(std::string_view labels, std::span<const std::string> names, const Take& take) {
  const char* p = labels.data();
  const char* const end = p + labels.size();
  while (p != end) {
    const char* const begin = p++;
    uint64_t size = 0;
    if (!wire::get_varint(p, end, size) || size > static_cast<uint64_t>(end - p)) return;
    const std::string_view name = name_of({p, static_cast<size_t>(size)});
    p += size;
    take(std::string_view(begin, static_cast<size_t>(p - begin)),
         std::any_of(names.begin(), names.end(),
                     [name](const std::string& each) { return each == name; }));
  }
}

}  // namespace

bool split_labels(std::string_view canonical, std::span<const std::string> names,
                  SplitLabels& out) {
  bool any = false;
  each_entry(canonical, names, [&any](std::string_view, bool taken) { any = any || taken; });
  if (!any) return false;
  out.bytes.clear();
  each_entry(canonical, names, [&out](std::string_view entry, bool taken) {
    if (!taken) out.bytes += entry;
  });
  out.kept = out.bytes.size();
  each_entry(canonical, names, [&out](std::string_view entry, bool taken) {
    if (taken) out.bytes += entry;
  });
  return true;
}

}  // namespace mread::merger
