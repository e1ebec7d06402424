#include "scenarios/report/read_report.h"

#include <boost/json.hpp>

#include "base/file.h"
#include "base/timestamp.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;

constexpr size_t most_report_bytes = size_t{256} << 20;

// A list of numbers and truth values, by their place.
class Row {
 public:
  explicit Row(const json::value& value) : row_(value.if_array()) {}

  bool fits(size_t columns) const { return row_ != nullptr && row_->size() == columns; }
  double number(size_t column) const {
    boost::system::error_code wrong;
    const auto number = (*row_)[column].to_number<double>(wrong);
    has_all_ = has_all_ && !wrong;
    return wrong ? 0 : number;
  }
  bool flag(size_t column) const {
    const bool* value = (*row_)[column].if_bool();
    has_all_ = has_all_ && value != nullptr;
    return value != nullptr && *value;
  }
  // Every column that was asked for had the wanted type.
  bool has_all() const { return has_all_; }

 private:
  const json::array* row_;
  mutable bool has_all_ = true;
};

// The members of one object, by name. A member that is missing has its type's default. The first
// member of a wrong type is written to `error`, with its place.
class Members {
 public:
  Members(const json::value& value, std::string place, std::string& error)
      : object_(value.if_object()), place_(std::move(place)), error_(error) {
    if (object_ == nullptr) blame(place_, "an object");
  }

  bool has(std::string_view key) const { return find(key) != nullptr; }

  std::string text(std::string_view key) const {
    const json::value* value = find(key);
    if (value == nullptr) return {};
    if (value->is_string()) return std::string(value->get_string());
    blame(place_of(key), "a text");
    return {};
  }

  template <class Number>
  Number number(std::string_view key) const {
    const json::value* value = find(key);
    if (value == nullptr) return {};
    boost::system::error_code wrong;
    const auto number = value->to_number<Number>(wrong);
    if (!wrong) return number;
    blame(place_of(key), std::is_floating_point_v<Number> ? "a number" : "an integer");
    return {};
  }

  bool flag(std::string_view key) const {
    const json::value* value = find(key);
    if (value == nullptr) return false;
    if (value->is_bool()) return value->get_bool();
    blame(place_of(key), "true or false");
    return false;
  }

  template <class Word, size_t count>
  Word word(std::string_view key, const Word (&words)[count]) const {
    const std::string wanted = text(key);
    std::string known;
    for (const Word one : words) {
      if (wanted == to_string(one)) return one;
      known += (known.empty() ? "" : ", ") + std::string(to_string(one));
    }
    blame(place_of(key), "one of " + known);
    return words[0];
  }

  std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> out;
    for (const json::value& value : list(key)) {
      if (!value.is_string()) {
        blame(place_of(key), "a list of texts");
        break;
      }
      out.emplace_back(value.get_string());
    }
    return out;
  }

  const json::array& list(std::string_view key) const {
    static const json::array none;
    const json::value* value = find(key);
    if (value == nullptr) return none;
    if (value->is_array()) return value->get_array();
    blame(place_of(key), "a list");
    return none;
  }

  // Calls read(Members) for each object of a list.
  template <class Read>
  void each(std::string_view key, const Read& read) const {
    size_t index = 0;
    for (const json::value& value : list(key)) {
      const std::string place = place_of(key) + "[" + std::to_string(index++) + "]";
      read(Members(value, place, error_));
      if (!error_.empty()) return;
    }
  }

  // Calls read(Row) for each row of a list of rows; `form` is what they look like, for the error.
  template <class Read>
  void each_row(std::string_view key, size_t columns, const std::string& form,
                const Read& read) const {
    for (const json::value& value : list(key)) {
      const Row row(value);
      if (row.fits(columns)) read(row);
      if (row.fits(columns) && row.has_all()) continue;
      blame(place_of(key), "a list of rows " + form);
      return;
    }
  }

  std::optional<Members> object(std::string_view key) const {
    const json::value* value = find(key);
    if (value == nullptr) return std::nullopt;
    return Members(*value, place_of(key), error_);
  }

  const json::object* members() const { return object_; }

  std::string place_of(std::string_view key) const {
    return place_.empty() ? std::string(key) : place_ + "." + std::string(key);
  }

  void blame(const std::string& place, const std::string& wanted) const {
    accuse((place.empty() ? "it" : place) + " is not " + wanted);
  }
  void accuse(const std::string& what) const {
    if (error_.empty()) error_ = what;
  }

 private:
  const json::value* find(std::string_view key) const {
    return object_ == nullptr ? nullptr : object_->if_contains(key);
  }

  const json::object* object_;
  std::string place_;
  std::string& error_;
};

CheckResult check_of(const Members& members) {
  CheckResult check;
  check.expr = members.text("expr");
  check.name = members.has("name") ? members.text("name") : check.expr;
  check.node = members.text("node");
  check.phase = members.text("phase");
  check.line = members.number<int>("line");
  check.verdict = members.word("verdict", all_verdicts);
  check.want = members.text("want");
  check.got = members.text("got");
  check.detail = members.text("detail");
  check.warnings = members.texts("warnings");
  check.duration_ms = members.number<double>("duration_ms");
  return check;
}

LoadTimes times_of(const Members& members) {
  LoadTimes times;
  times.requests = members.number<size_t>("requests");
  times.failed = members.number<size_t>("failed");
  const auto duration = members.object("duration_ms");
  if (!duration) return times;
  times.p50_ms = duration->number<double>("p50");
  times.p90_ms = duration->number<double>("p90");
  times.p95_ms = duration->number<double>("p95");
  times.p99_ms = duration->number<double>("p99");
  times.max_ms = duration->number<double>("max");
  return times;
}

