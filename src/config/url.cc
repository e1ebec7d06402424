#include "config/url.h"

#include <algorithm>

#include <fmt/format.h>

namespace mread::config {

GoUrl read_url(const yaml::Node& node, Findings& findings) {
  auto url = parse_go_url(node.string());
  if (!url)
    node.error(fmt::format("not a URL: {} (want http://HOST:PORT/PATH)", url.error().context));
  if (!url->is_web()) {
    findings.no_read_succeeds(node, "want an http or https URL with a host, http://HOST:PORT/PATH");
  } else if (std::any_of(url->host.begin(), url->host.end(),
                         [](unsigned char c) { return c >= 0x80; })) {
    findings.warn(node, "a host's name is looked up as it stands: write it in ASCII (xn--…)");
  }
  return *std::move(url);
}

}  // namespace mread::config
