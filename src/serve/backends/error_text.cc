#include "serve/backends/error_text.h"

#include <utility>
#include <variant>

#include "base/shown_url.h"

namespace mread::serve {

std::string without_secrets(std::string text, const config::Endpoint& endpoint) {
  text = hide_query(std::move(text), endpoint.url);
  for (const auto& [name, value] : endpoint.headers) hide(text, value);
  for (const config::HttpHeader& header : endpoint.http_headers) {
    for (const std::string& value : header.values) hide(text, value);
  }
  if (const auto* basic = std::get_if<config::BasicAuth>(&endpoint.credentials))
    hide(text, basic->password.text);
  if (const auto* authorization = std::get_if<config::Authorization>(&endpoint.credentials))
    hide(text, authorization->credentials.text);
  return text;
}

Error without_address(Error error, const std::string& address) {
  const std::string prefix = address + ": ";
  if (error.context.starts_with(prefix)) error.context.erase(0, prefix.size());
  return error;
}

}  // namespace mread::serve
