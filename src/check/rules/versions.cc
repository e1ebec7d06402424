#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/quantity.h"
#include "base/shown_url.h"
#include "base/version_text.h"
#include "check/rules/rules.h"
#include "setup/prometheus_file.h"

namespace mread::check {
namespace {

using setup::ReadEntry;
using Version = std::vector<int>;

constexpr uint64_t default_frame_bytes = 1ULL << 20;
constexpr uint64_t default_chunked_read_limit = 50'000'000;
constexpr uint64_t default_sample_limit = 50'000'000;
constexpr uint64_t default_gate = 10;
constexpr uint64_t default_max_concurrency = 20;

bool is_below(const Version& version, const Version& other) {
  return compare_versions(version, other) < 0;
}

std::string text_of(const Version& version) {
  std::string text;
  for (const int part : version) text += (text.empty() ? "" : ".") + std::to_string(part);
  return text;
}

uint64_t flag_or(const std::map<std::string, std::string>& flags, const std::string& name,
                 uint64_t otherwise) {
  const auto flag = flags.find(name);
  return flag == flags.end() ? otherwise : parse_bytes(flag->second).value_or(otherwise);
}

// Open: before 3.5.3, and of later lines before 3.11.3. None: two numbers do not decide it.
std::optional<bool> is_open_to_snappy_bomb(const Version& version) {
  const auto line = Version{version[0], version[1]};
  for (const Version& fixed : {Version{3, 5, 3}, Version{3, 11, 3}}) {
    if (line != Version{fixed[0], fixed[1]}) continue;
    if (version.size() < 3) return std::nullopt;
    return is_below(version, fixed);
  }
  return is_below(line, {3, 11});
}

void snappy_bomb(const Input& input, Report& report) {
  for (size_t i = 0; i < input.facts.size(); ++i) {
    const auto& version = input.facts[i].version;
    const auto is_open = version ? is_open_to_snappy_bomb(*version) : std::nullopt;
    if (!is_open) {
      report.not_judged(RuleId::snappy_bomb,
                        "the collectors' versions, with three numbers: --version NAME=3.5.3");
    } else if (*is_open) {
      report.add(RuleId::snappy_bomb, input.first_entry(i).url_at,
                 fmt::format("{} is Prometheus {}", input.backends[i].name, text_of(*version)));
    }
  }
}

bool has_feature(const BackendFacts& facts, const std::vector<std::string>& features) {
  const auto flag = facts.flags.find("enable-feature");
  if (flag == facts.flags.end()) return false;
  const std::string list = "," + flag->second + ",";
  return std::ranges::any_of(features, [&list](const std::string& feature) {
    return list.find("," + feature + ",") != std::string::npos;
  });
}

// `storage: tsdb: chunk_encoding: floats`, where the file says it.
std::string float_encoding(const BackendFacts& facts) {
  if (!facts.file) return {};
  std::optional<yaml::Node> node = facts.file->root;
  for (const char* key : {"storage", "tsdb", "chunk_encoding", "floats"}) {
    if (!node->is_mapping()) return {};
    node = node->mapping().find(key);
    if (!node) return {};
  }
  return node->string();
}

// Whether a collector stores chunks of the encodings that came with 3.11: XOR2, which the
// configuration may switch on or off since 3.13, and histograms with start times. None: not known.
std::optional<bool> writes_newer_chunks(const BackendFacts& facts) {
  if (!facts.version) return std::nullopt;
  if (is_below(*facts.version, {3, 11})) return false;
  const std::string floats = float_encoding(facts);
  if (floats == "xor2" || has_feature(facts, {"histograms-st-encoding"})) return true;
  if (floats == "xor") return false;
  if (!facts.flags.contains("enable-feature")) return std::nullopt;
  return has_feature(facts, {"xor2-encoding"});
}

void newer_encodings(const Input& input, Report& report) {
  // A reader of samples gets no chunks.
  if (!input.reads_streams() || input.is_at_least({3, 14})) return;
  for (size_t i = 0; i < input.facts.size(); ++i) {
    const auto writes = writes_newer_chunks(input.facts[i]);
    if (!writes) {
      report.not_judged(RuleId::newer_encodings,
                        "the collectors' versions and features: --version NAME=VERSION, --flag "
                        "NAME:enable-feature=LIST (none: NAME:enable-feature=)");
    } else if (*writes && input.is_at_least({3, 11})) {
      report.not_judged(RuleId::newer_encodings,
                        "a query node of another version than 3.11 to 3.13, which were not tried");
    } else if (*writes) {
      report.add(RuleId::newer_encodings, input.first_entry(i).url_at,
                 fmt::format("{} ({}) writes newer chunks than {} reads", input.backends[i].name,
                             text_of(*input.facts[i].version), input.version_text()));
    }
  }
}

// A key of the file's global block or of one of its scrapes is true.
std::optional<yaml::Node> true_key(const setup::PrometheusFile& file, const std::string& key) {
  const auto look = [&key](const yaml::Node& mapping) -> std::optional<yaml::Node> {
    const auto value = mapping.mapping().find(key);
    return value && value->boolean() ? value : std::nullopt;
  };
  if (const auto global = file.root.mapping().find("global")) {
    if (auto found = look(*global)) return found;
  }
  for (const setup::ScrapeEntry& scrape : file.scrapes) {
    if (auto found = look(scrape.at)) return found;
  }
  return std::nullopt;
}

void float_histograms(const Input& input, Report& report) {
  if (input.reads_streams()) return;
  for (size_t i = 0; i < input.facts.size(); ++i) {
    const BackendFacts& facts = input.facts[i];
    if (!facts.file) {
      report.not_judged(RuleId::float_histograms,
                        "whether the collectors have native histograms: --collector NAME=FILE");
      continue;
    }
    const auto at = true_key(*facts.file, "scrape_native_histograms");
    if (!at && !has_feature(facts, {"native-histograms"})) continue;
    report.add(RuleId::float_histograms, input.first_entry(i).url_at,
               fmt::format("{} has native histograms, and {} cannot read those of floats, which "
                           "recording rules make",
                           input.backends[i].name, input.version_text()));
  }
}

void lost_custom_buckets(const Input& input, Report& report) {
  if (input.reads_streams()) return;
  for (size_t i = 0; i < input.facts.size(); ++i) {
    const BackendFacts& facts = input.facts[i];
    if (!facts.file || !facts.version) {
      report.not_judged(RuleId::lost_custom_buckets,
                        "the collectors' files and versions: --collector NAME=FILE, --version "
                        "NAME=VERSION");
      continue;
    }
    const auto at = true_key(*facts.file, "convert_classic_histograms_to_nhcb");
    if (!at || !is_below(*facts.version, {3, 10})) continue;
    report.add(RuleId::lost_custom_buckets, *at,
               fmt::format("{} sends these histograms to {} without their bounds",
                           input.backends[i].name, input.version_text()));
  }
}

void frame_above_limit(const Input& input, Report& report) {
  if (!input.reads_streams()) return;
  for (size_t i = 0; i < input.node.entries.size(); ++i) {
    const ReadEntry& entry = input.node.entries[i];
    const auto at = entry.find("chunked_read_limit");
    const uint64_t limit = at ? at->bytes() : default_chunked_read_limit;
    const uint64_t frame = flag_or(input.facts[input.backend_of(i)].flags,
                                   "storage.remote.read-max-bytes-in-frame", default_frame_bytes);
    if (limit >= frame) continue;
    report.add(RuleId::frame_above_limit, at.value_or(entry.url_at),
               fmt::format("chunked_read_limit is {} bytes, and the collector's frames have up to "
                           "{}",
                           limit, frame));
  }
}

void sample_limit(const Input& input, Report& report) {
  if (input.reads_streams()) return;
  if (!input.series || input.expressions.empty()) {
    report.not_judged(RuleId::sample_limit,
                      "rules or queries, and the most series that a selector finds: --series N");
    return;
  }
  for (const Expression& one : input.expressions) {
    for (const model::SelectorUse& selector : one.uses.selectors) {
      // A selector of one instant looks back for five minutes.
      const auto range = std::max(selector.range, std::chrono::milliseconds(300'000));
      const auto samples =
          static_cast<double>(range.count()) /
          static_cast<double>(std::max<int64_t>(input.node.scrape_interval.count(), 1'000));
      uint64_t limit = default_sample_limit;
      for (const BackendFacts& facts : input.facts)
        limit = std::min(
            limit, flag_or(facts.flags, "storage.remote.read-sample-limit", default_sample_limit));
      if (samples * static_cast<double>(*input.series) < static_cast<double>(limit)) continue;
      report.add(RuleId::sample_limit, one.at,
                 fmt::format("{}: a range of {} over {} series reaches {} samples", one.name,
                             format_duration(range), *input.series, limit));
    }
  }
}

void collector_gate(const Input& input, Report& report) {
  const bool is_known = input.query_nodes || input.flags.contains("query.max-concurrency");
  if (!is_known) {
    report.not_judged(RuleId::collector_gate,
                      "the number of query nodes: --query-nodes N (and --flag "
                      "query.max-concurrency=N)");
    return;
  }
  const uint64_t nodes = input.query_nodes.value_or(1);
  const uint64_t each = flag_or(input.flags, "query.max-concurrency", default_max_concurrency);
  for (size_t i = 0; i < input.backends.size(); ++i) {
    const uint64_t gate =
        flag_or(input.facts[i].flags, "storage.remote.read-concurrent-limit", default_gate);
    if (nodes * each <= gate || gate == 0) continue;
    report.add(RuleId::collector_gate, input.first_entry(i).url_at,
               fmt::format("{} with {} queries each can ask {} more at once than its {}",
                           counted(nodes, "query node"), each, input.backends[i].name, gate));
  }
}

}  // namespace

void check_versions(const Input& input, Report& report) {
  snappy_bomb(input, report);
  newer_encodings(input, report);
  float_histograms(input, report);
  lost_custom_buckets(input, report);
  frame_above_limit(input, report);
  sample_limit(input, report);
  collector_gate(input, report);
}

}  // namespace mread::check
