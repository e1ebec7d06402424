#include "scenarios/loading/schema.h"

#include <cstdio>

#include "cli/commands.h"
#include "scenarios/model/json_text.h"

namespace mread::cli {

void add_schema(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "schema", "Print the JSON Schema of scenario files, from which an editor completes");
  command->footer(
      "Example: mread schema >scenario.schema.json\n"
      "First line of a scenario, for yaml-language-server:\n"
      "# yaml-language-server: $schema=scenario.schema.json");
  command->callback([&exit_code] {
    std::fputs((scenarios::indented_json(scenarios::scenario_schema()) + "\n").c_str(), stdout);
    exit_code = std::fflush(stdout) == 0 ? ok : environment;
  });
}

}  // namespace mread::cli