std::vector<LoadRequest> load_requests_of(const Members& members) {
  std::vector<LoadRequest> requests;
  members.each_row("requests", 4, "[at_s, duration_ms, late_ms, failed]", [&](const Row& row) {
    requests.push_back({row.number(0), row.number(1), row.number(2), row.flag(3)});
  });
  return requests;
}

LoadResult load_of(const Members& members) {
  LoadResult load;
  load.executor = members.text("executor");
  load.node = members.text("node");
  load.queries = members.texts("queries");
  load.is_judged = members.flag("judged");
  load.late = members.number<size_t>("late");
  if (const auto all = members.object("all")) load.all = times_of(*all);
  if (const auto fault = members.object("fault")) load.fault = times_of(*fault);
  if (const auto baseline = members.object("baseline")) load.baseline = times_of(*baseline);
  load.requests = load_requests_of(members);
  return load;
}

NodeResult node_of(const Members& members) {
  NodeResult node;
  node.name = members.text("name");
  node.kind = members.text("kind");
  node.version = members.text("version");
  node.log = members.text("log");
  node.reads = members.texts("reads");
  node.names = members.texts("names");
  members.each("requests", [&](const Members& one) {
    BackendRequest request;
    request.at_s = one.number<double>("at_s");
    if (one.has("duration_ms")) request.duration_ms = one.number<double>("duration_ms");
    request.query = one.text("query");
    request.outcome = one.text("outcome");
    request.status = one.number<int>("status");
    request.series = one.number<size_t>("series");
    request.bytes = one.number<size_t>("bytes");
    request.note = one.text("note");
    node.requests.push_back(std::move(request));
  });
  node.more_requests = members.number<size_t>("more_requests");
  members.each_row("usage", 3, "[at_s, cpu_percent, memory_mib]", [&](const Row& row) {
    node.usage.push_back({row.number(0), row.number(1), row.number(2)});
  });
  return node;
}

Course course_of(const Members& members) {
  Course course;
  course.length_s = members.number<double>("length_s");
  members.each("events", [&](const Members& one) {
    CourseEvent event;
    event.at_s = one.number<double>("at_s");
    if (one.has("until_s")) event.until_s = one.number<double>("until_s");
    event.node = one.text("node");
    event.what = one.text("what");
    event.is_fault = one.flag("fault");
    course.events.push_back(std::move(event));
  });
  members.each("questions", [&](const Members& one) {
    AskedQuestion question;
    question.at_s = one.number<double>("at_s");
    question.duration_ms = one.number<double>("duration_ms");
    question.node = one.text("node");
    question.expr = one.text("expr");
    question.phase = one.text("phase");
    question.outcome = one.word("outcome", all_outcomes);
    question.text = one.text("text");
    course.questions.push_back(std::move(question));
  });
  course.more_questions = members.number<size_t>("more_questions");
  return course;
}

TestResult test_of(const Members& members) {
  TestResult test;
  test.scenario = members.text("scenario");
  test.id = members.text("id");
  if (test.id.empty()) members.blame(members.place_of("id"), "a text with a test's name");
  test.title = members.has("title") ? members.text("title") : test.scenario;
  test.file = members.text("file");
  test.topology = members.text("topology");
  if (const auto matrix_case = members.object("case"); matrix_case && matrix_case->members()) {
    for (const auto& axis : *matrix_case->members())
      test.matrix_case.emplace_back(axis.key(), matrix_case->text(axis.key()));
  }
  test.tags = members.texts("tags");
  test.engine = members.text("engine");
  test.seed = members.number<uint64_t>("seed");
  test.verdict = members.word("verdict", all_verdicts);
  test.reason = members.text("reason");
  test.incident = members.text("incident");
  test.is_interrupted = members.flag("interrupted");
  test.note = members.text("note");
  test.duration_s = members.number<double>("duration_s");
  members.each("checks", [&](const Members& one) { test.checks.push_back(check_of(one)); });
  if (const auto load = members.object("load")) test.load = load_of(*load);
  members.each("nodes", [&](const Members& one) { test.nodes.push_back(node_of(one)); });
  if (const auto course = members.object("course")) test.course = course_of(*course);
  return test;
}

Report report_of(const Members& members) {
  Report report;
  report.mread_version = members.text("mread");
  report.seed = members.number<uint64_t>("seed");
  if (members.has("started")) {
    const auto started_ms = parse_timestamp(members.text("started"), 0);
    if (!started_ms) members.blame("started", "a time (2026-11-21T19:00:00Z)");
    report.started =
        std::chrono::system_clock::time_point(std::chrono::milliseconds(started_ms.value_or(0)));
  }
  report.duration_s = members.number<double>("duration_s");
  report.is_interrupted = members.flag("interrupted");
  if (!members.has("tests")) members.accuse("it has no list \"tests\"");
  members.each("tests", [&](const Members& one) { report.tests.push_back(test_of(one)); });
  return report;
}

}  // namespace

Result<Report> read_report(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path file =
      std::filesystem::is_directory(path, ignored) ? path / "report.json" : path;
  const auto text = read_file(file.string(), most_report_bytes);
  if (!text) return fail(Errc::config, text.error().context);
  const auto not_a_report = [&](const std::string& why) {
    return fail(Errc::config, file.string() + ": no report of mread run: " + why);
  };
  boost::system::error_code error;
  const json::value root = json::parse(*text, error);
  if (error) return not_a_report(error.message());
  std::string wrong;
  Report report = report_of(Members(root, "", wrong));
  if (!wrong.empty()) return not_a_report(wrong);
  return report;
}

}  // namespace mread::scenarios
