#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/matcher.h"
#include "model/series.h"
#include "scenarios/engine/engine.h"
#include "scenarios/language/comparison.h"
#include "scenarios/language/matrix.h"
#include "scenarios/model/exactness.h"
#include "scenarios/model/invariant.h"
#include "scenarios/model/pattern.h"
#include "scenarios/model/rule_set.h"
#include "scenarios/nodes/certificates.h"
#include "scenarios/nodes/node_kind.h"

namespace mread::scenarios {

using std::chrono::milliseconds;

/// One entry of `timeline:`: a fault put on a node, or an act done to it.
struct TimelineEntry {
  milliseconds at{0};
  std::optional<milliseconds> lasts;  ///< `for:`
  std::string phase;                  ///< of the step that it belongs to
  std::string node;                   ///< empty: nothing is done, the entry only opens its phase
  std::optional<Act> act;
  /// The faults as JSON objects with commas in between; set where `act` is not.
  std::string fault;
  int line = 0;
};

/// `expect:` of a check: what an answer must say in addition to its data.
struct Expectation {
  enum class Kind { no_warn, warn, no_info, info, fail };
  Kind kind = Kind::no_warn;
  std::optional<Pattern> pattern;
};

/// An item of `exp_samples:`: a series of the answer with its value, a float or a native histogram
/// (promtool's notation).
struct ExpectedSample {
  model::LabelSet labels;
  std::string labels_text;
  std::optional<double> value;
  std::optional<model::Histogram> histogram;
};

/// An item of `exp_alerts:`, in promtool's words: all labels of an alert, and its annotations if
/// they are judged.
struct ExpectedAlert {
  model::LabelSet labels;
  std::optional<model::LabelSet> annotations;
};

/// `min_duration:` and `max_duration:`: a sum of a fixed time and a multiple of the same check's
/// median duration in the phase `before`.
struct DurationBound {
  milliseconds fixed{0};
  double baseline = 0;
  std::string text;
};

/// A PromQL query, a remote read, a look at the alerts of an Alertmanager, or the alerts that the
/// rules of the test make, with everything that the answer must be.
struct Check {
  enum class Kind { promql, read, alerts, rule_alerts };
  Kind kind = Kind::promql;
  std::string expr;  ///< PromQL, or the selector of a read or of alerts
  std::vector<model::Matcher> matchers;
  std::string name;  ///< for the report; `expr` where the file gives none
  int line = 0;

  std::string node;
  std::optional<milliseconds> eval_time;  ///< from start_timestamp; nothing is "now"
  struct Range {
    milliseconds start{0};
    milliseconds end{0};
    milliseconds step{0};
  };
  std::optional<Range> range;                        ///< of a range query
  std::optional<milliseconds> read_start, read_end;  ///< of a read, from start_timestamp
  bool stream = true;

  std::vector<std::string> during;
  int repeat = 1;
  std::optional<milliseconds> eventually;
  std::optional<milliseconds> timeout;
  bool oracle = true;  ///< the oracles judge it too; false: `oracle: false`

  std::optional<std::vector<ExpectedSample>> samples;
  Exactness exactness = Exactness::nearly;  ///< of `samples` and `range_series`
  bool is_ordered = false;                  ///< the answer has `samples` in this order
  std::string answer_type;                  ///< "scalar", "vector", "matrix", "string"; empty: any
  std::optional<std::string> text;          ///< of an answer that is a string
  /// Of a range query: the series with their samples.
  std::optional<std::vector<model::Series>> range_series;
  std::optional<ExpectedRuleAlerts> rule_alerts;     ///< of Kind::rule_alerts
  std::optional<std::vector<ExpectedAlert>> alerts;  ///< `exp_alerts:`
  std::optional<Comparison> count;                   ///< `exp_count:` / `exp_series:`
  std::optional<Comparison> sample_count;            ///< `exp_samples:` of a read
  std::vector<Comparison> values;                    ///< `exp_value:`
  std::optional<Comparison> distinct;                ///< `exp_distinct:`
  struct SameAs {
    std::string expr;
    std::string node;
  };
  std::optional<SameAs> same_as;
  std::vector<Expectation> expect;
  std::map<std::string, Comparison> requests;  ///< `exp_requests:` by mock
  /// `exp_partial:`; an empty text means that nothing may be left out.
  std::optional<Pattern> partial;
  std::optional<DurationBound> min_duration, max_duration;

