#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "base/yaml.h"
#include "cli/commands.h"

namespace mread::cli {

/// What a command left and printed.
struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// Calls a command as main() does: an error of the flags or of a configuration is ExitCode::invalid,
/// and its text stands at the end of `err`.
inline Ran run_command(void (*add)(CLI::App&, int&), const std::string& name,
                       std::vector<std::string> arguments) {
  Ran ran;
  CLI::App app("mread");
  add(app, ran.exit_code);
  arguments.insert(arguments.begin(), name);
  std::string thrown;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  try {
    app.parse(
        std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // The last one first.
  } catch (const CLI::ParseError& error) {
    ran.exit_code = ExitCode::invalid;
    thrown = error.what();
  } catch (const yaml::ConfigError& error) {
    ran.exit_code = ExitCode::invalid;
    thrown = error.what();
  }
  std::fflush(stdout);
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr() + thrown;
  return ran;
}

}  // namespace mread::cli
