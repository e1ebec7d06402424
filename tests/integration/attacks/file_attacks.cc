// The contents of files that a running program reads again: whatever they are, it is refused with a
// line, and the next good file is taken.

#include <csignal>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "integration/attacks/attack.h"
#include "integration/attacks/nasty_files.h"
#include "integration/attacks/stage.h"

namespace mread::attacks {
namespace {

std::string good_discovery(Stage& stage) {
  return fmt::format("- {{name: c, url: \"{}\"}}\n", stage.a().url());
}

void expect_refused(const std::string& reply) {
  EXPECT_EQ(status_of(reply), 400) << reply.substr(0, 500);
  EXPECT_LE(body_of(reply).size(), 1024u) << reply.substr(0, 500);
}

void discover(Stage& stage, const NastyFile& file) {
  const auto path = stage.folder().path() / "backends.yml";
  const size_t logged = stage.log().size();
  file.put(path);
  if (file.name != "ALinkToItself") {  // Which is a file that is not there, for a moment.
    EXPECT_TRUE(stage.wait_for_log("refused", logged)) << "discovery has not told of the file";
  }
  expect_refused(stage.exchange(post("/-/reload", "")));
  stage.wait_for_light_reads(3);
  const size_t then = stage.log().size();
  replace_file(path, good_discovery(stage));
  EXPECT_TRUE(stage.wait_for_log("configuration loaded", then)) << "discovery has ended";
  stage.wait_for_light_reads(3);
}

void reload(Stage& stage, const NastyFile& file) {
  file.put(stage.config_path());
  expect_refused(stage.exchange(post("/-/reload", "")));
  const size_t logged = stage.log().size();
  stage.signal(SIGHUP);
  EXPECT_TRUE(stage.wait_for_log("refused", logged));
  stage.wait_for_light_reads(3);
  replace_file(stage.config_path(), stage.config_text());
}

// Files that are fine, and lead to much work or to many backends.
void many_backends(Stage& stage) {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += fmt::format("- {{name: n{}, url: \"http://127.0.0.1:9/{}\"}}\n", i, i);
  const auto path = stage.folder().path() / "backends.yml";
  replace_file(path, text);
  expect_refused(stage.exchange(post("/-/reload", "")));
  replace_file(path, good_discovery(stage));
  stage.wait_for_light_reads(3);
}

// The file is replaced without a pause.
void restless_discovery(Stage& stage) {
  const auto path = stage.folder().path() / "backends.yml";
  for (int i = 0; i < 300; ++i) {
    replace_file(path, i % 3 == 0 ? "," : good_discovery(stage) + fmt::format("# {}\n", i));
    if (i % 10 == 0) stage.wait_for_light_reads(3);
  }
  replace_file(path, good_discovery(stage));
}

}  // namespace

std::vector<Attack> file_attacks() {
  const std::string config = "discovery: {file: backends.yml, refresh: 200ms}\n";
  const auto prepare = [](Stage& stage) {
    stage.folder().write("backends.yml", good_discovery(stage));
  };
  std::vector<Attack> attacks;
  for (const NastyFile& file : nasty_files()) {
    attacks.push_back({.name = "Discovery" + file.name,
                       .run = [file](Stage& stage) { discover(stage, file); },
                       .config = config,
                       .prepare = prepare});
    attacks.push_back(
        {.name = "Reload" + file.name, .run = [file](Stage& stage) { reload(stage, file); }});
  }
  attacks.push_back({.name = "DiscoveryOfManyBackends",
                     .run = many_backends,
                     .config = config,
                     .prepare = prepare});
  attacks.push_back({.name = "RestlessDiscovery",
                     .run = restless_discovery,
                     .config = config,
                     .prepare = prepare});
  return attacks;
}

}  // namespace mread::attacks
