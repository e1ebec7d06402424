#pragma once

#include <CLI/CLI.hpp>

namespace mread::cli {

/// Exit codes of every command (docs/reference/run.md): a bad flag or configuration is `invalid`.
enum ExitCode : int {
  ok = 0,
  failed = 1,        ///< a check failed; a read failed
  inconclusive = 2,  ///< noise above the effect
  invalid = 3,       ///< the scenario, the configuration or the command line
  environment = 4,   ///< the machine is not usable: no Prometheus, no Docker when asked for
  interrupted = 130,
};

// One function a command, each in a file of its own: it declares the subcommand with its flags and
// example, and sets a callback that leaves its exit code in `exit_code`. Errors go to stderr in one
// line that says what to do.
void add_read(CLI::App& app, int& exit_code);
void add_diff(CLI::App& app, int& exit_code);
void add_conformance(CLI::App& app, int& exit_code);
void add_load(CLI::App& app, int& exit_code);
void add_mock(CLI::App& app, int& exit_code);
void add_serve(CLI::App& app, int& exit_code);
void add_run(CLI::App& app, int& exit_code);
void add_rehearse(CLI::App& app, int& exit_code);
void add_new(CLI::App& app, int& exit_code);
void add_export(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_schema(CLI::App& app, int& exit_code);

}  // namespace mread::cli
