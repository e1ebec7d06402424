#include "base/yaml.h"

#include <functional>

#include <gtest/gtest.h>

#include "base/nearest.h"

namespace mread::yaml {
namespace {

using namespace std::chrono_literals;

Node parse(const std::string& text) { return Node::parse(text, "file.yml"); }

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string parse_error(const std::string& text) {
  return error_of([&] { parse(text); });
}

TEST(YamlTest, ReadsEveryType) {
  const Node root = parse(
      "text: abc\nquoted: \"1\"\nflag: true\ncount: 5e6\nsize: 1GiB\nwait: 1h30m\nnumber: "
      "-2.5\nlist: [a, b]\none: "
      "a\nnothing:\n");
  Mapping map = root.mapping();
  EXPECT_EQ(map.require("text").string(), "abc");
  EXPECT_EQ(map.require("quoted").string(), "1");
  EXPECT_TRUE(map.require("flag").boolean());
  EXPECT_EQ(map.require("count").count(), 5'000'000);
  EXPECT_EQ(map.require("size").bytes(), uint64_t{1} << 30);
  EXPECT_EQ(map.require("wait").duration(), 90min);
  EXPECT_EQ(map.require("number").number(), -2.5);
  EXPECT_EQ(map.require("list").strings(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(map.require("one").strings(), std::vector<std::string>{"a"});
  EXPECT_TRUE(map.require("nothing").is_null());
  EXPECT_FALSE(map.find("absent"));
  EXPECT_NO_THROW(map.finish());
}

TEST(YamlTest, NodesKnowTheirPlace) {
  const Node root = parse("a:\n  b: [x,  y]\n");
  const Node y = root.mapping().require("a").mapping().require("b").sequence()[1];
  EXPECT_EQ(y.line(), 2);
  EXPECT_EQ(y.column(), 11);
  EXPECT_EQ(y.file(), "file.yml");
}

TEST(YamlTest, EmptyFileIsNull) {
  EXPECT_TRUE(parse("").is_null());
  EXPECT_TRUE(parse("# only a comment\n").is_null());
}

TEST(YamlTest, MessageShowsTheLine) {
  const Node root = parse("first: 1\nwait: soon\n");
  EXPECT_EQ(error_of([&] { root.mapping().require("wait").duration(); }),
            "file.yml:2:7: \"soon\" is not a duration; write it as in Prometheus, e.g. 500ms, 15s, "
            "1h30m\n  wait: "
            "soon\n        ^");
}

TEST(YamlTest, ErrorInsideAScalar) {
  const Node root = parse("a: 'up{x}'\n");
  EXPECT_EQ(error_of([&] { root.mapping().require("a").error_at(4, "expected '='"); }),
            "file.yml:1:9: expected '='\n  a: 'up{x}'\n          ^");
}

struct ErrorCase {
  const char* name;
  const char* text;
  std::function<void(const Node&)> read;
  const char* begin;
};
void PrintTo(const ErrorCase& error, std::ostream* out) { *out << error.name; }
class YamlErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(YamlErrorTest, NamesThePlace) {
  const std::string message = error_of([&] { GetParam().read(parse(GetParam().text)); });
  EXPECT_EQ(message.substr(0, message.find('\n')), GetParam().begin);
}

const auto nothing = [](const Node&) {};
template <class Read>
auto key(const char* name, Read read) {
  return [name, read](const Node& root) { read(root.mapping().require(name)); };
}

INSTANTIATE_TEST_SUITE_P(
    Table, YamlErrorTest,
    testing::Values(
        ErrorCase{"DuplicateKey", "a: 1\nb: 2\na: 3\n", nothing,
                  "file.yml:3:1: duplicate key \"a\""},  //
        ErrorCase{"DuplicateKeyDeep", "a:\n  - b: {c: 1, c: 2}\n", nothing,
                  "file.yml:2:15: duplicate key \"c\""},                                      //
        ErrorCase{"KeyNotAWord", "[a]: 1\n", nothing, "file.yml:1:1: a key must be a word"},  //
        ErrorCase{"TwoDocuments", "a: 1\n---\nb: 2\n", nothing,
                  "file.yml:3:1: one document a file, but a second begins here"},  //
        ErrorCase{"NotYaml", "a: [1\n", nothing,
                  "file.yml:2:1: not valid YAML: end of sequence flow not found"},  //
        ErrorCase{"UnknownAlias", "a: *b\n", nothing,
                  "file.yml:1:4: not valid YAML: the referenced anchor is not defined"},  //
        ErrorCase{"MappingWanted", "- a\n", [](const Node& root) { root.mapping(); },
                  "file.yml:1:1: want a mapping, got a list"},  //
        ErrorCase{"TextWanted", "a: {b: 1}\n", key("a", [](const Node& node) { node.string(); }),
                  "file.yml:1:4: want text, got a mapping"},  //
        ErrorCase{"ListWanted", "a: x\n", key("a", [](const Node& node) { node.sequence(); }),
                  "file.yml:1:4: want a list, got \"x\""},  //
        ErrorCase{"NothingIsAtItsKey", "b: 1\na:\n",
                  key("a", [](const Node& node) { node.string(); }),
                  "file.yml:2:1: want text, got nothing"},  //
        ErrorCase{"Boolean", "a: maybe\n", key("a", [](const Node& node) { node.boolean(); }),
                  "file.yml:1:4: want true or false, got \"maybe\""},  //
        ErrorCase{"Integer", "a: 1.5\n", key("a", [](const Node& node) { node.integer(); }),
                  "file.yml:1:4: want a whole number, got \"1.5\""},  //
        ErrorCase{"IntegerRange", "a: 70000\n",
                  key("a", [](const Node& node) { node.integer(0, 65535); }),
                  "file.yml:1:4: want a whole number from 0 to 65535, got 70000"},  //
        ErrorCase{"IntegerLowest", "a: 0\n", key("a", [](const Node& node) { node.integer(1); }),
                  "file.yml:1:4: want a whole number from 1 up, got 0"},  //
        ErrorCase{"Number", "a: 1x\n", key("a", [](const Node& node) { node.number(); }),
                  "file.yml:1:4: want a number, got \"1x\""},  //
        ErrorCase{
            "Count", "a: many\n", key("a", [](const Node& node) { node.count(); }),
            "file.yml:1:4: \"many\" is not a count; write a whole number, e.g. 5000 or 5e6"},  //
        ErrorCase{
            "Bytes", "a: big\n", key("a", [](const Node& node) { node.bytes(); }),
            "file.yml:1:4: \"big\" is not a size; write bytes or a unit, e.g. 512KiB or 1GiB"},  //
        ErrorCase{"OneOfFar", "a: gruub\n",
                  key("a",
                      [](const Node& node) {
                        node.one_of({"all", "group", "any"});
                      }),
                  "file.yml:1:4: unknown value \"gruub\"; one of all, group, any"},  //
        ErrorCase{"OneOfNear", "a: groop\n",
                  key("a",
                      [](const Node& node) {
                        node.one_of({"all", "group", "any"});
                      }),
                  "file.yml:1:4: unknown value \"groop\"; did you mean \"group\"? (one of all, "
                  "group, any)"},  //
        ErrorCase{"KeyMissing", "b:\n  c: 1\n",
                  [](const Node& root) { root.mapping().require("b").mapping().require("url"); },
                  "file.yml:2:3: key \"url\" is missing"},  //
        ErrorCase{"KeyMisspelt", "urk: 1\n",
                  [](const Node& root) { root.mapping().require("url"); },
                  "file.yml:1:1: unknown key \"urk\"; did you mean \"url\"?"},  //
        ErrorCase{"KeyUnknownNear", "listen: 1\npartal: any\n",
                  [](const Node& root) {
                    Mapping map = root.mapping();
                    map.find("listen");
                    map.find("partial");
                    map.finish();
                  },
                  "file.yml:2:1: unknown key \"partal\"; did you mean \"partial\"?"},  //
        ErrorCase{"KeyUnknownFar", "wibble: 1\n",
                  [](const Node& root) {
                    Mapping map = root.mapping();
                    map.find("listen");
                    map.find("partial");
                    map.finish();
                  },
                  "file.yml:1:1: unknown key \"wibble\"; known here: listen, partial"},  //
        ErrorCase{"AliasInItself", "a: &x [*x]\n", nothing,
                  "file.yml:1:4: nested more than 100 deep, or an alias inside itself"},  //
        ErrorCase{
            "AliasBomb",
            "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c "
            "[*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f "
            "[*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
            "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n",
            nothing,
            "file.yml:1:1: more than 200000 values, aliases counted as often as they are used"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(YamlTest, DeepNestingIsAnError) {
  const std::string message = parse_error(std::string(100000, '['));
  EXPECT_EQ(message.substr(0, 9), "file.yml:") << message;
}

TEST(YamlTest, AliasesAreRead) {
  const Node root = parse("a: &x {t: 5s}\nb: *x\n");
  EXPECT_EQ(root.mapping().require("b").mapping().require("t").duration(), 5s);
}

TEST(YamlTest, UnreadableFiles) {
  EXPECT_EQ(error_of([] { Node::load("/nonexistent/x.yml"); }),
            "/nonexistent/x.yml: cannot be read: No such file or directory");
  EXPECT_EQ(error_of([] { Node::load("/"); }), "/: cannot be read: it is a folder");
}

TEST(YamlTest, EntriesKeepTheirOrder) {
  Mapping map = parse("z: 1\na: 2\nm: 3\n").mapping();
  std::string order;
  for (const Mapping::Entry& entry : map.entries()) order += entry.key;
  EXPECT_EQ(order, "zam");
  EXPECT_NO_THROW(map.finish());
}

TEST(YamlTest, DumpIsReadBack) {
  const std::string text = "a: [1, x]\nb:\n  c: \"5\"\n";
  EXPECT_EQ(parse(parse(text).dump()).dump(), parse(text).dump());
}

TEST(NearestTest, OnlyWhatIsNearEnough) {
  const std::vector<std::string> keys{"remote_timeout", "url", "name"};
  EXPECT_EQ(nearest("remote_timout", keys), "remote_timeout");
  EXPECT_EQ(nearest("remotetimeot", keys), "remote_timeout");
  EXPECT_EQ(nearest("urls", keys), "url");
  EXPECT_EQ(nearest("nam", keys), "name");
  EXPECT_EQ(nearest("ulr", keys), "url");
  EXPECT_EQ(nearest("rnu", {"serve", "run"}), "run");
  EXPECT_EQ(nearest("xyz", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest("url", {}), "");
}

}  // namespace
}  // namespace mread::yaml
