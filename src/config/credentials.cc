#include "config/credentials.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/shown_url.h"
#include "base/tls_server_yaml.h"
#include "config/headers.h"
#include "config/text.h"
#include "config/transport.h"
#include "config/url.h"

namespace mread::config {
namespace {

using yaml::Mapping;
using yaml::Node;

bool one_header_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// The text of a key; "" where there is none. Prometheus tells no empty text from none.
std::string text_of(Mapping& mapping, const std::string& key) {
  const auto node = mapping.find(key);
  return node ? node->string() : std::string();
}

// KEY and KEY_file. `block` is for the message: "basic_auth ".
Secret read_secret(Mapping& mapping, const std::string& key, const std::string& block,
                   Findings& findings) {
  Secret secret;
  secret.text = text_of(mapping, key);
  const auto file = mapping.find(key + "_file");
  if (file && !file->string().empty()) {
    if (!secret.text.empty()) {
      file->error(fmt::format("at most one of {}{} and {}_file may be given", block, key, key));
    }
    secret.file = read_path(*file);
  }
  if (!text_of(mapping, key + "_ref").empty()) {
    findings.no_read_succeeds(*mapping.find(key + "_ref"),
                              key + "_ref takes a secret manager, and there is none");
  }
  return secret;
}

BasicAuth read_basic_auth(const Node& node, Findings& findings) {
  Mapping mapping = node.mapping();
  BasicAuth basic;
  basic.username = read_secret(mapping, "username", "basic_auth ", findings);
  basic.password = read_secret(mapping, "password", "basic_auth ", findings);
  if (basic.username.text.find(':') != std::string::npos) {
    findings.warn(*mapping.find("username"),
                  "the first colon ends the user's name: the rest is sent as the password's begin");
  }
  mapping.finish();
  return basic;
}

Authorization read_authorization(const Node& node, Findings& findings) {
  Mapping mapping = node.mapping();
  Authorization authorization;
  if (const auto type = mapping.find("type")) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    std::string word = type->string();
    word.erase(word.find_last_not_of(blanks) + 1);
    word.erase(0, std::min(word.find_first_not_of(blanks), word.size()));
    if (!word.empty()) authorization.type = word;
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (word == "basic") type->error("authorization type cannot be \"basic\": use basic_auth");
    if (!one_header_line(authorization.type))
      findings.no_read_succeeds(*type, "an authorization type is one line");
  }
  authorization.credentials = read_secret(mapping, "credentials", "authorization ", findings);
  if (!one_header_line(authorization.credentials.text)) {
    findings.no_read_succeeds(*mapping.find("credentials"), "credentials are one line");
  }
  mapping.finish();
  return authorization;
}

// Keys of Prometheus 3.5 for signed assertions (RFC 7523), which nothing here makes.
void read_assertion_keys(Mapping& mapping, Findings& findings) {
  const auto grant = mapping.find("grant_type");
  const bool wanted = grant && grant->string() == "urn:ietf:params:oauth:grant-type:jwt-bearer";
  if (wanted)
    findings.no_read_succeeds(*grant,
                              "grant_type jwt-bearer is not known here, only client_credentials");
  for (const char* key :
       {"client_certificate_key_id", "client_certificate_key", "client_certificate_key_file",
        "client_certificate_key_ref", "signature_algorithm", "iss", "audience", "claims"}) {
    const auto value = mapping.find(key);
    if (value && !wanted)
      findings.warn(*value, std::string(key) + " has no effect without grant_type jwt-bearer");
  }
}

HeaderPairs read_endpoint_params(const Node& node, const OAuth2& oauth2, Findings& findings) {
  HeaderPairs params;
  Mapping entries = node.mapping();
  for (const Mapping::Entry& entry : entries.entries()) {
    if (entry.key == "scope" && !oauth2.scopes.empty()) {
      findings.no_read_succeeds(entry.key_node,
                                "scope is what scopes: says, and cannot be given twice");
    }
    params.emplace_back(entry.key, entry.value.string_or_empty());
  }
  return params;
}

OAuth2 read_oauth2(const Node& node, Findings& findings) {
  Mapping mapping = node.mapping();
  OAuth2 oauth2;
  oauth2.client_id = mapping.require("client_id").string();
  if (oauth2.client_id.empty()) node.error("oauth2 needs a client_id");
  oauth2.client_secret = read_secret(mapping, "client_secret", "oauth2 ", findings);
  const Node url_node = mapping.require("token_url");
  if (url_node.string().empty()) url_node.error("oauth2 needs a token_url");
  // Prometheus looks at it when it asks for a token.
  const auto url = parse_go_url(url_node.string());
  const bool is_web = url && url->is_web();
  if (!is_web)
    findings.no_read_succeeds(url_node,
                              "want an http or https URL with a host, http://HOST:PORT/PATH");
  if (is_web && url->user)
    findings.warn(url_node, "a user in the URL has no effect with client_id");
  oauth2.token_url = is_web ? url->plain() : url_node.string();
  if (const auto scopes = mapping.find("scopes")) {
    for (const Node& scope : scopes->sequence_or_one())
      oauth2.scopes.push_back(scope.string_or_empty());
  }
  if (const auto params = mapping.find("endpoint_params")) {
    oauth2.endpoint_params = read_endpoint_params(*params, oauth2, findings);
  }
  read_assertion_keys(mapping, findings);
  oauth2.transport = read_transport(mapping, findings);
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

Credentials read_credentials(Mapping& mapping, Findings& findings) {
  const auto given = [&mapping](const char* key) {
    auto node = mapping.find(key);
    if (node && node->is_scalar() && node->string().empty()) node.reset();
    return node;
  };
  // A block counts when it is there, a text when it is not empty.
  const auto basic = mapping.find("basic_auth");
  const auto authorization = mapping.find("authorization");
  const auto oauth2 = mapping.find("oauth2");
  const auto token = given("bearer_token");
  const auto token_file = given("bearer_token_file");
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
    if (first != nullptr)
      node->error(fmt::format("at most one of {} and {} may be given", first, key));
    first = key;
  }
  if (basic) return read_basic_auth(*basic, findings);
  if (authorization) return read_authorization(*authorization, findings);
  if (oauth2) return read_oauth2(*oauth2, findings);
  if (token) {
    Secret secret{token->string(), ""};
    if (!one_header_line(secret.text))
      findings.no_read_succeeds(*token, "a bearer_token is one line");
    return Authorization{"Bearer", std::move(secret)};
  }
  if (token_file) return Authorization{"Bearer", {"", read_path(*token_file)}};
  return {};
}

std::string describe_credentials(const Credentials& credentials, const std::string& indent) {
  if (const auto* basic = std::get_if<BasicAuth>(&credentials)) {
    const bool is_shown = basic->username.file.empty() && !basic->is_from_url;
    const std::string username = is_shown ? "username: " + quoted(basic->username.text)
                                          : hidden("username", basic->username);
    return fmt::format("{}basic_auth: {{{}}}\n", indent,
                       join({username, hidden("password", basic->password)}));
  }
  if (const auto* authorization = std::get_if<Authorization>(&credentials)) {
    return fmt::format("{}authorization: {{{}}}\n", indent,
                       join({"type: " + quoted(authorization->type),
                             hidden("credentials", authorization->credentials)}));
  }
  if (const auto* oauth2 = std::get_if<OAuth2>(&credentials)) {
    std::string scopes;
    for (const std::string& scope : oauth2->scopes)
      scopes += (scopes.empty() ? "" : ", ") + quoted(scope);
    std::vector<std::string> params;
    for (const auto& [key, value] : oauth2->endpoint_params) params.push_back(key + ": <hidden>");
    std::string out = indent + "oauth2:\n";
    const auto line = [&](const std::string& text) {
      if (!text.empty()) out += indent + "  " + text + "\n";
    };
    line("client_id: " + quoted(oauth2->client_id));
    line(hidden("client_secret", oauth2->client_secret));
    line("token_url: " + quoted(shown_url(oauth2->token_url)));
    line(scopes.empty() ? "" : "scopes: [" + scopes + "]");
    line(params.empty() ? "" : "endpoint_params: {" + join(params) + "}");
    return out + describe_transport(oauth2->transport, indent + "  ");
  }
  return "";
}

}  // namespace mread::config
