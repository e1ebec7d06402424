#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace mread::check {

enum class Severity { info, warning, error };

/// "info", "warning", "error".
std::string_view to_string(Severity severity);

/// What is looked for. The numbers are those of the names: 1 is MR001.
enum class RuleId {
  read_recent_off = 1,
  external_labels_filter,
  hung_backend_hides_others,
  query_timeout_reached,
  interval_reached,
  rules_on_partial_data,
  required_matchers_unused,
  same_url_twice,
  no_redundancy,
  url_without_read_path,
  victoria_metrics,
  influxdb_regex,
  exposed_credentials,
  missing_secret_file,
  readable_secret_file,
  unverified_tls,
  redirected_credentials,
  unusable_transport,
  snappy_bomb,
  newer_encodings,
  float_histograms,
  lost_custom_buckets,
  frame_above_limit,
  sample_limit,
  collector_gate,
  replica_external_labels,
  unmerged_replicas,
  regex_on_external_label,
  reads_in_a_row,
  federated_query_node,
  empty_label_pickers,
  scraped_twice,
  warnings_url_differs,
  unequal_timeouts,
  serve_timeout,
  every_query_asks_all,
};

/// A rule as reports and docs present it.
struct Rule {
  RuleId id;
  std::string_view code;    ///< "MR001"
  std::string_view name;    ///< "read-recent-off"
  Severity severity;        ///< of its findings, where they do not say otherwise
  std::string_view title;   ///< one sentence without a period: what is wrong
  std::string_view effect;  ///< what happens to queries
  std::string_view mend;    ///< what to do
};

/// All rules, in the order of their codes.
std::span<const Rule> all_rules();
const Rule& rule_of(RuleId id);
/// By its code, in capital or small letters.
std::optional<RuleId> rule_called(std::string_view code);

/// "docs/reference/check-rules.md#mr001"
std::string page_of(const Rule& rule);

}  // namespace mread::check
