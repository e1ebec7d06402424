#include "rehearse/table/table.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>

namespace mread::rehearse {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

Cell cell(const std::string& failure, size_t backend, std::vector<State> of_questions) {
  Cell out;
  out.failure = failure;
  out.shown = failure;
  out.name = std::string(1, static_cast<char>('a' + backend)) + " " + failure;
  out.backends = {backend};
  out.of_questions = std::move(of_questions);
  return out;
}

Rehearsal rehearsal() {
  Rehearsal out;
  out.setup.file = "prometheus.yml";
  out.setup.backends = {
      {"a", "http://a/r", 1min, 0}, {"b", "http://b/r", 1min, 0}, {"c", "http://c/r", 1min, 1}};
  out.setup.entries = {{0, "", 1min, {}}, {1, "", 1min, {}}, {2, "", 1min, {}}};
  out.setup.groups = 2;
  out.questions = {{"up == 0", "Down", "r.yml:1", Question::Kind::alert},
                   {"up", "up", "--query", Question::Kind::query}};
  out.longest_timeout = 1s;
  out.query_timeout = 2min;
  Table direct;
  direct.version = "3.5.3";
  direct.healthy.of_questions = {State::same, State::same};
  direct.cells = {cell("hung", 0, {State::silent, State::told}),
                  cell("hung", 1, {State::silent, State::told}),
                  cell("hung", 2, {State::failed, State::failed}),
                  cell("down", 0, {State::same, State::same}),
                  cell("down", 1, {State::same, State::same}),
                  cell("down", 2, {State::silent, State::told})};
  direct.cells[0].not_firing = {0};
  direct.cells[2].longest_ms = 950;
  out.tables.push_back(direct);
  Table served = direct;
  served.reader = Reader::served;
  for (size_t i = 0; i < 2; ++i) {
    served.cells[i].of_questions = {State::slow, State::slow};
    served.cells[i].later = {State::same, State::same};
  }
  out.tables.push_back(served);
  return out;
}

// Both replicas down: a row of its own, which no requirement about replicas counts.
TEST(TableText, APairOfFailuresNamesBothBackends) {
  Rehearsal paired = rehearsal();
  for (Table& table : paired.tables) {
    Cell pair = cell("down+down", 0, {State::silent, State::failed});
    pair.shown = "both down";
    pair.name = "a down, b down";
    pair.backends = {0, 1};
    table.cells.push_back(pair);
  }
  EXPECT_THAT(to_text(paired), HasSubstr("  both down          a + b     silent 1, failed 1"));
  const auto told = parse_requirements("told,told:replica,told:down+down").value();
  EXPECT_THAT(unmet(paired, told[0]), testing::Contains("a down, b down: silent"));
  EXPECT_THAT(unmet(paired, told[1]), Not(testing::Contains("a down, b down: silent")));
  EXPECT_THAT(unmet(paired, told[2]), ElementsAre("a down, b down: silent"));
  const auto json = boost::json::parse(to_json(paired));
  const auto& last = json.at("tables").at(0).at("cells").as_array().back();
  EXPECT_EQ(last.at("backend"), "a");
  EXPECT_EQ(last.at("second_backend"), "b");
}

TEST(TableText, GroupsBackendsWithTheSameCells) {
  const std::string text = to_text(rehearsal());
  EXPECT_THAT(text, HasSubstr("3 backends, asked 1 alert, 1 query"));
  EXPECT_THAT(text, HasSubstr("  hung               a, b      silent 1, told 1"));
  EXPECT_THAT(text, HasSubstr("slow; later same"));
  EXPECT_THAT(text, HasSubstr("a, b      same"));
  EXPECT_THAT(text, HasSubstr("failed, after remote_timeout"));
  EXPECT_THAT(text, HasSubstr("Down would not fire"));
  EXPECT_THAT(text, HasSubstr("    a: hung"));
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, 110U) << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(TableText, SaysWhatMendsIt) {
  Rehearsal one = rehearsal();
  EXPECT_THAT(to_text(one), HasSubstr("mread serve in front: 1 of 6 cells are silent or wrong with "
                                      "it (3 without)"));
  EXPECT_THAT(to_text(one), Not(HasSubstr("No backend has a replica")));
  one.mend = TriedMend{{true, false}, {}};
  EXPECT_THAT(to_text(one), HasSubstr("read_recent: true"));
  EXPECT_THAT(to_text(one), Not(HasSubstr("filter_external_labels")));
  one.setup.backends[1].group = 2;
  EXPECT_THAT(to_text(one), HasSubstr("--replicas a,b"));
}

TEST(TableText, SaysWhatIsMissing) {
  Rehearsal one = rehearsal();
  one.not_run = {"a down"};
  one.not_judged = {{{"x", "x", "r.yml:9", Question::Kind::record}, "no answer"}};
  EXPECT_THAT(to_text(one), HasSubstr("Not run, for lack of time\n  a down\n"));
  EXPECT_THAT(to_text(one), HasSubstr("r.yml:9: x: no answer"));
}

TEST(TableJson, HasEveryCell) {
  const auto json = boost::json::parse(to_json(rehearsal())).as_object();
  EXPECT_EQ(json.at("format").as_int64(), 1);
  const auto& tables = json.at("tables").as_array();
  ASSERT_EQ(tables.size(), 2U);
  const auto& cells = tables[1].as_object().at("cells").as_array();
  ASSERT_EQ(cells.size(), 6U);
  EXPECT_EQ(cells[0].as_object().at("worst").as_string(), "slow");
  EXPECT_EQ(cells[0].as_object().at("later").as_array().size(), 2U);
  EXPECT_EQ(cells[2].as_object().at("backend").as_string(), "c");
  EXPECT_EQ(cells[2].as_object().at("counts").as_object().at("failed").as_int64(), 2);
}

std::vector<std::string> unmet_of(const std::string& text) {
  std::vector<std::string> lines;
  const auto requirements = parse_requirements(text);
  EXPECT_TRUE(requirements);
  for (const Requirement& one : *requirements) {
    for (std::string& line : unmet(rehearsal(), one)) lines.push_back(std::move(line));
  }
  return lines;
}

TEST(Requirements, AreHeldAgainstTheSetUpAsItIs) {
  EXPECT_THAT(unmet_of("told"), ElementsAre("a hung: silent", "b hung: silent", "c down: silent"));
  EXPECT_THAT(unmet_of("complete:replica"), ElementsAre("a hung: silent", "b hung: silent"));
  EXPECT_THAT(unmet_of("answered"), ElementsAre("c hung: failed"));
  EXPECT_THAT(unmet_of("answered:down,told:slow"), IsEmpty());
}

TEST(Requirements, AWrongWordHasTheNearest) {
  EXPECT_THAT(parse_requirements("tolled").error().context, HasSubstr("did you mean \"told\"?"));
  EXPECT_THAT(parse_requirements("told:dwon").error().context, HasSubstr("did you mean \"down\"?"));
  EXPECT_FALSE(parse_requirements(""));
  EXPECT_FALSE(parse_requirements("told,"));
}

}  // namespace
}  // namespace mread::rehearse
