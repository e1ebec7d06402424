#include "serve/backends/backend_requests.h"

#include <string>
#include <utility>

#include "base/yaml.h"

namespace mread::serve {

std::vector<net::ClientRequest> backend_requests(const config::Config& config) {
  std::vector<net::ClientRequest> requests;
  for (size_t i = 0; i < config.backends.size(); ++i) {
    const config::Endpoint& endpoint = config.endpoints[i];
    net::ClientRequest request;
    // Of a backend that cannot be asked, its authorizer fails each request before it is sent.
    auto url =
        net::Url::parse(endpoint.unusable.empty() ? endpoint.url : "http://unusable.invalid/");
    if (!url)
      throw yaml::ConfigError("backend " + config.backends[i].name + ": " +
                              url.error().to_string());
    request.url = std::move(*url);
    request.method = "POST";
    request.follow_redirects = endpoint.follow_redirects;
    // As Prometheus's own client sends them.
    request.headers.add("User-Agent", "mread/" MREAD_VERSION);
    request.headers.add("Accept-Encoding", "snappy");
    request.headers.add("Content-Encoding", "snappy");
    request.headers.add("Content-Type", "application/x-protobuf");
    request.headers.add("X-Prometheus-Remote-Read-Version", "0.1.0");
    for (const auto& [name, value] : endpoint.headers) request.origin_headers.set(name, value);
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace mread::serve
