#include "config/headers.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/tls_server_yaml.h"
#include "config/text.h"

namespace mread::config {
namespace {

using yaml::Mapping;
using yaml::Node;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

template <size_t size>
bool contains(const std::array<const char*, size>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_header_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_header_value(const std::string& value) {
  return std::none_of(value.begin(), value.end(),
                      [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// What Prometheus reserves: the protocol's own, and what has options of its own.
void refuse_reserved(const Mapping::Entry& entry) {
  static constexpr std::array reserved = {"accept-encoding",
                                          "connection",
                                          "content-encoding",
                                          "content-length",
                                          "content-type",
                                          "host",
                                          "keep-alive",
                                          "proxy-authenticate",
                                          "proxy-authorization",
                                          "user-agent",
                                          "www-authenticate",
                                          "x-prometheus-remote-read-version",
                                          "x-prometheus-remote-write-version"};
  const std::string name = lower(entry.key);
  if (name == "authorization")
    entry.key_node.error("authorization has options of its own: basic_auth, authorization");
  if (contains(reserved, name)) {
    entry.key_node.error(fmt::format("{} is set by the protocol and cannot be changed", entry.key));
  }
}

// Whether the header is sent. Prometheus takes any name, and fails when it sends some.
bool is_sent(const Mapping::Entry& entry, Findings& findings) {
  static constexpr std::array hop_by_hop = {"te", "trailer", "transfer-encoding", "upgrade"};
  if (contains(hop_by_hop, lower(entry.key))) {
    findings.warn(entry.key_node, entry.key + " belongs to one connection, and is not sent");
    return false;
  }
  if (is_header_name(entry.key)) return true;
  findings.no_read_succeeds(entry.key_node, "a header's name that HTTP does not know");
  return false;
}

void check_value(const Node& node, const std::string& value, Findings& findings) {
  if (!is_header_value(value))
    findings.no_read_succeeds(node, "a header's value is one line without control characters");
}

std::vector<Node> items_of(Mapping& mapping, const std::string& key) {
  const auto list = mapping.find(key);
  return list ? list->sequence() : std::vector<Node>();
}

}  // namespace

HeaderPairs read_headers(const Node& node, Findings& findings) {
  HeaderPairs headers;
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    refuse_reserved(entry);
    const std::string value = entry.value.string_or_empty();
    if (!is_sent(entry, findings)) continue;
    check_value(entry.value, value, findings);
    const auto same = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
      return lower(header.first) == lower(entry.key);
    });
    if (same == headers.end()) {
      headers.emplace_back(entry.key, value);
    } else {
      findings.warn(entry.key_node,
                    "header " + entry.key + " is given twice: the last value is sent");
      same->second = value;
    }
  }
  return headers;
}

std::vector<HttpHeader> read_http_headers(const Node& node, Findings& findings) {
  std::vector<HttpHeader> headers;
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    refuse_reserved(entry);
    if (entry.value.is_null()) continue;
    HttpHeader header{entry.key, {}, {}};
    Mapping kinds = entry.value.mapping();
    for (const char* key : {"values", "secrets"}) {
      for (const Node& item : items_of(kinds, key)) {
        header.values.push_back(item.string_or_empty());
        check_value(item, header.values.back(), findings);
      }
    }
    for (const Node& item : items_of(kinds, "files")) {
      if (item.string_or_empty().empty()) {
        findings.no_read_succeeds(item, "want the path of a file with a header's value");
      } else {
        header.files.push_back(read_path(item));
      }
    }
    kinds.finish();
    if (is_sent(entry, findings) && !(header.values.empty() && header.files.empty())) {
      headers.push_back(std::move(header));
    }
  }
  return headers;
}

HeaderPairs read_connect_headers(const Node& node, Findings& findings) {
  // Go leaves these out of what it sends.
  static constexpr std::array left_out = {"content-length", "host", "trailer", "transfer-encoding"};
  HeaderPairs headers;
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    if (entry.value.is_null()) continue;
    const std::vector<Node> items = entry.value.sequence_or_one();
    if (!is_header_name(entry.key) || contains(left_out, lower(entry.key))) {
      findings.warn(entry.key_node, "not a header that can be sent to a proxy: it is left out");
      continue;
    }
    for (const Node& item : items) {
      std::string value = item.string_or_empty();
      if (!is_header_value(value)) {
        findings.warn(item,
                      "a header's value is one line: each control character is sent as a blank");
        std::replace_if(
            value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
      }
      headers.emplace_back(entry.key, std::move(value));
    }
  }
  return headers;
}

std::string describe_http_headers(const std::vector<HttpHeader>& headers,
                                  const std::string& indent) {
  std::string out;
  for (const HttpHeader& header : headers) {
    std::string files;
    for (const std::string& file : header.files)
      files += (files.empty() ? "" : ", ") + quoted(file);
    std::string kinds = header.values.empty() ? "" : "values: [<hidden>]";
    if (!files.empty()) kinds += (kinds.empty() ? "" : ", ") + ("files: [" + files + "]");
    out += fmt::format("{}{}: {{{}}}", out.empty() ? "" : ", ", header.name, kinds);
  }
  return out.empty() ? out : indent + "http_headers: {" + out + "}\n";
}

}  // namespace mread::config
