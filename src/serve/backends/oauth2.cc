#include "serve/backends/oauth2.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/yaml.h"
#include "net/credentials.h"

namespace mread::serve {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds longest_lifetime = std::chrono::hours(24 * 365);
constexpr std::chrono::seconds early{10};
constexpr std::chrono::seconds probation{30};

// application/x-www-form-urlencoded.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '*') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

void add_field(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form += encoded(name) + "=" + encoded(value);
}

// The endpoint's word for what is wrong, where it looks like one ("invalid_client"): all else stays
// out of messages.
std::string error_word(const json::value& body) {
  constexpr size_t longest = 64;
  const auto* object = body.if_object();
  const auto* error = object == nullptr ? nullptr : object->if_contains("error");
  const auto* word = error == nullptr ? nullptr : error->if_string();
  if (word == nullptr || word->size() > longest) return "";
  const bool plain = std::all_of(word->begin(), word->end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == ' ';
  });
  return plain ? std::string(*word) : "";
}

// A number, or a number as text, as some servers have it.
std::optional<std::chrono::seconds> lifetime(const json::value& value) {
  double seconds = 0;
  if (const auto* text = value.if_string()) {
    int64_t whole = 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), whole);
    if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) return std::nullopt;
    seconds = static_cast<double>(whole);
  } else if (value.is_number()) {
    seconds = value.to_number<double>();
  } else {
    return std::nullopt;
  }
  const auto longest = static_cast<double>(longest_lifetime.count());
  return std::chrono::seconds(static_cast<int64_t>(std::clamp(seconds, 0.0, longest)));
}

bool fits_a_header(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

// "bearer", in any case, is written "Bearer": some servers compare.
std::string token_type(const json::object& object) {
  const auto* value = object.if_contains("token_type");
  const auto* word = value == nullptr ? nullptr : value->if_string();
  if (word == nullptr || !fits_a_header({word->data(), word->size()})) return "Bearer";
  std::string lower(word->begin(), word->end());
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return lower == "bearer" ? "Bearer" : std::string(*word);
}

}  // namespace

net::ClientRequest token_request(const config::OAuth2& settings, const std::string& secret,
                                 ClientStyle style) {
  net::ClientRequest request;
  auto url = net::Url::parse(settings.token_url);
  if (!url) throw yaml::ConfigError("oauth2 token_url: " + url.error().to_string());
  request.url = std::move(*url);
  request.method = "POST";
  request.follow_redirects = false;
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.add("Accept", "application/json");
  // endpoint_params may say otherwise, as in Go.
  const bool has_grant_type =
      std::any_of(settings.endpoint_params.begin(), settings.endpoint_params.end(),
                  [](const auto& param) { return param.first == "grant_type"; });
  if (!has_grant_type) add_field(request.body, "grant_type", "client_credentials");
  if (!settings.scopes.empty()) {
    std::string scopes;
    for (const std::string& scope : settings.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
    add_field(request.body, "scope", scopes);
  }
  for (const auto& [name, value] : settings.endpoint_params) add_field(request.body, name, value);
  if (style == ClientStyle::header) {
    request.origin_headers.add(
        "Authorization", net::basic_authorization(encoded(settings.client_id), encoded(secret)));
  } else {
    add_field(request.body, "client_id", settings.client_id);
    if (!secret.empty()) add_field(request.body, "client_secret", secret);
  }
  return request;
}

Result<AccessToken> read_token(int status, std::string_view body) {
  json::error_code code;
  const json::value parsed = json::parse({body.data(), body.size()}, code);
  if (status < 200 || status > 299) {
    const std::string word = code ? "" : error_word(parsed);
    return fail(status >= 500 ? Errc::unavailable : Errc::environment,
                std::to_string(status) + (word.empty() ? "" : " " + word));
  }
  const auto* object = code ? nullptr : parsed.if_object();
  if (object == nullptr) return fail(Errc::malformed, "the answer is no JSON object");
  const auto* value = object->if_contains("access_token");
  const auto* token = value == nullptr ? nullptr : value->if_string();
  if (token == nullptr || !fits_a_header({token->data(), token->size()})) {
    const std::string word = error_word(parsed);
    return fail(Errc::malformed,
                "the answer has no access_token" + (word.empty() ? "" : ", but says " + word));
  }
  AccessToken out{token_type(*object) + " " + std::string(*token), std::nullopt};
  if (const auto* expires = object->if_contains("expires_in")) out.lifetime = lifetime(*expires);
  return out;
}

std::optional<std::string> TokenCache::usable(TimePoint now) const {
  if (!token_) return std::nullopt;
  if (token_->lifetime) {
    const std::chrono::nanoseconds whole = *token_->lifetime;
    if (now >= asked_at_ + (whole - std::min<std::chrono::nanoseconds>(whole / 4, early)))
      return std::nullopt;
  }
  return token_->authorization;
}

void TokenCache::fetched(AccessToken token, TimePoint asked_at) {
  token_ = std::move(token);
  asked_at_ = asked_at;
  after_refusal_ = refusal_since_;
  refusal_since_ = false;
}

bool TokenCache::refused(const std::string& authorization, TimePoint now) {
  // Another read has been told before, and there is a new one, or one is being fetched.
  if (!token_ || token_->authorization != authorization) return true;
  if (after_refusal_ && now < asked_at_ + probation) return false;
  token_.reset();
  refusal_since_ = true;
  return true;
}

}  // namespace mread::serve
