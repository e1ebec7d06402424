#include <string_view>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/shown_url.h"
#include "config/config.h"
#include "config/reader.h"
#include "config/text.h"
#include "config/transport.h"
#include "model/matcher.h"

namespace mread::config {
namespace {

std::string pairs(const std::vector<std::pair<std::string, std::string>>& entries,
                  bool hide_values) {
  std::string out;
  for (const auto& [name, value] : entries) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name,
                       hide_values ? "<hidden>" : quoted(value));
  }
  return "{" + out + "}";
}

}  // namespace

std::string Config::describe() const {
  std::string out = fmt::format("listen: {}\nremote_read:\n", listen);
  for (size_t i = 0; i < backends.size(); ++i) {
    const merger::Backend& backend = backends[i];
    const Endpoint& endpoint = endpoints[i];
    out += fmt::format(
        "  - name: {}\n    url: {}\n    remote_timeout: {}\n    chunked_read_limit: {}\n",
        quoted(backend.name), quoted(shown_url(endpoint.url)), format_duration(backend.timeout),
        backend.chunked_read_limit);
    if (!endpoint.headers.empty())
      out += fmt::format("    headers: {}\n", pairs(endpoint.headers, true));
    out += describe_http_headers(endpoint.http_headers, "    ");
    out += describe_credentials(endpoint.credentials, "    ");
    if (!backend.required_matchers.empty()) {
      out += fmt::format("    required_matchers: {}\n", pairs(backend.required_matchers, false));
    }
    if (!endpoint.follow_redirects) out += "    follow_redirects: false\n";
    out += describe_transport(endpoint.transport, "    ");
    if (!endpoint.unusable.empty())
      out += fmt::format("    # every read of it fails: {}\n", endpoint.unusable);
  }
  std::string anchored_names;
  for (const merger::Backend& backend : backends) {
    if (backend.anchor_regex)
      anchored_names += (anchored_names.empty() ? "" : ", ") + quoted(backend.name);
  }
  out += fmt::format("anchor_regex: [{}]\n", anchored_names);
  out += "groups:\n";
  for (const merger::Group& group : groups) {
    std::string members;
    for (const size_t member : group.members)
      members += (members.empty() ? "" : ", ") + quoted(backends[member].name);
    out +=
        fmt::format("  - {{name: {}, members: [{}], need: {}, wait: {}{}}}\n", quoted(group.name),
                    members, group.need, group.wait == merger::Group::Wait::all ? "all" : "need",
                    group.hedge_after ? ", hedge_after: " + to_string(*group.hedge_after) : "");
  }
  if (!routes.empty()) out += "routes:\n";
  for (const merger::Route& route : routes) {
    std::string names;
    for (const size_t group : route.groups)
      names += (names.empty() ? "" : ", ") + quoted(groups[group].name);
    out += fmt::format("  - {{match: {}, groups: [{}]}}\n", quoted(model::to_string(route.match)),
                       names);
  }
  std::string replica_names;
  for (const std::string& label : replica_labels)
    replica_names += (replica_names.empty() ? "" : ", ") + quoted(label);
  out += fmt::format(
      "merge: {{replica_labels: [{}], dedup: {}, on_conflict: {}, chunk_encodings: {}, "
      "repair_limit: {}, "
      "verify_chunks: {}}}\npartial: {}\n",
      replica_names, to_string(dedup), to_string(on_conflict), to_string(chunk_encodings),
      repair_limit, verify_chunks, to_string(partial));
  out += fmt::format(
      "limits: {{concurrent_reads: {}, queue: {}, queue_wait: {}, single_flight: {}, queries: {}, "
      "matchers: {}, "
      "queries_at_once: {}, series: {}, samples: {}, "
      "bytes_in_flight: {}, total_bytes_in_flight: {}, query_range: {}, connections: {}, "
      "request_bodies: {}, "
      "request_bytes: {}, warnings: {}, client_rate: {}, client_patience: {}}}\n",
      server_limits.concurrent_reads, server_limits.queue,
      format_duration(server_limits.queue_wait), server_limits.read_sharing, limits.queries,
      limits.matchers, limits.queries_at_once, limits.series, limits.samples,
      limits.bytes_in_flight, server_limits.total_bytes_in_flight,
      format_duration(limits.query_range), server_limits.connections, server_limits.request_bodies,
      server_limits.request_bytes, server_limits.warnings, server_limits.client_rate,
      format_duration(server_limits.client_patience));
  if (!server_limits.share_of.empty()) {
    out += fmt::format("#{}{}{}: by default, {} of {}\n",
                       server_limits.bytes_given ? "" : " bytes_in_flight",
                       server_limits.bytes_given || server_limits.total_bytes_given ? "" : " and",
                       server_limits.total_bytes_given ? "" : " total_bytes_in_flight",
                       server_limits.bytes_given         ? "half"
                       : server_limits.total_bytes_given ? "a quarter"
                                                         : "a quarter and half",
                       server_limits.share_of);
  }
  // Its backends stand above, so this is not part of what describes the same again.
  if (discovery) {
    out += fmt::format("# discovery: {{file: {}, refresh: {}}}\n", quoted(discovery->file),
                       format_duration(discovery->refresh));
  }
  if (health) {
    out += fmt::format("health: {{probe: {}, open_after: {}, path: {}, hung_after: {}}}\n",
                       format_duration(health->probe), health->open_after,
                       health->path.empty() ? "none" : quoted(health->path),
                       format_duration(health->hung_after));
  }
  if (prune) out += describe_prune(*this);
  out += describe_clients(*this);
  out += describe_web(web);
  if (!query_log_file.empty()) out += fmt::format("query_log_file: {}\n", quoted(query_log_file));
  return out;
}

}  // namespace mread::config
