#include "base/timestamp.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/duration.h"

namespace mread {

namespace {

// Two or four digits at the front of `text`, taken off it.
std::optional<int> take_digits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> parse_fraction_ms(std::string_view& text) {
  int64_t ms = 0;
  size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9';
       text.remove_prefix(1), ++digits) {
    if (digits < 3) ms = ms * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) ms *= 10;
  return ms;
}

std::optional<int64_t> parse_rfc3339(std::string_view text) {
  namespace chrono = std::chrono;
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, "Tt ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  int64_t ms = 0;
  if (take(text, ".")) {
    const auto fraction = parse_fraction_ms(text);
    if (!fraction) return std::nullopt;
    ms = *fraction;
  }
  int64_t zone_minutes = 0;
  if (!take(text, "Zz")) {
    const bool behind = !text.empty() && text.front() == '-';
    if (!take(text, "+-")) return std::nullopt;
    const auto zone_hour = take_digits(text, 2);
    if (!zone_hour || !take(text, ":")) return std::nullopt;
    const auto zone_minute = take_digits(text, 2);
    if (!zone_minute || *zone_hour > 23 || *zone_minute > 59) return std::nullopt;
    zone_minutes = (*zone_hour * 60 + *zone_minute) * (behind ? -1 : 1);
  }
  if (!text.empty()) return std::nullopt;
  const chrono::year_month_day date{chrono::year(*year),
                                    chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const int64_t days = chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + *hour) * 60 + *minute - zone_minutes) * 60'000 + *second * 1000 + ms;
}

std::optional<int64_t> parse_seconds(std::string_view text) {
  double seconds = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(seconds))
    return std::nullopt;
  const double ms = seconds * 1000;
  if (std::abs(ms) > 9e15) return std::nullopt;  // beyond it doubles have gaps
  return std::llround(ms);
}

}  // namespace

Result<int64_t> parse_timestamp(std::string_view text, int64_t now_ms) {
  if (text.substr(0, 3) == "now") {
    std::string_view rest = text.substr(3);
    if (rest.empty()) return now_ms;
    const bool minus = rest.front() == '-';
    if (take(rest, "+-")) {
      const auto duration = parse_duration(rest);
      if (!duration)
        return fail(Errc::config,
                    fmt::format("'{}' is not a time: {}", text, duration.error().context));
      int64_t time = 0;
      if (!__builtin_add_overflow(now_ms, minus ? -duration->count() : duration->count(), &time))
        return time;
    }
  } else if (const auto seconds = parse_seconds(text)) {
    return *seconds;
  } else if (const auto date = parse_rfc3339(text)) {
    return *date;
  }
  return fail(
      Errc::config,
      fmt::format(
          "'{}' is not a time: want seconds, RFC 3339 (2026-11-21T19:00:00Z), now, or now-1h",
          text));
}

std::string format_timestamp(int64_t timestamp_ms) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::milliseconds> time{chrono::milliseconds(timestamp_ms)};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  constexpr int64_t lowest = -62'167'219'200'000;   // 0000-01-01
  constexpr int64_t highest = 253'402'300'799'999;  // 9999-12-31
  if (timestamp_ms < lowest || timestamp_ms > highest)
    return fmt::format("{}.{:03}", timestamp_ms / 1000, std::abs(timestamp_ms % 1000));
  const chrono::hh_mm_ss clock{time - day};
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto ms = clock.subseconds().count(); ms != 0) out += fmt::format(".{:03}", ms);
  return out + "Z";
}

int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace mread