  bool expects(Expectation::Kind what) const;
};

/// `load:`: requests that leave at their intended times, however earlier ones ended.
struct LoadQuery {
  std::string expr;
  /// A range query over so much time before the evaluation time, in steps.
  std::optional<milliseconds> range;
  milliseconds step{0};
};

/// A part of a ramp: the rate, or the number of virtual users, goes to `target` in a straight line.
struct LoadStage {
  milliseconds duration{0};
  double target = 0;
};

/// The executors and their keys are k6's.
struct Load {
  static constexpr size_t most_requests = 1'000'000;
  static constexpr size_t most_users = 1'000;

  enum class Executor { constant_arrival_rate, ramping_arrival_rate, constant_vus, ramping_vus };

  std::string node;
  std::vector<LoadQuery> queries;         ///< asked in turn
  std::optional<milliseconds> eval_time;  ///< none: now
  Executor executor = Executor::constant_arrival_rate;
  double rate = 1;  ///< a second; of a ramp: at its begin
  size_t vus = 1;   ///< virtual users; of a ramp: at its begin
  std::vector<LoadStage> stages;
  /// An iteration asks all queries at once, and lasts as long as the slowest.
  bool is_dashboard = false;
  /// Each request has an evaluation time of its own, so no two are the same.
  bool varies_time = true;
  milliseconds warmup{0};
  milliseconds duration{0};  ///< 0 where there are stages
};

inline constexpr Load::Executor all_executors[] = {
    Load::Executor::constant_arrival_rate, Load::Executor::ramping_arrival_rate,
    Load::Executor::constant_vus, Load::Executor::ramping_vus};
/// "constant-arrival-rate", …
const char* to_string(Load::Executor executor);

/// One of `thresholds:`: "p(99) < baseline * 1.5", "max < 500ms", "rate <= 0.01".
struct Threshold {
  std::string metric;  ///< query_duration | query_failed
  std::string text;
  std::string aggregate;  ///< p | max | min | avg | med | rate
  double quantile = 0;
  std::string symbol;
  bool of_baseline = false;
  double limit = 0;  ///< a factor of the baseline, seconds, or a rate
};

struct KnownIssue {
  std::string reason;
  std::optional<Pattern> expect;  ///< in what the failing checks say
};

struct NodeDeclaration {
  std::string name;
  std::string kind;
  std::string version;  ///< as written; empty where there is none
  std::shared_ptr<const NodeKind> node;
  bool is_query_node = false;  ///< has a remote_read
  /// A proxy in front of it carries out faults: `faults:` of the node, or a `fault:` of the timeline.
  bool has_front = false;
  /// Faults of the proxy from the start, as TimelineEntry::fault; empty: none.
  std::string faults;
};

/// One test: a scenario in one case of its matrix, ready to be run.
struct Test {
  std::string scenario;
  std::string file;
  std::string id;  ///< unique in a run: "slow-node-3", or "slow-node" without a matrix
  std::string description;
  std::vector<std::string> tags;
  MatrixCase matrix_case;
  uint64_t seed = 0;
  milliseconds interval = mockstore::default_interval;
  int64_t start_ms = 0;  ///< start_timestamp, since the epoch
  std::vector<NodeDeclaration> nodes;
  std::vector<Authority> certificates;
  std::vector<TimelineEntry> timeline;
  std::vector<Check> checks;
  std::vector<Invariant> invariants;
  std::optional<Load> load;
  std::vector<Threshold> thresholds;
  std::vector<KnownIssue> known_issues;
  /// The rules behind its alert checks and its recorded series; null: none.
  std::shared_ptr<const RuleSet> rules;
  std::string topology;  ///< the file that its nodes come from, if that is not `file`
  /// Notes about nodes that look like a mistake; the test can be run.
  std::vector<std::string> warnings;

  const NodeDeclaration* find(const std::string& node) const;
  NodeDeclaration* find(const std::string& node);
  /// An invariant of it compares answers with those of the union oracle.
  bool has_oracle() const;
  /// Whether a node claims to answer for all data: a query node, or any node of a test without one.
  bool answers_for_all(const std::string& node) const;
  /// "slow-node [prometheus=v3.5 query_path=direct]"
  std::string title() const;
};

/// Several errors at once; what() has all of them.
class ScenarioErrors : public yaml::ConfigError {
 public:
  explicit ScenarioErrors(std::vector<std::string> errors);
  /// Each as a ConfigError would have it.
  const std::vector<std::string>& errors() const { return errors_; }

 private:
  std::vector<std::string> errors_;
};
/// The errors of one exception, which may be a ScenarioErrors.
std::vector<std::string> errors_of(const yaml::ConfigError& error);
/// Throws one error as a ConfigError, several as a ScenarioErrors; does nothing without one.
void throw_errors(std::vector<std::string> errors);

/// The phases that a timeline has, in order: before, those of its steps, after.
std::vector<std::string> phases_of(const std::vector<TimelineEntry>& timeline);

}  // namespace mread::scenarios
