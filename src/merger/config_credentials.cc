#include "merger/config_credentials.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/tls_server_yaml.h"
#include "merger/config_reader.h"
#include "merger/config_text.h"
#include "merger/config_transport.h"

namespace mread::merger {
namespace {

using yaml::Mapping;
using yaml::Node;

bool one_header_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// KEY and KEY_file. `block` is for the message: "basic_auth ".
Secret read_secret(Mapping& mapping, const std::string& key, const std::string& block) {
  Secret secret;
  const auto text = mapping.find(key);
  const auto file = mapping.find(key + "_file");
  if (text && file) file->error(fmt::format("at most one of {}{} and {}_file may be given", block, key, key));
  if (text) secret.text = text->string();
  if (file) secret.file = read_path(*file);
  return secret;
}

BasicAuth read_basic_auth(const Node& node) {
  Mapping mapping = node.mapping();
  BasicAuth basic{read_secret(mapping, "username", "basic_auth "), read_secret(mapping, "password", "basic_auth ")};
  // RFC 7617: the first colon ends the user's name.
  if (basic.username.text.find(':') != std::string::npos) {
    mapping.require("username").error("a user's name cannot have a colon in it");
  }
  mapping.finish();
  return basic;
}

Authorization read_authorization(const Node& node) {
  Mapping mapping = node.mapping();
  Authorization authorization;
  if (const auto type = mapping.find("type")) {
    std::string word = type->string();
    while (!word.empty() && word.back() == ' ') word.pop_back();
    word.erase(0, std::min(word.find_first_not_of(' '), word.size()));
    if (!word.empty()) authorization.type = word;
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
    if (word == "basic") type->error("authorization type cannot be \"basic\": use basic_auth");
    const bool token = authorization.type.find_first_of(" \t") == std::string::npos;
    if (!token || !one_header_line(authorization.type)) type->error("want one word");
  }
  authorization.credentials = read_secret(mapping, "credentials", "authorization ");
  if (!one_header_line(authorization.credentials.text)) {
    mapping.require("credentials").error("credentials are one line");
  }
  mapping.finish();
  return authorization;
}

OAuth2 read_oauth2(const Node& node) {
  Mapping mapping = node.mapping();
  OAuth2 oauth2;
  oauth2.client_id = mapping.require("client_id").string();
  if (oauth2.client_id.empty()) node.error("oauth2 needs a client_id");
  oauth2.client_secret = read_secret(mapping, "client_secret", "oauth2 ");
  oauth2.token_url = read_url(mapping.require("token_url")).text;
  if (const auto scopes = mapping.find("scopes")) oauth2.scopes = scopes->strings();
  if (const auto params = mapping.find("endpoint_params")) {
    Mapping entries = params->mapping();
    for (const Mapping::Entry& entry : entries.entries()) {
      if (entry.key == "grant_type") entry.key_node.error("only grant_type client_credentials is known here");
      oauth2.endpoint_params.emplace_back(entry.key, entry.value.string());
    }
  }
  oauth2.transport = read_transport(mapping);
  mapping.finish();
  return oauth2;
}

// "password: <hidden>", "password_file: "…"", or nothing.
std::string hidden(const std::string& key, const Secret& secret) {
  if (!secret.file.empty()) return fmt::format("{}_file: {}", key, quoted(secret.file));
  return secret.text.empty() ? "" : key + ": <hidden>";
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
  }
  return out;
}

}  // namespace

Credentials read_credentials(Mapping& mapping) {
  const auto basic = mapping.find("basic_auth");
  const auto authorization = mapping.find("authorization");
  const auto oauth2 = mapping.find("oauth2");
  const auto token = mapping.find("bearer_token");
  const auto token_file = mapping.find("bearer_token_file");
  const struct {
    const char* key;
    const std::optional<Node>& node;
  } blocks[] = {{"basic_auth", basic},
                {"authorization", authorization},
                {"oauth2", oauth2},
                {"bearer_token", token},
                {"bearer_token_file", token_file}};
  const char* first = nullptr;
  for (const auto& [key, node] : blocks) {
    if (!node) continue;
    if (first != nullptr) node->error(fmt::format("at most one of {} and {} may be given", first, key));
    first = key;
  }
  if (basic) return read_basic_auth(*basic);
  if (authorization) return read_authorization(*authorization);
  if (oauth2) return read_oauth2(*oauth2);
  if (token) {
    Secret secret{token->string(), ""};
    if (!one_header_line(secret.text)) token->error("a bearer_token is one line");
    return Authorization{"Bearer", std::move(secret)};
  }
  if (token_file) return Authorization{"Bearer", {"", read_path(*token_file)}};
  return {};
}

std::string describe_credentials(const Credentials& credentials, const std::string& indent) {
  if (const auto* basic = std::get_if<BasicAuth>(&credentials)) {
    const std::string username = basic->username.file.empty() ? "username: " + quoted(basic->username.text)
                                                              : hidden("username", basic->username);
    return fmt::format("{}basic_auth: {{{}}}\n", indent, join({username, hidden("password", basic->password)}));
  }
  if (const auto* authorization = std::get_if<Authorization>(&credentials)) {
    return fmt::format(
        "{}authorization: {{{}}}\n", indent,
        join({"type: " + quoted(authorization->type), hidden("credentials", authorization->credentials)}));
  }
  if (const auto* oauth2 = std::get_if<OAuth2>(&credentials)) {
    std::string scopes;
    for (const std::string& scope : oauth2->scopes) scopes += (scopes.empty() ? "" : ", ") + quoted(scope);
    std::vector<std::string> params;
    for (const auto& [key, value] : oauth2->endpoint_params) params.push_back(key + ": <hidden>");
    const size_t query = oauth2->token_url.find('?');
    const std::string url =
        oauth2->token_url.substr(0, query) + (query == std::string::npos ? std::string() : "?<hidden>");
    std::string out = indent + "oauth2:\n";
    const auto line = [&](const std::string& text) {
      if (!text.empty()) out += indent + "  " + text + "\n";
    };
    line("client_id: " + quoted(oauth2->client_id));
    line(hidden("client_secret", oauth2->client_secret));
    line("token_url: " + quoted(url));
    line(scopes.empty() ? "" : "scopes: [" + scopes + "]");
    line(params.empty() ? "" : "endpoint_params: {" + join(params) + "}");
    return out + describe_transport(oauth2->transport, indent + "  ");
  }
  return "";
}

}  // namespace mread::merger
