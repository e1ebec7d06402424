#include "check/finding/report.h"

#include <algorithm>
#include <tuple>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace mread::check {
namespace {

std::string shown_line(const Place& place) {
  const size_t end = place.excerpt.find('\n');
  const std::string line = place.excerpt.substr(0, end);
  const size_t begin = line.find_first_not_of(" \t-");
  return begin == std::string::npos ? std::string() : line.substr(begin);
}

}  // namespace

Place place_of(const yaml::Node& node) {
  return {node.file(), node.line(), node.column(), node.excerpt()};
}

void Report::add(RuleId rule, const yaml::Node& at, std::string message, FindingDetails details) {
  Finding finding;
  finding.rule = rule;
  finding.severity = details.severity.value_or(rule_of(rule).severity);
  finding.place = place_of(at);
  finding.message = std::move(message);
  finding.related = std::move(details.related);
  finding.edit = std::move(details.edit);
  file_order_.try_emplace(finding.place.file, file_order_.size());
  found_.insert(rule);
  findings_.push_back(std::move(finding));
}

void Report::not_judged(RuleId rule, std::string needs) {
  const bool known = std::ranges::any_of(
      not_judged_, [&](const NotJudged& one) { return one.rule == rule && one.needs == needs; });
  if (!known) not_judged_.push_back({rule, std::move(needs)});
}

std::vector<Finding> Report::take_findings() {
  std::ranges::stable_sort(findings_, {}, [this](const Finding& one) {
    return std::tuple(file_order_.at(one.place.file), one.place.line, one.place.column, one.rule);
  });
  // Equal lines of a file are numbered, so that each of their findings keeps its own.
  std::map<std::string, size_t> seen;
  boost::uuids::name_generator_sha1 generator(boost::uuids::ns::url());
  for (Finding& one : findings_) {
    std::string key =
        std::string(rule_of(one.rule).code) + "\n" + one.place.file + "\n" + shown_line(one.place);
    const size_t number = seen[key]++;
    one.fingerprint = to_string(generator(key + "\n" + std::to_string(number)));
  }
  return std::move(findings_);
}

std::vector<RuleId> Report::passed() const {
  std::vector<RuleId> passed;
  for (const Rule& rule : all_rules()) {
    const bool open = std::ranges::any_of(
        not_judged_, [&rule](const NotJudged& one) { return one.rule == rule.id; });
    if (!open && !found_.contains(rule.id)) passed.push_back(rule.id);
  }
  return passed;
}

}  // namespace mread::check
