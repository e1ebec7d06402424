#include <string_view>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/shown_url.h"
#include "merger/config.h"
#include "merger/config_reader.h"
#include "merger/config_text.h"
#include "merger/config_transport.h"
#include "model/matcher.h"

namespace mread::merger {
namespace {

std::string pairs(const std::vector<std::pair<std::string, std::string>>& entries, bool hide_values) {
  std::string out;
  for (const auto& [name, value] : entries) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, hide_values ? "<hidden>" : quoted(value));
  }
  return "{" + out + "}";
}

}  // namespace

std::string Config::describe() const {
  std::string out = fmt::format("listen: {}\nremote_read:\n", listen);
  for (const Backend& backend : backends) {
    out += fmt::format("  - name: {}\n    url: {}\n    remote_timeout: {}\n    chunked_read_limit: {}\n",
                       quoted(backend.name), quoted(shown_url(backend.url)), format_duration(backend.timeout),
                       backend.chunked_read_limit);
    if (!backend.headers.empty()) out += fmt::format("    headers: {}\n", pairs(backend.headers, true));
    out += describe_http_headers(backend.http_headers, "    ");
    out += describe_credentials(backend.credentials, "    ");
    if (!backend.required_matchers.empty()) {
      out += fmt::format("    required_matchers: {}\n", pairs(backend.required_matchers, false));
    }
    if (!backend.follow_redirects) out += "    follow_redirects: false\n";
    out += describe_transport(backend.transport, "    ");
    if (!backend.unusable.empty()) out += fmt::format("    # every read of it fails: {}\n", backend.unusable);
  }
  std::string anchored_names;
  for (const Backend& backend : backends) {
    if (backend.anchor_regex) anchored_names += (anchored_names.empty() ? "" : ", ") + quoted(backend.name);
  }
  out += fmt::format("anchor_regex: [{}]\n", anchored_names);
  out += "groups:\n";
  for (const Group& group : groups) {
    std::string members;
    for (const size_t member : group.members) members += (members.empty() ? "" : ", ") + quoted(backends[member].name);
    out += fmt::format("  - {{name: {}, members: [{}], need: {}, wait: {}{}}}\n", quoted(group.name), members,
                       group.need, group.wait == Group::Wait::all ? "all" : "need",
                       group.hedge_after ? ", hedge_after: " + to_string(*group.hedge_after) : "");
  }
  if (!routes.empty()) out += "routes:\n";
  for (const Route& route : routes) {
    std::string names;
    for (const size_t group : route.groups) names += (names.empty() ? "" : ", ") + quoted(groups[group].name);
    out += fmt::format("  - {{match: {}, groups: [{}]}}\n", quoted(model::to_string(route.match)), names);
  }
  std::string replica_names;
  for (const std::string& label : replica_labels) replica_names += (replica_names.empty() ? "" : ", ") + quoted(label);
  out += fmt::format(
      "merge: {{replica_labels: [{}], dedup: {}, on_conflict: {}, chunk_encodings: {}, repair_limit: {}, "
      "verify_chunks: {}}}\npartial: {}\n",
      replica_names, to_string(dedup), to_string(on_conflict), to_string(chunk_encodings), repair_limit, verify_chunks,
      to_string(partial));
  out += fmt::format(
      "limits: {{concurrent_reads: {}, queue: {}, queue_wait: {}, single_flight: {}, queries: {}, matchers: {}, "
      "queries_at_once: {}, series: {}, samples: {}, "
      "bytes_in_flight: {}, total_bytes_in_flight: {}, query_range: {}, connections: {}, request_bodies: {}, "
      "request_bytes: {}, warnings: {}, client_rate: {}, client_patience: {}}}\n",
      limits.concurrent_reads, limits.queue, format_duration(limits.queue_wait), limits.single_flight, limits.queries,
      limits.matchers, limits.queries_at_once, limits.series, limits.samples, limits.bytes_in_flight,
      limits.total_bytes_in_flight, format_duration(limits.query_range), limits.connections, limits.request_bodies,
      limits.request_bytes, limits.warnings, limits.client_rate, format_duration(limits.client_patience));
  if (!limits.share_of.empty()) {
    out += fmt::format("#{}{}{}: by default, {} of {}\n", limits.bytes_given ? "" : " bytes_in_flight",
                       limits.bytes_given || limits.total_bytes_given ? "" : " and",
                       limits.total_bytes_given ? "" : " total_bytes_in_flight",
                       limits.bytes_given         ? "half"
                       : limits.total_bytes_given ? "a quarter"
                                                  : "a quarter and half",
                       limits.share_of);
  }
  // Its backends stand above, so this is not part of what describes the same again.
  if (discovery) {
    out += fmt::format("# discovery: {{file: {}, refresh: {}}}\n", quoted(discovery->file),
                       format_duration(discovery->refresh));
  }
  if (health) {
    out += fmt::format("health: {{probe: {}, open_after: {}, path: {}, hung_after: {}}}\n",
                       format_duration(health->probe), health->open_after,
                       health->path.empty() ? "none" : quoted(health->path), format_duration(health->hung_after));
  }
  if (prune) out += describe_prune(*this);
  out += describe_web(web);
  if (!query_log_file.empty()) out += fmt::format("query_log_file: {}\n", quoted(query_log_file));
  return out;
}

const char* to_string(OnConflict on_conflict) {
  switch (on_conflict) {
    case OnConflict::first:
      return "first";
    case OnConflict::max:
      return "max";
    case OnConflict::min:
      return "min";
    case OnConflict::live:
      return "live";
  }
  return "first";
}

std::string to_string(const HedgeAfter& after) {
  if (after.quantile == 0) return format_duration(after.delay);
  return fmt::format("p{:.0f}", after.quantile * 100);
}

const char* to_string(Dedup dedup) { return dedup == Dedup::gapfill ? "gapfill" : "union"; }

const char* to_string(ChunkEncodings encodings) { return encodings == ChunkEncodings::newer ? "newer" : "compatible"; }

const char* to_string(PartialPolicy policy) {
  switch (policy) {
    case PartialPolicy::all:
      return "all";
    case PartialPolicy::group:
      return "group";
    case PartialPolicy::any:
      return "any";
  }
  return "group";
}

}  // namespace mread::merger
