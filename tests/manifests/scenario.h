#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "manifests/plan.h"
#include "scenarios/loading/load_scenario.h"

/// A scenario's topology, planned without any program on the machine: an empty file stands for each.
namespace mread::manifests {

class ManifestsTest : public testing::Test {
 protected:
  ManifestsTest() {
    namespace fs = std::filesystem;
    folder_ = fs::temp_directory_path() / ("mread-manifests-" + std::to_string(getpid()));
    for (const char* program : {"prometheus/2.42.0/prometheus", "prometheus/3.5.3/prometheus"}) {
      const fs::path path = folder_ / program;
      fs::create_directories(path.parent_path());
      std::FILE* file = std::fopen(path.c_str(), "w");
      std::fputs("#!/bin/sh\n", file);
      std::fclose(file);
      fs::permissions(path, fs::perms::owner_all);
    }
    options_.nodes.cache_dir = folder_;
    options_.nodes.now_ms = 1'800'000'000'000;
  }
  ~ManifestsTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Result<Plan> try_plan(const std::string& text) const {
    const auto tests = scenarios::parse_scenario(text, "s.yaml", {options_.nodes.now_ms, {}, {}});
    return plan_manifests(tests.front(), options_);
  }
  Plan plan(const std::string& text) const {
    auto made = try_plan(text);
    EXPECT_TRUE(made) << (made ? "" : made.error().to_string());
    return made ? std::move(*made) : Plan{};
  }

  static const PlannedNode& node_of(const Plan& plan, const std::string& name) {
    for (const PlannedNode& node : plan.nodes) {
      if (node.name == name) return node;
    }
    throw std::runtime_error("no node " + name);
  }

  std::filesystem::path folder_;
  PlanOptions options_;
};

/// Two replicas, mread serve, a query node.
inline constexpr const char* pair_scenario = R"(name: pair
nodes:
  a: {kind: prometheus, version: v3.5, input_series: [{series: foo, values: '1x40'}]}
  b: {kind: prometheus, version: v2.42, input_series: [{series: foo, values: '1x40'}]}
  merge: {kind: merger, config: {remote_read: [a, b], groups: [{name: pair, members: [a, b]}]}}
  query:
    kind: prometheus
    version: v3.5
    files: {rules.yml: "groups: []\n"}
    config:
      rule_files: [rules.yml]
      remote_read:
        - {url: "http://merge:9095/api/v1/read", basic_auth: {username: u, password: geheim}}
timeline: [{node: a, act: kill}]
checks: [{expr: foo, eval_time: 1m, exp_count: 1}]
)";

}  // namespace mread::manifests
