#include "scenarios/running/promql_request.h"

#include <string_view>

namespace mread::scenarios {
namespace {

// RFC 3986's unreserved characters stay.
std::string form_encoded(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

// Seconds with three digits, as the API takes them.
std::string seconds(int64_t ms) {
  const int64_t rest = ms % 1000;
  return std::to_string(ms / 1000) + "." + std::string(rest < 100 ? (rest < 10 ? "00" : "0") : "") +
         std::to_string(rest);
}

}  // namespace

PromqlRequest instant_query(const std::string& expr, int64_t time_ms) {
  return {"/api/v1/query", "query=" + form_encoded(expr) + "&time=" + seconds(time_ms)};
}

PromqlRequest range_query(const std::string& expr, int64_t start_ms, int64_t end_ms,
                          std::chrono::milliseconds step) {
  return {"/api/v1/query_range", "query=" + form_encoded(expr) + "&start=" + seconds(start_ms) +
                                     "&end=" + seconds(end_ms) + "&step=" + seconds(step.count())};
}

}  // namespace mread::scenarios
