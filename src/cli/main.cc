#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "base/printable.h"
#include "base/yaml.h"
#include "cli/commands.h"
#include "cli/typos.h"

namespace {

// The commands, as --help groups them.
void add_commands(CLI::App& app, int& exit_code) {
  using namespace mread;
  struct Group {
    const char* name;
    std::vector<void (*)(CLI::App&, int&)> commands;
  };
  const std::vector<Group> groups{
      {"Plan a set-up", {cli::add_new, cli::add_check, cli::add_rehearse, cli::add_export}},
      {"Run scenarios", {cli::add_run, cli::add_report, cli::add_schema}},
      {"Serve", {cli::add_serve}},
      {"Probe and mock endpoints",
       {cli::add_read, cli::add_diff, cli::add_load, cli::add_conformance, cli::add_mock}},
  };
  for (const Group& group : groups) {
    for (const auto& add : group.commands) {
      add(app, exit_code);
      app.get_subcommands({}).back()->group(group.name);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mread;
  std::signal(SIGPIPE,
              SIG_IGN);  // A peer or a pager that goes away is an error of a write, not an end.
  std::signal(SIGXFSZ, SIG_IGN);  // So is a file that may not grow any more.
  int exit_code = cli::ok;
  CLI::App app("mread: test bench and merge core for Prometheus multi remote_read set-ups",
               "mread");
  app.set_version_flag("--version", "mread " MREAD_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Example: mread run scenarios/seeds\nmread COMMAND --help shows a command's flags and an "
      "example.");
  add_commands(app, exit_code);
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  // `mread help` and `mread help serve` are what people try.
  if (!arguments.empty() && arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.resize(std::min<size_t>(arguments.size(), 1));
    arguments.emplace_back("--help");
  }
  if (const auto typo = cli::find_typo(app, arguments)) {
    std::fprintf(stderr, "%s\n", typo->c_str());
    return cli::invalid;
  }
  try {
    app.parse(
        std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // The last one first.
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "mread: %s; see %s\n", without_commands(printable(error.what())).c_str(),
                 cli::help_for(app, arguments).c_str());
    return cli::invalid;
  } catch (const yaml::ConfigError& error) {
    std::fprintf(stderr, "%s\n",
                 without_commands(printable_lines(error.what())).c_str());  // With the file's line.
    return cli::invalid;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mread: %s\n", without_commands(printable(error.what())).c_str());
    return cli::failed;
  }
  return exit_code;
}
