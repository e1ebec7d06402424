// What a YAML text of any kind can do to its reader: nothing but be read, or be an error with a
// place.
#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/yaml.h"

namespace mread::yaml {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string outcome(const std::string& text, const Bounds& bounds = {}) {
  try {
    Node::parse(text, "f", bounds);
    return "read";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

template <class Work>
[[noreturn]] void work_within_limits(Work work) {
  const rlimit seconds{300, 300};
  setrlimit(RLIMIT_CPU, &seconds);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit bytes{rlim_t{1} << 30, rlim_t{1} << 30};
  setrlimit(RLIMIT_AS, &bytes);
#endif
  work();
  std::fprintf(stderr, "all read\n");
  _exit(0);
}

// A child, so that what does not end or eats memory is a failure of one test.
template <class Work>
void run_within_limits(Work work) {
  EXPECT_EXIT(work_within_limits(work), testing::ExitedWithCode(0), "all read");
}

// Every text of `length` signs of an alphabet.
void for_each_text(const std::string& alphabet, size_t length,
                   const std::function<void(const std::string&)>& visit) {
  std::vector<size_t> digits(length, 0);
  std::string text(length, alphabet.front());
  while (true) {
    for (size_t i = 0; i < length; ++i) text[i] = alphabet[digits[i]];
    visit(text);
    size_t at = 0;
    while (at < length && ++digits[at] == alphabet.size()) digits[at++] = 0;
    if (at == length) return;
  }
}

TEST(YamlBounds, EveryShortTextIsReadOrRefused) {
  const std::string all = ",[]{}:-?&*!|>'\"# \n%@a";
  const std::string flow = ",[]{}:\n&a";
  const std::string block = "-?: \n*&a!|";
  run_within_limits([&] {
    // Whatever is thrown but a ConfigError ends the child.
    const auto visit = [](const std::string& text) { outcome(text); };
    for (size_t length = 0; length <= 3; ++length) for_each_text(all, length, visit);
    for_each_text(flow, 4, visit);
    for_each_text(flow, 5, visit);
    for_each_text(block, 4, visit);
  });
}

TEST(YamlBounds, EveryMutationIsReadOrRefused) {
  const std::string whole =
      "a: &x {t: 5s, 'u': [1, \"2\", *x]}\nb: |\n  text\n  more\n? c\n: !!str d\n- e\n--- # "
      "no\n%TAG ! x\n...\n";
  const std::string signs = ",[]{}:-?&*!|>'\"# \n%@a\t\x80\xff";
  run_within_limits([&] {
    std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same texts each time
    for (int i = 0; i < 20'000; ++i) {
      std::string text = whole;
      for (int edits = 0; edits < 1 + i % 5; ++edits) {
        const size_t at = random() % text.size();
        switch (random() % 3) {
          case 0:
            text[at] = signs[random() % signs.size()];
            break;
          case 1:
            text.insert(at, 1 + random() % 3, signs[random() % signs.size()]);
            break;
          default:
            text.erase(at, 1 + random() % 4);
        }
        if (text.empty()) text = "a";
      }
      outcome(text);
    }
  });
}

// What one sign many times may not do: overflow the stack, or take more memory than the limit of
// the child.
TEST(YamlBounds, EverySignManyTimesIsReadOrRefused) {
  run_within_limits([] {
    for (const char* prefix : {"", "[", "a: ", "- [\n"}) {
      for (const char* unit :
           {"[",     "{",     "- ",  "? ",  "! ",    "&a ",  "*a ",    "a: ", "[a: ",
            "{a: ",  "\"",    "'",   "|\n", ">\n",   "a\n",  "\n",     "#",   " ",
            "\t",    "[,",    "[]:", ": ",  "[[],",  ",",    "]",      "}",   "%a\n",
            "---\n", "...\n", "''",  "[''", "- a\n", "a,b ", "a: b, ", "\\",  "\xff"}) {
        std::string text = prefix;
        while (text.size() < 400'000) text += unit;
        outcome(text);
      }
    }
  });
}

TEST(YamlBounds, ASignBehindTheRootIsAnErrorAtItsPlace) {
  EXPECT_EQ(outcome(","), "f:1:1: not valid YAML: unexpected \",\"\n  ,\n  ^");
  EXPECT_EQ(outcome("[1],"), "f:1:4: not valid YAML: unexpected \",\"\n  [1],\n     ^");
  EXPECT_EQ(outcome("{a: 1},"), "f:1:7: not valid YAML: unexpected \",\"\n  {a: 1},\n        ^");
  EXPECT_EQ(outcome("a: 1\n---\n- b\n"),
            "f:3:1: one document a file, but a second begins here\n  - b\n  ^");
  EXPECT_EQ(outcome("a: 1\n...\n# no more\n"), "read");
}

TEST(YamlBounds, EachBoundHasItsError) {
  EXPECT_EQ(outcome("abcdef", {.bytes = 5'000}), "read");
  EXPECT_EQ(outcome(std::string(5'001, 'a'), {.bytes = 5'000}),
            "f: more than 5000 bytes, which is too much to be read");
  EXPECT_EQ(outcome("[[[a]]]", {.nesting = 3}), "read");
  EXPECT_EQ(first_line(outcome("[[[[a]]]]", {.nesting = 3})),
            "f:1:2: nested more than 3 deep, or an alias inside itself");
  EXPECT_EQ(outcome("a: &x [[b]]\nc: [*x]\n", {.nesting = 4}), "read");
  EXPECT_EQ(first_line(outcome("a: &x [[b]]\nc: [*x]\n", {.nesting = 3})),
            "f:2:4: nested more than 3 deep, or an alias inside itself");
  EXPECT_EQ(outcome("[1, 2, 3]", {.values = 4}), "read");
  EXPECT_EQ(first_line(outcome("[1, 2, 3, 4]", {.values = 4})),
            "f:1:1: more than 4 values, aliases counted as often as they are used");
  EXPECT_EQ(outcome("a: 1\nb: 2\nc: 3\n", {.values = 4}), "read") << "keys are no values";
  EXPECT_EQ(first_line(outcome("- &x [1, 2]\n- [*x, *x]\n", {.values = 10})),
            "f:1:1: more than 10 values, aliases counted as often as they are used");
  EXPECT_EQ(outcome("- &x [1, 2]\n- [*x, *x]\n", {.values = 11}), "read");
  EXPECT_EQ(first_line(outcome("[a, b, c, d]", {.pending_signs = 4})),
            "f: more than 4 brackets, commas, colons and quotes in one value; write large lists "
            "and mappings one entry "
            "a line, without brackets");
}

TEST(YamlBounds, TextIsCountedAsOftenAsItIsUsed) {
  std::string text = "- &x " + std::string(1U << 20, 'a') + "\n";
  for (int i = 0; i < 62; ++i) text += "- *x\n";
  EXPECT_EQ(outcome(text), "read");
  for (int i = 0; i < 10; ++i) text += "- *x\n";
  EXPECT_THAT(
      outcome(text),
      StartsWith("f:1:1: more than 64 MiB of text, aliases counted as often as they are used"));
}

TEST(YamlBounds, AMillionLinesAreNotAMillionSigns) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "- {a: 'b', c: [d]}\n";
  EXPECT_THAT(outcome(text), HasSubstr("more than 200000 values"));
  text.clear();
  for (int i = 0; i < 40'000; ++i) text += "- {a: 'b', c: [d]}\n";
  EXPECT_EQ(outcome(text), "read");
}

TEST(YamlBounds, ALongLineIsShownAroundTheCaret) {
  const std::string message = outcome("{" + std::string(200'000, ' ') +
                                      "a: 1, a: 2, b: " + std::string(200'000, 'x') + "}");
  EXPECT_LT(message.size(), 600U) << message.substr(0, 2000);
  EXPECT_THAT(message, StartsWith("f:1:200008: duplicate key \"a\"\n  …"));
  const size_t line = message.find('\n') + 1;
  const size_t caret = message.find('^') - message.rfind('\n') - 1;
  EXPECT_THAT(message.substr(line + caret + 2), StartsWith("a: 2, b: x")) << message;
}

TEST(YamlBounds, ALongWordIsCutInTheMessage) {
  const std::string word(200'000, 'x');
  const auto message = [&](const std::function<void(const Node&)>& read) {
    try {
      read(Node::parse("a: " + word + "\n? " + word + "\n: 1\n", "f"));
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  for (const auto& read : std::vector<std::function<void(const Node&)>>{
           [](const Node& root) {
             root.mapping().require("a").one_of({"all", "any"});
           },
           [](const Node& root) { root.mapping().require("a").integer(); },
           [](const Node& root) { root.mapping().require("a").duration(); },
           [](const Node& root) { root.mapping().require("a").error_at(150'000, "no"); },
           [](const Node& root) { root.mapping().finish(); }}) {
    const std::string text = message(read);
    EXPECT_THAT(text, StartsWith("f:"));
    EXPECT_LT(text.size(), 1'700U);
  }
  EXPECT_THAT(message([](const Node& root) {
                root.mapping().require("a").one_of({"all", "any"});
              }),
              HasSubstr("…"))
      << "what stands behind the word stays";
  EXPECT_THAT(message([](const Node& root) {
                root.mapping().require("a").one_of({"all", "any"});
              }),
              HasSubstr("one of all, any"));
}

TEST(YamlBounds, MeasuresWhatHasBeenEdited) {
  const Node root = Node::parse("a: [1, 2]\nb: x\n", "f");
  EXPECT_EQ(root.measure().values, 5U);
  EXPECT_EQ(root.measure().text_bytes, 5U);
  YAML::Node b = root.mapping().require("b").raw();
  b = root.mapping().require("a").raw();
  EXPECT_EQ(root.measure().values, 7U);
  EXPECT_THROW(root.measure({.values = 6}), ConfigError);
}

}  // namespace
}  // namespace mread::yaml
