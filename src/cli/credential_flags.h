#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "net/http.h"

namespace mread::cli {

/// Who a command says it is to the server that it asks. Passwords and tokens come from files: a
/// command line is seen by everybody on the machine.
struct CredentialFlags {
  std::string user;
  std::string password_file;
  std::string bearer_token_file;
  std::vector<std::string> headers;  ///< NAME=VALUE

  void add_to(CLI::App& command);
  /// Reads the files and sets the headers. Errors: Errc::config, one line without a secret in it.
  Result<void> apply(net::Headers& out) const;
};

}  // namespace mread::cli
