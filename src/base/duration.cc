#include "base/duration.h"

#include <array>
#include <limits>

namespace mread {
namespace {

struct Unit {
  std::string_view suffix;
  int64_t milliseconds;
};

constexpr std::array<Unit, 7> units{{{"y", 365LL * 24 * 3600 * 1000},
                                     {"w", 7LL * 24 * 3600 * 1000},
                                     {"d", 24LL * 3600 * 1000},
                                     {"h", 3600LL * 1000},
                                     {"m", 60LL * 1000},
                                     {"s", 1000},
                                     {"ms", 1}}};

tl::unexpected<Error> not_a_duration(std::string_view text) {
  return fail(Errc::config,
              "\"" + std::string(text) +
                  "\" is not a duration; write it as in Prometheus, e.g. 500ms, 15s, 1h30m");
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds(0);
  if (text.empty()) return not_a_duration(text);
  int64_t total = 0;
  size_t next_unit = 0;
  size_t at = 0;
  while (at < text.size()) {
    const size_t digits_at = at;
    int64_t number = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      if (number > std::numeric_limits<int64_t>::max() / 10 - 10) return not_a_duration(text);
      number = number * 10 + (text[at++] - '0');
    }
    const size_t unit_at = at;
    while (at < text.size() && (text[at] < '0' || text[at] > '9')) ++at;
    const std::string_view suffix = text.substr(unit_at, at - unit_at);
    size_t unit = next_unit;
    while (unit < units.size() && units[unit].suffix != suffix) ++unit;
    if (unit_at == digits_at || unit == units.size()) return not_a_duration(text);
    int64_t part = 0;
    if (__builtin_mul_overflow(number, units[unit].milliseconds, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return not_a_duration(text);
    }
    next_unit = unit + 1;
  }
  return std::chrono::milliseconds(total);
}

std::string format_duration(std::chrono::milliseconds duration) {
  if (duration.count() == 0) return "0s";
  // Unsigned, so that the lowest duration has its magnitude too.
  auto rest = static_cast<uint64_t>(duration.count());
  std::string text;
  if (duration.count() < 0) {
    text = "-";
    rest = 0 - rest;
  }
  for (const Unit& unit : units) {
    if (unit.suffix == "y" || unit.suffix == "w") continue;
    const auto size = static_cast<uint64_t>(unit.milliseconds);
    if (rest >= size) {
      text += std::to_string(rest / size);
      text += unit.suffix;
      rest %= size;
    }
  }
  return text;
}

}  // namespace mread
