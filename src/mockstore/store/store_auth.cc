#include "mockstore/store/store_auth.h"

#include <algorithm>

#include "base/nearest.h"
#include "net/credentials.h"

namespace mread::mockstore {
namespace {

bool same(std::string_view a, std::string_view b) { return net::equal_in_constant_time(a, b); }

StoreAuth::Basic read_basic(const yaml::Node& node) {
  yaml::Mapping mapping = node.mapping();
  StoreAuth::Basic basic{mapping.require("username").string(),
                         mapping.require("password").string()};
  mapping.finish();
  return basic;
}

std::shared_ptr<TokenBook> find_book(const yaml::Node& node, const TokenBooks& books) {
  const std::string name = node.string();
  const auto found = books.find(name);
  if (found != books.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, book] : books) names.push_back(known);
  const std::string hint = suggestion(name, names);
  node.error("no token server is called \"" + name + "\"" +
             (hint.empty() ? " (token_servers: has them)" : hint));
}

// The type of an Authorization header, in lower case, and the rest.
std::pair<std::string, std::string> split(std::string_view header) {
  const size_t space = header.find(' ');
  std::string type(header.substr(0, space));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const size_t rest =
      space == std::string_view::npos ? space : header.find_first_not_of(' ', space);
  return {type, rest == std::string_view::npos ? std::string() : std::string(header.substr(rest))};
}

bool knows(const StoreAuth::Basic& basic, std::string_view header, const Moment&) {
  const auto claimed = net::parse_basic_authorization(header);
  if (!claimed) return false;
  // Both are compared even if the first differs, so the time tells nothing.
  const bool user = same(claimed->user, basic.username);
  const bool password = same(claimed->password, basic.password);
  return user && password;
}

bool knows(const StoreAuth::Fixed& fixed, std::string_view header, const Moment&) {
  const auto [type, credentials] = split(header);
  const bool known = same(credentials, fixed.credentials);
  return known && type == split(fixed.type).first;
}

bool knows(const std::shared_ptr<TokenBook>& book, std::string_view header, const Moment& now) {
  const auto [type, token] = split(header);
  return type == "bearer" && book->is_valid(token, now);
}

bool knows(std::monostate, std::string_view, const Moment&) { return true; }

}  // namespace

std::optional<std::string> StoreAuth::refusal(const net::Headers& headers,
                                              const Moment& now) const {
  const std::string_view header = headers.get("Authorization");
  const bool known =
      std::visit([&](const auto& wanted) { return knows(wanted, header, now); }, credentials);
  if (!known) return header.empty() ? "no credentials" : "wrong credentials";
  for (const auto& [name, value] : required_headers) {
    if (!same(headers.get(name), value)) return "header " + name;
  }
  return std::nullopt;
}

std::string StoreAuth::challenge() const {
  if (std::holds_alternative<Basic>(credentials)) return "Basic realm=\"mock\"";
  if (const auto* fixed = std::get_if<Fixed>(&credentials)) return fixed->type;
  if (std::holds_alternative<std::shared_ptr<TokenBook>>(credentials))
    return "Bearer error=\"invalid_token\"";
  return "Headers";
}

StoreAuth read_store_auth(yaml::Mapping& mapping, const TokenBooks& books) {
  StoreAuth auth;
  if (const auto headers = mapping.find("required_headers")) {
    yaml::Mapping named = headers->mapping();
    for (const auto& [name, name_node, value] : named.entries()) {
      if (name.empty()) name_node.error("a header's name is missing");
      auth.required_headers.emplace_back(name, value.string());
    }
  }
  const auto node = mapping.find("auth");
  if (!node) return auth;
  yaml::Mapping keys = node->mapping();
  const auto basic = keys.find("basic");
  const auto bearer = keys.find("bearer");
  const auto credentials = keys.find("credentials");
  const auto type = keys.find("type");
  const auto oauth2 = keys.find("oauth2");
  keys.finish();
  const int kinds = int{basic.has_value()} + int{bearer.has_value()} +
                    int{credentials.has_value()} + int{oauth2.has_value()};
  if (kinds != 1)
    node->error("want one of basic, bearer, credentials (with their type) and oauth2");
  if (type && !credentials) type->error("a type needs credentials");
  if (basic) auth.credentials = read_basic(*basic);
  if (bearer) auth.credentials = StoreAuth::Fixed{"Bearer", bearer->string()};
  if (credentials)
    auth.credentials = StoreAuth::Fixed{type ? type->string() : "Bearer", credentials->string()};
  if (oauth2) auth.credentials = find_book(*oauth2, books);
  return auth;
}

}  // namespace mread::mockstore
