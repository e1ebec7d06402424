#include "cli/typos.h"

#include <algorithm>

#include "base/nearest.h"
#include "base/shown_text.h"
#include "base/yaml.h"

namespace mread::cli {
namespace {

const CLI::App* command_of(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.empty()) return nullptr;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == arguments.front()) return command;
  }
  return nullptr;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::string unknown(const std::string& who, const std::string& what, const std::string& word,
                    const std::vector<std::string>& known, const std::string& help) {
  return who + ": " + what + " \"" + shorten(word, 100) + "\"" + suggestion(word, known) +
         " (see " + help + ")";
}

}  // namespace

std::string help_for(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* command = command_of(app, arguments);
  return app.get_name() + (command == nullptr ? "" : " " + command->get_name()) + " --help";
}

std::optional<std::string> find_typo(const CLI::App& app,
                                     const std::vector<std::string>& arguments) {
  const CLI::App* command = command_of(app, arguments);
  const std::string help = help_for(app, arguments);
  if (command == nullptr && !arguments.empty() && !arguments.front().starts_with('-')) {
    std::vector<std::string> names;
    for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(one->get_name());
    }
    return unknown(app.get_name(), "unknown command", arguments.front(), names, help);
  }
  const CLI::App& asked = command == nullptr ? app : *command;
  const std::vector<std::string> flags = flags_of(asked);
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    // The text after the = may be a secret.
    const std::string flag = argument.substr(0, argument.find('='));
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) continue;
    const std::string who = app.get_name() + (command == nullptr ? "" : " " + command->get_name());
    return unknown(who, "unknown flag", flag, flags, help);
  }
  return std::nullopt;
}

}  // namespace mread::cli
