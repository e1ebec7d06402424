#include <string>
#include <utility>
#include <vector>

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

template <typename Range, typename NameOf>
std::string list_of(const Range& range, const NameOf& name_of) {
  std::string out;
  for (const auto& entry : range) out += (out.empty() ? "" : ", ") + quoted(name_of(entry));
  return out;
}

std::string describe_backend(const merger::Backend& backend, const Endpoint& endpoint) {
  std::string out =
      fmt::format("  - name: {}\n    url: {}\n    remote_timeout: {}\n    chunked_read_limit: {}\n",
                  quoted(backend.name), quoted(shown_url(endpoint.url)),
                  format_duration(backend.timeout), backend.chunked_read_limit);
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
  return out;
}

std::string describe_backends(const Config& config) {
  std::string out = "remote_read:\n";
  for (size_t i = 0; i < config.backends.size(); ++i)
    out += describe_backend(config.backends[i], config.endpoints[i]);
  std::string anchored;
  for (const merger::Backend& backend : config.backends) {
    if (backend.anchor_regex) anchored += (anchored.empty() ? "" : ", ") + quoted(backend.name);
  }
  return out + fmt::format("anchor_regex: [{}]\n", anchored);
}

std::string describe_groups(const Config& config) {
  std::string out = "groups:\n";
  for (const merger::Group& group : config.groups) {
    out += fmt::format(
        "  - {{name: {}, members: [{}], need: {}, wait: {}{}}}\n", quoted(group.name),
        list_of(group.members, [&](size_t member) { return config.backends[member].name; }),
        group.need, group.wait == merger::Group::Wait::all ? "all" : "need",
        group.hedge_after ? ", hedge_after: " + to_string(*group.hedge_after) : "");
  }
  return out;
}

std::string describe_routes(const Config& config) {
  std::string out = config.routes.empty() ? "" : "routes:\n";
  for (const merger::Route& route : config.routes) {
    out +=
        fmt::format("  - {{match: {}, groups: [{}]}}\n", quoted(model::to_string(route.match)),
                    list_of(route.groups, [&](size_t group) { return config.groups[group].name; }));
  }
  return out;
}

std::string describe_merge(const Config& config) {
  return fmt::format(
      "merge: {{replica_labels: [{}], dedup: {}, on_conflict: {}, chunk_encodings: {}, "
      "repair_limit: {}, verify_chunks: {}}}\npartial: {}\n",
      list_of(config.replica_labels, [](const std::string& label) { return label; }),
      to_string(config.dedup), to_string(config.on_conflict), to_string(config.chunk_encodings),
      config.repair_limit, config.verify_chunks, to_string(config.partial));
}

// Which limits are shares of the machine's memory, as a comment.
std::string describe_memory_shares(const ServerLimits& limits) {
  if (limits.share_of.empty()) return {};
  return fmt::format("#{}{}{}: by default, {} of {}\n",
                     limits.bytes_given ? "" : " bytes_in_flight",
                     limits.bytes_given || limits.total_bytes_given ? "" : " and",
                     limits.total_bytes_given ? "" : " total_bytes_in_flight",
                     limits.bytes_given         ? "half"
                     : limits.total_bytes_given ? "a quarter"
                                                : "a quarter and half",
                     limits.share_of);
}

std::string describe_limits(const Config& config) {
  const merger::Limits& read = config.limits;
  const ServerLimits& server = config.server_limits;
  return fmt::format(
             "limits: {{concurrent_reads: {}, queue: {}, queue_wait: {}, single_flight: {}, "
             "queries: {}, matchers: {}, queries_at_once: {}, series: {}, samples: {}, "
             "bytes_in_flight: {}, total_bytes_in_flight: {}, query_range: {}, connections: {}, "
             "request_bodies: {}, request_bytes: {}, warnings: {}, client_rate: {}, "
             "client_patience: {}}}\n",
             server.concurrent_reads, server.queue, format_duration(server.queue_wait),
             server.read_sharing, read.queries, read.matchers, read.queries_at_once, read.series,
             read.samples, read.bytes_in_flight, server.total_bytes_in_flight,
             format_duration(read.query_range), server.connections, server.request_bodies,
             server.request_bytes, server.warnings, server.client_rate,
             format_duration(server.client_patience)) +
         describe_memory_shares(server);
}

// The backends of the file stand under remote_read, so the file itself is a comment: what is
// described must load to the same again.
std::string describe_discovery(const Discovery& discovery) {
  return fmt::format("# discovery: {{file: {}, refresh: {}}}\n", quoted(discovery.file),
                     format_duration(discovery.refresh));
}

std::string describe_health(const merger::HealthSettings& health) {
  return fmt::format("health: {{probe: {}, open_after: {}, path: {}, hung_after: {}}}\n",
                     format_duration(health.probe), health.open_after,
                     health.path.empty() ? "none" : quoted(health.path),
                     format_duration(health.hung_after));
}

}  // namespace

std::string Config::describe() const {
  std::string out = fmt::format("listen: {}\n", listen);
  out += describe_backends(*this);
  out += describe_groups(*this);
  out += describe_routes(*this);
  out += describe_merge(*this);
  out += describe_limits(*this);
  if (discovery) out += describe_discovery(*discovery);
  if (health) out += describe_health(*health);
  if (prune) out += describe_prune(*this);
  out += describe_clients(*this);
  out += describe_web(web);
  if (!query_log_file.empty()) out += fmt::format("query_log_file: {}\n", quoted(query_log_file));
  return out;
}

}  // namespace mread::config
