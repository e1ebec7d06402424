#include "cli/credential_flags.h"

#include <algorithm>

#include "base/secret_file.h"
#include "net/credentials.h"

namespace mread::cli {

void CredentialFlags::add_to(CLI::App& command) {
  CLI::Option* basic =
      command.add_option("--basic-auth-user", user, "Name for basic authentication")
          ->type_name("NAME");
  command
      .add_option("--basic-auth-password-file", password_file,
                  "File with the password of --basic-auth-user")
      ->type_name("FILE")
      ->needs(basic);
  command
      .add_option("--bearer-token-file", bearer_token_file,
                  "File with a token, sent as Authorization: Bearer")
      ->type_name("FILE")
      ->excludes(basic);
  command
      .add_option("--header", headers, "NAME=VALUE, a request header; may be given several times")
      ->allow_extra_args(false);
}

Result<void> CredentialFlags::apply(net::Headers& out) const {
  for (const std::string& header : headers) {
    const size_t equals = header.find('=');
    // What has no = may be a value whose name was forgotten.
    if (equals == 0 || equals == std::string::npos)
      return fail(Errc::config, "--header: want NAME=VALUE");
    if (header.find_first_of("\r\n") != std::string::npos)
      return fail(Errc::config, "--header: a line break in it");
    out.add(header.substr(0, equals), header.substr(equals + 1));
  }
  if (user.empty() && bearer_token_file.empty()) return {};
  if (out.contains("Authorization")) {
    return fail(
        Errc::config,
        "--header Authorization: not together with --basic-auth-user or --bearer-token-file");
  }
  if (!user.empty()) {
    if (user.find(':') != std::string::npos)
      return fail(Errc::config, "--basic-auth-user: no colon can be in it");
    Result<std::string> password = std::string();
    if (!password_file.empty()) password = read_secret_file(password_file);
    if (!password)
      return fail(Errc::config, "--basic-auth-password-file: " + password.error().to_string());
    out.set("Authorization", net::basic_authorization(user, *password));
    return {};
  }
  const auto token = read_secret_file(bearer_token_file);
  if (!token) return fail(Errc::config, "--bearer-token-file: " + token.error().to_string());
  const bool one_line = std::all_of(token->begin(), token->end(),
                                    [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
  if (token->empty() || !one_line)
    return fail(Errc::config, "--bearer-token-file: " + bearer_token_file + ": want one line");
  out.set("Authorization", "Bearer " + *token);
  return {};
}

}  // namespace mread::cli
