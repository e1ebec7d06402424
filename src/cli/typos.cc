#include "cli/typos.h"

#include <algorithm>

#include "base/nearest.h"
#include "base/shown_text.h"
#include "base/yaml.h"

namespace mread::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The command that the first arguments name ("report merge"), and its full name.
struct Asked {
  const CLI::App* command;
  std::string name;
  size_t words = 0;
};

Asked asked_of(const CLI::App& app, const std::vector<std::string>& arguments) {
  Asked asked{&app, app.get_name()};
  while (asked.words < arguments.size()) {
    const auto commands = commands_of(*asked.command);
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const CLI::App* one) {
      return one->get_name() == arguments[asked.words];
    });
    if (found == commands.end()) break;
    asked.command = *found;
    asked.name += " " + asked.command->get_name();
    ++asked.words;
  }
  return asked;
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
  return asked_of(app, arguments).name + " --help";
}

std::optional<std::string> find_typo(const CLI::App& app,
                                     const std::vector<std::string>& arguments) {
  const Asked asked = asked_of(app, arguments);
  const std::string help = asked.name + " --help";
  const auto commands = commands_of(*asked.command);
  if (!commands.empty() && asked.words < arguments.size() &&
      !arguments[asked.words].starts_with('-')) {
    std::vector<std::string> names;
    for (const CLI::App* one : commands) names.push_back(one->get_name());
    return unknown(asked.name, "unknown command", arguments[asked.words], names, help);
  }
  const std::vector<std::string> flags = flags_of(*asked.command);
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    // The text after the = may be a secret.
    const std::string flag = argument.substr(0, argument.find('='));
    if (std::find(flags.begin(), flags.end(), flag) != flags.end()) continue;
    return unknown(asked.name, "unknown flag", flag, flags, help);
  }
  return std::nullopt;
}

}  // namespace mread::cli
