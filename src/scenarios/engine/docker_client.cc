#include "scenarios/engine/docker_client.h"

#include <cstdlib>

#include "base/version_text.h"
#include "net/client.h"

namespace mread::scenarios {

namespace {

constexpr std::string_view default_socket = "/var/run/docker.sock";
/// What this client was written for; older and newer engines are spoken to as near to it as they
/// allow.
constexpr std::string_view wanted_version = "1.41";

Result<net::Url> parse_endpoint(std::string_view host) {
  net::Url url;
  url.target = "/";
  if (host.starts_with("unix://")) {
    url.scheme = net::Url::Scheme::unix_socket;
    url.host = host.substr(7);
    return url;
  }
  const char* verify = std::getenv("DOCKER_TLS_VERIFY");
  if (host.starts_with("tcp://") && (verify == nullptr || *verify == '\0')) {
    if (auto parsed = net::Url::parse("http://" + std::string(host.substr(6)))) return parsed;
  }
  return fail(
      Errc::environment,
      "DOCKER_HOST \"" + std::string(host) +
          "\" cannot be used: want unix:///PATH or tcp://HOST:PORT without TLS (forward the "
          "socket by ssh where it is elsewhere)");
}

Error unreachable(const net::Url& endpoint, const std::string& place, const Error& why) {
  const bool is_default = endpoint.host == default_socket;
  if (why.code == boost::system::errc::permission_denied) {
    return {Errc::environment, "no permission to use the Docker engine at " + place +
                                   "; run as root, join the group docker, or use --engine process"};
  }
  return {Errc::environment, "no Docker engine answers at " + place + " (" + why.code.message() +
                                 "); start dockerd" + (is_default ? "" : ", correct DOCKER_HOST") +
                                 " or use --engine process"};
}

}  // namespace

Result<DockerClient> DockerClient::connect() {
  const char* variable = std::getenv("DOCKER_HOST");
  const std::string host = variable != nullptr && *variable != '\0'
                               ? std::string(variable)
                               : "unix://" + std::string(default_socket);
  auto endpoint = parse_endpoint(host);
  if (!endpoint) return fail(endpoint.error());
  DockerClient client(std::move(*endpoint));
  const auto answer =
      client.request("GET", {.path = "/version", .timeout = std::chrono::seconds(20)}, {});
  if (!answer) return fail(unreachable(client.endpoint_, host, answer.error()));
  boost::system::error_code error;
  const json::value version = json::parse(*answer, error);
  const std::string highest = error ? "" : text_at(version, {"ApiVersion"});
  const auto high = parse_version(highest);
  if (!high)
    return fail(Errc::environment, host + " is no Docker engine: its /version has no ApiVersion");
  const std::string lowest = text_at(version, {"MinAPIVersion"});
  const auto low = parse_version(lowest);
  const auto want = *parse_version(wanted_version);
  std::string agreed(wanted_version);
  if (compare_versions(*high, want) < 0) agreed = highest;
  if (low && compare_versions(*low, want) > 0) agreed = lowest;
  client.version_ = "/v" + agreed;
  return client;
}

std::string DockerClient::place() const {
  return is_local() ? "unix://" + endpoint_.host : "tcp://" + endpoint_.authority();
}

Result<std::string> DockerClient::request(std::string method, Call call,
                                          std::stop_token stop) const {
  net::ClientRequest request;
  request.url = endpoint_;
  request.url.target = version_ + call.path;
  request.method = std::move(method);
  request.body = std::move(call.body);
  if (!call.content_type.empty()) request.headers.set("Content-Type", call.content_type);
  auto response =
      net::fetch(std::move(request), {.timeout = call.timeout, .body_bytes = 4ULL << 30}, stop);
  if (!response) return fail(response.error());
  if (response->head.status < 400) return std::move(response->body);
  boost::system::error_code error;
  const json::value answer = json::parse(response->body, error);
  const std::string message = error ? response->body.substr(0, 300) : text_at(answer, {"message"});
  return fail(
      response->head.status == 404 ? Errc::not_found : Errc::http_status,
      "Docker: " + (message.empty() ? "HTTP " + std::to_string(response->head.status) : message));
}

Result<std::string> DockerClient::get(Call call, std::stop_token stop) const {
  return request("GET", std::move(call), stop);
}
Result<std::string> DockerClient::post(Call call, std::stop_token stop) const {
  return request("POST", std::move(call), stop);
}
Result<std::string> DockerClient::put(Call call, std::stop_token stop) const {
  return request("PUT", std::move(call), stop);
}

Result<void> DockerClient::remove(const std::string& path) const {
  const auto answer = request("DELETE", {.path = path}, {});
  if (!answer) return fail(answer.error());
  return {};
}

namespace {

Result<json::value> parsed(const Result<std::string>& answer) {
  if (!answer) return fail(answer.error());
  if (answer->empty()) return json::value(nullptr);
  boost::system::error_code error;
  json::value value = json::parse(*answer, error);
  if (error)
    return fail(Errc::malformed, "Docker: an answer that is not JSON: " + answer->substr(0, 200));
  return value;
}

}  // namespace

Result<json::value> DockerClient::get_json(const std::string& path, std::stop_token stop) const {
  return parsed(get({.path = path}, stop));
}

Result<json::value> DockerClient::post_json(const std::string& path, const json::value& body,
                                            std::stop_token stop) const {
  return parsed(post({.path = path,
                      .content_type = "application/json",
                      .body = body.is_null() ? "" : json::serialize(body)},
                     stop));
}

Result<void> DockerClient::post_progress(Call call, std::stop_token stop) const {
  const auto answer = post(std::move(call), stop);
  if (!answer) return fail(answer.error());
  std::string_view rest = *answer;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    boost::system::error_code error;
    const json::value message = json::parse(rest.substr(0, end), error);
    if (!error) {
      if (const std::string why = text_at(message, {"error"}); !why.empty())
        return fail(Errc::http_status, "Docker: " + why);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

std::string url_encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return out;
}

std::string demultiplex_log(std::string_view frames) {
  std::string text;
  while (frames.size() >= 8) {
    size_t size = 0;
    for (size_t i = 4; i < 8; ++i) size = size << 8U | static_cast<unsigned char>(frames[i]);
    frames.remove_prefix(8);
    size = std::min(size, frames.size());
    text += frames.substr(0, size);
    frames.remove_prefix(size);
  }
  return text;
}

const json::value* member_at(const json::value& value,
                             std::initializer_list<std::string_view> path) {
  const json::value* at = &value;
  for (const std::string_view key : path) {
    if (at == nullptr || !at->is_object()) return nullptr;
    at = at->get_object().if_contains(key);
  }
  return at;
}

std::string text_at(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* member = member_at(value, path);
  return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                  : std::string();
}

int64_t number_at(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* member = member_at(value, path);
  return member != nullptr && member->is_int64() ? member->get_int64() : 0;
}

bool flag_at(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* member = member_at(value, path);
  return member != nullptr && member->is_bool() && member->get_bool();
}

}  // namespace mread::scenarios
