#include "merger/fan_out/answer_kind.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace mread::merger {
namespace {

constexpr size_t reason_limit = 300;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

std::string one_line(std::string_view text) {
  text = trim(text.substr(0, text.find_first_of("\r\n")));
  std::string line;
  for (const char c : text.substr(0, reason_limit)) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  if (text.size() > reason_limit) line += "...";
  return line;
}

Result<model::ResponseType> answer_kind(std::string_view content_type,
                                        std::string_view content_encoding) {
  const std::string_view media = trim(content_type.substr(0, content_type.find(';')));
  const std::string_view encoding = trim(content_encoding);
  if (same_word(media, "application/x-streamed-protobuf")) {
    if (content_type.find("proto=") != std::string_view::npos &&
        content_type.find("proto=prometheus.ChunkedReadResponse") == std::string_view::npos) {
      return mread::fail(Errc::unsupported,
                         fmt::format("content type \"{}\"", one_line(content_type)));
    }
    if (!encoding.empty() && !same_word(encoding, "identity")) {
      return mread::fail(
          Errc::unsupported,
          fmt::format("a streamed answer with Content-Encoding \"{}\"", one_line(encoding)));
    }
    return model::ResponseType::streamed_xor_chunks;
  }
  if (same_word(media, "application/x-protobuf")) {
    // Prometheus does not look at the encoding; a body that is no snappy block fails anyway.
    if (!encoding.empty() && !same_word(encoding, "snappy")) {
      return mread::fail(
          Errc::unsupported,
          fmt::format("Content-Encoding \"{}\" where snappy belongs", one_line(encoding)));
    }
    return model::ResponseType::samples;
  }
  return mread::fail(Errc::unsupported, fmt::format("content type \"{}\" is no remote-read answer",
                                                    one_line(content_type)));
}

std::string reason(const Error& error) {
  // Of the project's own categories ("mread", "mread.tls") the context says it all.
  if (std::string_view(error.code.category().name()).starts_with("mread"))
    return one_line(error.context);
  std::string message = one_line(error.code.message());
  if (!message.empty())
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  return message;
}

}  // namespace mread::merger
