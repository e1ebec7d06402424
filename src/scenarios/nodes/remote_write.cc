#include "scenarios/nodes/remote_write.h"

#include <chrono>
#include <string>
#include <utility>

#include "net/client.h"
#include "wire/request/remote_write.h"

namespace mread::scenarios {

namespace {

Result<void> post(const net::Url& endpoint, std::string body, std::stop_token stop) {
  net::ClientRequest request;
  request.url = endpoint;
  request.method = "POST";
  request.headers.set("Content-Type", "application/x-protobuf");
  request.headers.set("Content-Encoding", "snappy");
  request.headers.set("X-Prometheus-Remote-Write-Version", "0.1.0");
  request.body = std::move(body);
  const auto answer = net::fetch(std::move(request),
                                 {.timeout = std::chrono::minutes(1), .body_bytes = 1 << 20}, stop);
  if (!answer) return fail(answer.error().in("remote write"));
  if (answer->head.status / 100 == 2) return {};
  std::string said = answer->body.substr(0, 500);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return fail(Errc::http_status, "remote write to " + endpoint.authority() + ": HTTP " +
                                     std::to_string(answer->head.status) +
                                     (said.empty() ? "" : ": " + said));
}

}  // namespace

Result<void> write_series(const net::Url& endpoint, const std::vector<model::Series>& series,
                          std::stop_token stop) {
  wire::WriteRequests requests(series);
  while (auto body = requests.next()) {
    if (auto sent = post(endpoint, std::move(*body), stop); !sent) return sent;
  }
  return {};
}

}  // namespace mread::scenarios
