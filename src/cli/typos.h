#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace mread::cli {

/// One line about the first word of a command line that `app` does not know, with the nearest that
/// it knows and where to look: a command, a command of that command, or a flag. None where all
/// of them are known. `help` is a command that is not known here.
std::optional<std::string> find_typo(const CLI::App& app,
                                     const std::vector<std::string>& arguments);

/// "mread serve --help": where to look for what `arguments` were meant to be.
std::string help_for(const CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace mread::cli
