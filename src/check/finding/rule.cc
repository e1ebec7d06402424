#include "check/finding/rule.h"

#include <array>
#include <string>

#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>

namespace mread::check {
namespace {

constexpr auto error = Severity::error;
constexpr auto warning = Severity::warning;
constexpr auto info = Severity::info;

constexpr std::array<Rule, 36> rule_table = {{
    {RuleId::read_recent_off, "MR001", "read-recent-off", error,
     "A node with data of its own reads without read_recent",
     "Prometheus skips the backend for the time that the node's own TSDB covers. The node has data "
     "of its own because it scrapes or evaluates rules, so the backend's recent samples are "
     "missing, without a warning.",
     "Set read_recent: true, or take scrape_configs and rule_files off the query node."},
    {RuleId::external_labels_filter, "MR002", "external-labels-filter", error,
     "The query node's external labels hide every series without them",
     "filter_external_labels is on by default: Prometheus adds the node's external_labels to each "
     "selector that it sends. A backend answers with the series that carry these labels, which are "
     "often none.",
     "Set filter_external_labels: false, or take external_labels off the query node."},
    {RuleId::hung_backend_hides_others, "MR003", "hung-backend-hides-others", error,
     "A backend that hangs takes the other backends' data with it",
     "Prometheus reads all bodies under deadlines that began when the requests were sent, and "
     "waits "
     "for the hung backend first. The healthy backends' deadlines run out meanwhile: the answer is "
     "an error, half of the data, or empty with status 200.",
     "Read one URL of mread serve in place of several backends."},
    {RuleId::query_timeout_reached, "MR004", "query-timeout-reached", warning,
     "A hung backend makes expressions run into query.timeout",
     "The selectors of an expression are read one after another, and each waits for "
     "remote_timeout. "
     "Their sum reaches query.timeout, so the expression fails while a backend hangs.",
     "Lower remote_timeout, raise --query.timeout, or put mread serve in front."},
    {RuleId::interval_reached, "MR005", "interval-reached", warning,
     "A hung backend makes rule groups miss evaluations",
     "The rules of a group are evaluated one after another, and each selector waits for "
     "remote_timeout. Their sum reaches the group's interval, so evaluations are skipped while a "
     "backend hangs.",
     "Lower remote_timeout, split the group, raise its interval, or put mread serve in front."},
    {RuleId::rules_on_partial_data, "MR006", "rules-on-partial-data", error,
     "Rules are evaluated on partial data in silence",
     "A backend that fails is a warning of the query, and rule evaluation throws warnings away. "
     "Alerts do not fire, or fire falsely, and recorded series have wrong values; nothing says so.",
     "Evaluate the rules on the collectors, or read through mread serve, which covers a lost "
     "replica, and alert on its own metrics: Prometheus has none of reads that hang."},
    {RuleId::required_matchers_unused, "MR007", "required-matchers-unused", warning,
     "No selector carries the required_matchers, so the backend is never asked",
     "Prometheus asks the backend only for selectors that have each of the required_matchers as an "
     "equality. It skips all others without a warning.",
     "Take required_matchers off the entry, or write the labels into the selectors."},
    {RuleId::same_url_twice, "MR008", "same-url-twice", warning, "The same URL is read twice",
     "Each selector is sent to the backend once for each entry. The answers are merged, so nothing "
     "is gained, and the backend does the work twice.",
     "Keep one of the entries."},
    {RuleId::no_redundancy, "MR009", "no-redundancy", info,
     "There is no second backend on another host", "If the host is lost, so is all data.",
     "Add a second collector that scrapes the same targets, on another host."},
    {RuleId::url_without_read_path, "MR010", "url-without-read-path", error,
     "The URL has no path that serves remote reads",
     "Prometheus posts to the URL as it stands and adds no path. The backend answers with an "
     "error, "
     "and its data is missing with a warning.",
     "Write the whole address: http://HOST:9090/api/v1/read for a Prometheus."},
    {RuleId::victoria_metrics, "MR011", "victoria-metrics", error,
     "VictoriaMetrics serves no remote reads",
     "Each read fails, and the backend's data is missing with a warning.",
     "Query VictoriaMetrics by its PromQL API, as a data source of its own."},
    {RuleId::influxdb_regex, "MR012", "influxdb-regex", error,
     "InfluxDB 1.x does not anchor regular expressions",
     "It finds a regular expression anywhere in a value: {job=~\"api\"} returns rapid too, and "
     "{job!~\"a\"} leaves out api. Prometheus believes the answer.",
     "Read it through mread serve, which anchors the expressions, or anchor each of them by hand: "
     "=~\"^(?:api)$\"."},
    {RuleId::exposed_credentials, "MR013", "exposed-credentials", error,
     "Credentials are readable by others",
     "A password in a URL is visible in logs, error texts and the web interface. Over http to "
     "another host, whoever sees the packets reads the credentials.",
     "Use basic_auth or authorization with a file, and https."},
    {RuleId::missing_secret_file, "MR014", "missing-secret-file", error,
     "A file with credentials does not exist",
     "Prometheus starts all the same. Each read of the backend fails with a warning.",
     "Create the file, or correct the path; a relative one begins at the configuration's folder."},
    {RuleId::readable_secret_file, "MR015", "readable-secret-file", warning,
     "Everybody on the machine may read a file with credentials",
     "Any user and any process of the machine can take the secret.",
     "chmod o-r FILE, with Prometheus's user as its owner or group."},
    {RuleId::unverified_tls, "MR016", "unverified-tls", warning,
     "The backend's certificate is not verified",
     "Whoever sits on the path can pose as the backend, read the credentials, and answer with any "
     "data.",
     "Take insecure_skip_verify away, and name the authority with tls_config: ca_file."},
    {RuleId::redirected_credentials, "MR017", "redirected-credentials", warning,
     "Credentials follow redirects to other hosts",
     "Before 3.13, Prometheus sends the credentials on to the host that a redirect names. From "
     "3.13 "
     "on it drops them there, and reads that relied on it fail.",
     "Set follow_redirects: false, and write the URL that the backend redirects to."},
    {RuleId::unusable_transport, "MR018", "unusable-transport", error,
     "Prometheus accepts this connection setting, and no read succeeds with it",
     "promtool check config passes the file, and each read of the backend fails with a warning.",
     "Correct the value."},
    {RuleId::snappy_bomb, "MR019", "snappy-bomb", error, "The collector is open to CVE-2026-42154",
     "A request of a few bytes can claim a snappy block of gigabytes, and the collector takes the "
     "memory for it.",
     "Update the collector to 3.5.3, to 3.11.3, or to a later version."},
    {RuleId::newer_encodings, "MR020", "newer-encodings", error,
     "The query node cannot read the chunks that the collector writes",
     "The collector sends XOR2 chunks, or histograms with start times, as it stores them. An older "
     "query node fails the whole query: invalid chunk encoding.",
     "Update the query node first, or put mread serve in front, which writes the older encodings."},
    {RuleId::float_histograms, "MR021", "float-histograms", error,
     "The query node cannot read float histograms",
     "Prometheus 2.53 fails the whole query when an answer has a float histogram, and 2.42 loses "
     "the "
     "series without a warning.",
     "Update the query node to 3.5, or read through mread serve."},
    {RuleId::lost_custom_buckets, "MR022", "lost-custom-buckets", warning,
     "Histograms with custom buckets arrive without their bounds",
     "A query node before 2.55 asks for samples, and a collector before 3.10 leaves the bounds out "
     "of them. Quantiles are NaN.",
     "Update the query node to 2.55 or later, or the collector to 3.10 or later."},
    {RuleId::frame_above_limit, "MR023", "frame-above-limit", error,
     "The collector's frames are larger than the query node takes",
     "Each answer with a frame above chunked_read_limit fails.",
     "Raise chunked_read_limit above the collector's --storage.remote.read-max-bytes-in-frame."},
    {RuleId::sample_limit, "MR024", "sample-limit", warning,
     "Selectors reach the collector's sample limit",
     "A query node before 2.55 asks for samples, and a collector refuses an answer of more than "
     "--storage.remote.read-sample-limit of them. Its data is missing with a warning.",
     "Shorten the range, narrow the selector, or update the query node to 2.55 or later."},
    {RuleId::collector_gate, "MR025", "collector-gate", warning,
     "The query nodes can ask more at once than a collector answers",
     "A collector answers 10 reads at a time. Others wait, and the wait counts against "
     "remote_timeout; no metric of the collector shows it.",
     "Lower --query.max-concurrency, or raise the collector's "
     "--storage.remote.read-concurrent-limit."},
    {RuleId::replica_external_labels, "MR026", "replica-external-labels", error,
     "Replicas differ in an external label, so every series counts twice",
     "A collector adds its external labels to what it serves. The replicas' series are different "
     "ones to the query node: sums and counts double.",
     "Take the label off the collectors, or read through mread serve with merge: replica_labels."},
    {RuleId::unmerged_replicas, "MR027", "unmerged-replicas", warning,
     "Two collectors scrape the same targets, and no merge knows it",
     "They scrape at different moments. Prometheus keeps the samples of both: count_over_time "
     "doubles, rate is wrong where a counter's values cross, and equal timestamps take a random "
     "value.",
     "Read through mread serve with the collectors in one group and merge: dedup: gapfill."},
    {RuleId::regex_on_external_label, "MR028", "regex-on-external-label", error,
     "A selector matches an external label by something else than =",
     "A collector has no external labels in its TSDB. It rewrites equalities with them, but not "
     "=~, "
     "!= and !~: it searches its series for the label, and finds none, or all.",
     "Write an equality, or give the label to the targets by relabelling."},
    {RuleId::reads_in_a_row, "MR029", "reads-in-a-row", error, "A backend itself reads remotely",
     "A Prometheus serves what it reads from others too. Data comes twice, each level waits for "
     "its own timeout, and a cycle asks itself until a timeout ends it.",
     "Read the collectors directly."},
    {RuleId::federated_query_node, "MR030", "federated-query-node", error,
     "A query node is federated, and serves none of what it reads remotely",
     "/federate serves the local TSDB only.", "Federate from the collectors."},
    {RuleId::empty_label_pickers, "MR031", "empty-label-pickers", info,
     "Label pickers of dashboards stay empty",
     "Names and values of labels cannot be read remotely. The node has no data of its own, so its "
     "labels API returns nothing; queries work.",
     "Let dashboards take label values from a collector, or from a query: query_result(…)."},
    {RuleId::scraped_twice, "MR032", "scraped-twice", warning,
     "The query node scrapes what its collectors scrape",
     "The node's own samples and the collector's are merged, at different timestamps: "
     "count_over_time doubles.",
     "Take the job off the query node."},
    {RuleId::warnings_url_differs, "MR033", "warnings-url-differs", error,
     "The two URLs of an mread serve are not asked for the same selectors",
     "The warnings URL answers for the read of the same selector. With other required_matchers or "
     "read_recent, it is asked without a read, or a read's warning is never fetched.",
     "Give both entries the same required_matchers and read_recent."},
    {RuleId::unequal_timeouts, "MR034", "unequal-timeouts", info,
     "Replicas have different timeouts",
     "While the one with the longer timeout hangs, reads take longer than while the other does.",
     "Give the members of a group the same remote_timeout."},
    {RuleId::serve_timeout, "MR035", "serve-timeout", error,
     "The query node gives up before mread serve does",
     "mread serve waits for its slowest backend up to that backend's remote_timeout. The query "
     "node "
     "gives up earlier, and loses the answer that the other backends gave.",
     "Set the node's remote_timeout above the longest remote_timeout of the mread.yml."},
    {RuleId::every_query_asks_all, "MR036", "every-query-asks-all", info,
     "Every query asks more than ten backends",
     "No route, group or required matcher tells the backends apart, so each selector is sent to "
     "all "
     "of them, whatever they hold.",
     "Use prune: or routes: of mread serve, or required_matchers."},
}};

}  // namespace

std::string_view to_string(Severity severity) {
  constexpr std::array<std::string_view, 3> words{"info", "warning", "error"};
  return words[static_cast<size_t>(severity)];
}

std::span<const Rule> all_rules() { return rule_table; }

const Rule& rule_of(RuleId id) { return rule_table[static_cast<size_t>(id) - 1]; }

std::optional<RuleId> rule_called(std::string_view code) {
  for (const Rule& rule : rule_table) {
    if (boost::algorithm::iequals(rule.code, code)) return rule.id;
  }
  return std::nullopt;
}

std::string page_of(const Rule& rule) {
  return "docs/reference/check-rules.md#" + boost::algorithm::to_lower_copy(std::string(rule.code));
}

}  // namespace mread::check
