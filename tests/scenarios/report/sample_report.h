#pragma once

#include "scenarios/model/results.h"

namespace mread::scenarios {

/// A report with a test of every verdict, and texts that every format must escape.
inline Report sample_report() {
  Report report;
  report.mread_version = "0.1.0";
  report.seed = 42;
  report.started = std::chrono::system_clock::time_point(std::chrono::seconds(1'795'287'600));
  report.duration_s = 41.2;

  CheckResult good;
  good.expr = "sum(foo)";
  good.name = "sum(foo)";
  good.node = "query";
  good.phase = "before";
  good.line = 12;
  good.want = "{} 11";
  good.got = "{} 11";
  good.duration_ms = 12.345;

  CheckResult bad = good;
  bad.name = "a <b> & \"c\"";
  bad.phase = "fault";
  bad.verdict = Verdict::fail;
  bad.got = "{} 1\nbroken \xff byte";
  bad.detail = "{}: 1, want 11";
  bad.warnings = {"remote: deadline"};
  bad.duration_ms = 1012.4;

  TestResult pass;
  pass.scenario = "slow-node";
  pass.id = "slow-node-1";
  pass.title = "slow-node [prometheus=v3.5]";
  pass.file = "scenarios/slow-node.yaml";
  pass.matrix_case = {{"prometheus", "3.5.3"}};
  pass.engine = "process";
  pass.duration_s = 6.1;
  pass.checks = {good};
  pass.nodes = {{"query", "prometheus", "3.5.3", "nodes/slow-node-1/query.log", {}}};
  pass.nodes[0].usage = {{0.5, 12.34, 40.06}, {1, 0, 41}};
  NodeResult mock;
  mock.name = "a";
  mock.kind = "mock";
  mock.requests = {{1.0044, 8.04, "foo", "complete", 200, 11, 450, ""},
                   {3.1, std::nullopt, "foo", "in_progress", 0, 0, 0, "hang"}};
  mock.more_requests = 3;
  mock.usage = {{1, 100, 8}};
  pass.nodes.push_back(mock);
  pass.note = "known issue no longer seen: slow";

  pass.tags = {"seeds"};
  pass.seed = 42;
  pass.nodes[0].reads = {"a"};
  pass.course.length_s = 6;
  pass.course.events = {{0.2, std::nullopt, "query", "started", false},
                        {2, 4.5, "a", "hang", true}};
  pass.course.questions = {{1, 12.3, "query", "sum(foo)", "before", Outcome::complete, ""},
                           {3, 1012.4, "query", "sum(foo)", "fault", Outcome::told, "remote: a"}};

  TestResult failed = pass;
  failed.id = "slow-node-2";
  failed.note = "";
  failed.verdict = Verdict::fail;
  failed.reason = "a <b> & \"c\" (fault): want {} 11, got {} 1";
  failed.checks = {good, bad};

  TestResult skipped;
  skipped.scenario = "other";
  skipped.id = "other";
  skipped.title = "other";
  skipped.file = "scenarios/other.yaml";
  skipped.engine = "process";
  skipped.verdict = Verdict::skipped;
  skipped.reason = "Prometheus v9 is not on this machine";

  TestResult known = skipped;
  known.id = "other-2";
  known.verdict = Verdict::known_issue;
  known.reason = "waits for the slowest";

  report.tests = {pass, failed, skipped, known};
  return report;
}

}  // namespace mread::scenarios
