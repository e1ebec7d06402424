#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "base/error.h"
#include "net/http.h"

namespace mread::scenarios {

namespace json = boost::json;

/// The Docker Engine API over its socket, or TCP. Every call is one request on a connection of its
/// own; blocking; safe to use from several threads.
///
/// Errors of all calls: Errc::not_found for 404, Errc::http_status for other answers from 400 on,
/// with Docker's own message; what net::fetch gives for connections. Source: Docker Engine API
/// v1.41 reference.
class DockerClient {
 public:
  /// Finds the engine (DOCKER_HOST: unix:// or tcp://; else /var/run/docker.sock) and agrees on a
  /// version of the API. Errors: Errc::environment, one line that says what to do.
  static Result<DockerClient> connect();

  struct Call {
    std::string path;  ///< "/containers/json?all=1", without the version
    std::string content_type;
    std::string body;
    std::chrono::milliseconds timeout = std::chrono::minutes(2);
  };
  Result<std::string> get(Call call, std::stop_token stop = {}) const;
  Result<std::string> post(Call call, std::stop_token stop = {}) const;
  Result<std::string> put(Call call, std::stop_token stop = {}) const;
  Result<void> remove(const std::string& path) const;

  Result<json::value> get_json(const std::string& path, std::stop_token stop = {}) const;
  /// Posts a JSON body; the answer's JSON, or null where it has no body.
  Result<json::value> post_json(const std::string& path, const json::value& body = nullptr,
                                std::stop_token stop = {}) const;
  /// For /build and /images/create, whose answer is 200 and a stream of JSON messages, the last of
  /// which may be an error.
  Result<void> post_progress(Call call, std::stop_token stop) const;

  /// The engine shares this machine's kernel as far as can be told: it is reached over a socket.
  bool is_local() const { return endpoint_.scheme == net::Url::Scheme::unix_socket; }
  /// The host of a TCP endpoint; empty for a socket.
  std::string remote_host() const { return is_local() ? std::string() : endpoint_.host; }
  /// "unix:///var/run/docker.sock"
  std::string place() const;

 private:
  explicit DockerClient(net::Url endpoint) : endpoint_(std::move(endpoint)) {}
  Result<std::string> request(std::string method, Call call, std::stop_token stop) const;

  net::Url endpoint_;
  std::string version_;  // "/v1.41"; empty while it is not yet agreed on.
};

/// Percent-encoding of a query's value.
std::string url_encode(std::string_view text);

/// The text of standard output and error in a container's log, which Docker sends as frames: a byte
/// for the stream, three zeros, a big-endian length, the data. A frame cut short at the end is
/// taken as far as it goes.
std::string demultiplex_log(std::string_view frames);

/// A member's text or number, looked for along a path; empty or 0 where it is not there.
std::string text_at(const json::value& value, std::initializer_list<std::string_view> path);
int64_t number_at(const json::value& value, std::initializer_list<std::string_view> path);
bool flag_at(const json::value& value, std::initializer_list<std::string_view> path);
const json::value* member_at(const json::value& value,
                             std::initializer_list<std::string_view> path);

}  // namespace mread::scenarios
