#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/yaml.h"
#include "config/findings.h"

namespace mread::config {

/// One entry of `http_headers:`. Every value is sent in a line of its own, those of the files last.
struct HttpHeader {
  std::string name;
  std::vector<std::string> values;  ///< `values:`, then `secrets:`
  /// Read again for each request, white space around the contents taken off.
  std::vector<std::string> files;
};

using HeaderPairs = std::vector<std::pair<std::string, std::string>>;

/// `headers:` of an entry of `remote_read:`. Throws yaml::ConfigError for what Prometheus reserves.
HeaderPairs read_headers(const yaml::Node& node, Findings& findings);
/// `http_headers:` of Prometheus 2.53 and later.
std::vector<HttpHeader> read_http_headers(const yaml::Node& node, Findings& findings);
/// `proxy_connect_header:`
HeaderPairs read_connect_headers(const yaml::Node& node, Findings& findings);

/// The line of Config::describe() for `http_headers:`, behind `indent`; values are left out. Empty
/// for none.
std::string describe_http_headers(const std::vector<HttpHeader>& headers,
                                  const std::string& indent);

}  // namespace mread::config
