#include "mockstore/store/token_book.h"

#include <charconv>
#include <utility>

#include <boost/json.hpp>

#include "net/credentials.h"

namespace mread::mockstore {
namespace {

namespace json = boost::json;

// At most this many valid tokens are kept: a client that asks in a loop cannot fill the memory.
constexpr size_t most_tokens = 10'000;

TokenReply reply(int status, std::string_view type, std::string body) {
  TokenReply result;
  result.head.status = status;
  result.head.headers.set("Content-Type", std::string(type));
  result.body = std::move(body);
  return result;
}

TokenReply plain(int status, std::string line) {
  return reply(status, "text/plain; charset=utf-8", line + "\n");
}

TokenReply oauth_error(int status, std::string_view word) {
  TokenReply result =
      reply(status, "application/json", json::serialize(json::object{{"error", word}}) + "\n");
  result.head.headers.set("Cache-Control", "no-store");
  if (status == 401) result.head.headers.set("WWW-Authenticate", "Basic realm=\"token\"");
  return result;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() &&
               std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
                   text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> form_fields(std::string_view body) {
  std::map<std::string, std::string> fields;
  while (!body.empty()) {
    const size_t end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    const size_t equals = std::min(pair.find('='), pair.size());
    fields.emplace(decoded(pair.substr(0, equals)),
                   decoded(pair.substr(std::min(equals + 1, pair.size()))));
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return fields;
}

}  // namespace

bool TokenBook::is_valid(std::string_view token, const Moment& now) const {
  const std::lock_guard lock(mutex_);
  const auto found = ends_.find(token);
  return found != ends_.end() && now.since_start < found->second;
}

TokenReply TokenBook::answer(const net::RequestHead& request, std::string_view body,
                             const Moment& now) {
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  const std::lock_guard lock(mutex_);
  if (path == config_.path) {
    if (request.method != "POST") return plain(405, "a token is asked for by POST");
    TokenReply result = issue(request, body, now);
    ++(result.head.status == 200 ? issued_ : refused_);
    return result;
  }
  if (request.method == "GET" && (path == "/-/healthy" || path == "/-/ready"))
    return plain(200, "ready");
  if (request.method == "GET" && path == "/-/journal") {
    return reply(
        200, "application/json",
        json::serialize(json::object{
            {"requests", issued_ + refused_}, {"issued", issued_}, {"refused", refused_}}) +
            "\n");
  }
  if (request.method == "DELETE" && path == "/-/tokens") {
    ends_.clear();
    return plain(200, "no token is good any more");
  }
  return plain(404, "404 page not found");
}

// With the mutex held.
TokenReply TokenBook::issue(const net::RequestHead& request, std::string_view body,
                            const Moment& now) {
  const auto fields = form_fields(body);
  const auto field = [&](const char* name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  };
  net::UserPassword client{field("client_id"), field("client_secret")};
  if (const auto header = net::parse_basic_authorization(request.headers.get("Authorization"))) {
    client = {decoded(header->user), decoded(header->password)};
  }
  // Both are compared even if the first differs, so the time tells nothing.
  const bool id = net::equal_in_constant_time(client.user, config_.client_id);
  const bool secret = net::equal_in_constant_time(client.password, config_.client_secret);
  if (!id || !secret) return oauth_error(401, "invalid_client");
  if (field("grant_type") != "client_credentials")
    return oauth_error(400, "unsupported_grant_type");
  const std::string token = config_.name + "-" + std::to_string(issued_ + 1);
  std::erase_if(ends_, [&](const auto& entry) { return entry.second <= now.since_start; });
  if (ends_.size() >= most_tokens) ends_.erase(ends_.begin());
  ends_[token] = now.since_start + config_.expires_in;
  TokenReply result =
      reply(200, "application/json",
            json::serialize(json::object{{"access_token", token},
                                         {"token_type", "Bearer"},
                                         {"expires_in", config_.expires_in.count()}}) +
                "\n");
  result.head.headers.set("Cache-Control", "no-store");
  return result;
}

TokenBooks read_token_servers(yaml::Mapping& mapping) {
  TokenBooks books;
  const auto servers = mapping.find("token_servers");
  if (!servers) return books;
  yaml::Mapping named = servers->mapping();
  for (const auto& [name, name_node, node] : named.entries()) {
    if (name.empty()) name_node.error("a token server needs a name");
    TokenServerConfig config;
    config.name = name;
    yaml::Mapping keys = node.mapping();
    if (const auto listen = keys.find("listen")) {
      const auto address = net::parse_listen_address(listen->string());
      if (!address) listen->error(address.error().context);
      config.listen = *address;
    }
    if (const auto path = keys.find("path")) {
      config.path = path->string();
      if (!config.path.starts_with("/") || config.path.starts_with("/-/")) {
        path->error("a path begins with / and not with /-/");
      }
    }
    config.client_id = keys.require("client_id").string();
    config.client_secret = keys.require("client_secret").string();
    if (const auto expires = keys.find("expires_in")) {
      config.expires_in = std::chrono::duration_cast<std::chrono::seconds>(expires->duration());
    }
    keys.finish();
    books.emplace(name, std::make_shared<TokenBook>(std::move(config)));
  }
  return books;
}

}  // namespace mread::mockstore
