#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include <boost/algorithm/string/case_conv.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include "check/finding/edits.h"
#include "check/rules/rules.h"

namespace mread::check {
namespace {

namespace fs = std::filesystem;
using setup::ReadEntry;

// Parameters of a URL, and headers, whose values are secrets.
constexpr std::array<std::string_view, 12> secret_parameters{
    "p",       "password", "pass",   "pwd",  "token",        "access_token",
    "api_key", "apikey",   "secret", "auth", "access_token", "api-key"};
constexpr std::array<std::string_view, 5> secret_header_parts{"authorization", "token", "api-key",
                                                              "apikey", "secret"};

bool is_loopback(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host == "::1" || host.starts_with("127.") ||
         host.ends_with(".localhost");
}

// The first parameter of a URL that says a secret.
std::optional<std::string> secret_parameter(const GoUrl& url) {
  const size_t begin = url.target.find('?');
  if (begin == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(url.target).substr(begin + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const size_t equals = pair.find('=');
    const std::string name =
        boost::algorithm::to_lower_copy(percent_decoded(pair.substr(0, equals)));
    if (equals != std::string_view::npos && equals + 1 < pair.size() &&
        std::ranges::find(secret_parameters, name) != secret_parameters.end())
      return name;
  }
  return std::nullopt;
}

std::optional<yaml::Node> secret_header(const ReadEntry& entry) {
  for (const char* key : {"headers", "http_headers"}) {
    const auto headers = entry.find(key);
    if (!headers || !headers->is_mapping()) continue;
    const yaml::Mapping lines = headers->mapping();
    for (const yaml::Mapping::Entry& header : lines.raw_entries()) {
      const std::string name = boost::algorithm::to_lower_copy(header.key);
      for (const std::string_view part : secret_header_parts) {
        if (name.find(part) != std::string::npos) return header.key_node;
      }
    }
  }
  return std::nullopt;
}

void exposed_credentials(const ReadEntry& entry, Report& report) {
  if (entry.url.password) {
    report.add(RuleId::exposed_credentials, entry.url_at, "the URL has a password in it");
  } else if (const auto name = secret_parameter(entry.url)) {
    report.add(RuleId::exposed_credentials, entry.url_at,
               fmt::format("the URL has a secret in its parameter {}", *name));
  }
  if (entry.url.scheme != "http" || is_loopback(entry.url.host)) return;
  auto at = entry.credentials();
  if (!at) at = secret_header(entry);
  if (!at) return;
  report.add(RuleId::exposed_credentials, *at,
             fmt::format("credentials are sent to {} over http, readable for everybody on the path",
                         entry.url.host));
}

// The values of the keys of an entry that name a file with a secret.
std::vector<yaml::Node> secret_files(const ReadEntry& entry) {
  std::vector<yaml::Node> files;
  const auto take = [&files](const std::optional<yaml::Node>& from, const char* key) {
    if (!from || !from->is_mapping()) return;
    const auto value = from->mapping().find(key);
    if (value && value->is_scalar() && !value->string().empty()) files.push_back(*value);
  };
  take(entry.find("basic_auth"), "username_file");
  take(entry.find("basic_auth"), "password_file");
  take(entry.find("authorization"), "credentials_file");
  take(entry.find("oauth2"), "client_secret_file");
  take(entry.find("tls_config"), "key_file");
  take(entry.at, "bearer_token_file");
  return files;
}

void look_at_file(const yaml::Node& at, Report& report) {
  fs::path path = at.string();
  if (path.is_relative()) path = fs::path(at.file()).parent_path() / path;
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if ((status.st_mode & S_IROTH) == 0) return;
    report.add(RuleId::readable_secret_file, at,
               fmt::format("{} is readable for everybody (mode {:o})", at.string(),
                           status.st_mode & 07777U));
    return;
  }
  // A configuration is often checked where its secrets are not: then the folder is not there either.
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  if (::stat(folder.c_str(), &status) == 0) {
    report.add(RuleId::missing_secret_file, at, fmt::format("{} does not exist", at.string()));
    return;
  }
  for (const RuleId rule : {RuleId::missing_secret_file, RuleId::readable_secret_file})
    report.not_judged(rule, "the machine with " + folder.string());
}

void redirected_credentials(const Input& input, const ReadEntry& entry, Report& report) {
  if (!entry.follow_redirects) return;
  auto at = entry.credentials();
  if (!at) at = secret_header(entry);
  if (!at) return;
  const bool drops = input.is_at_least({3, 13});
  report.add(RuleId::redirected_credentials, entry.find("follow_redirects").value_or(entry.url_at),
             drops ? "a redirect to another host is followed without the credentials"
                   : "a redirect to another host is followed with the credentials",
             {.edit = set_key(entry.at, "follow_redirects", "false", "url")});
}

int tls_number(const yaml::Node& value) {
  const std::string word = value.string();
  return word.size() == 5 && word.starts_with("TLS1") ? word[4] - '0' : -1;
}

void look_at_tls(const yaml::Node& tls, Report& report) {
  if (!tls.is_mapping()) return;
  yaml::Mapping lines = tls.mapping();
  if (const auto skip = lines.find("insecure_skip_verify"); skip && skip->boolean())
    report.add(RuleId::unverified_tls, *skip, "this backend's certificate is not verified");
  const auto lowest = lines.find("min_version");
  const auto highest = lines.find("max_version");
  if (lowest && highest && tls_number(*lowest) > tls_number(*highest) &&
      tls_number(*highest) >= 0) {
    report.add(
        RuleId::unusable_transport, *highest,
        fmt::format("max_version {} is below min_version {}", highest->string(), lowest->string()));
  }
}

void look_at_proxy(const yaml::Node& mapping, Report& report) {
  const auto proxy = mapping.mapping().find("proxy_url");
  if (!proxy || !proxy->is_scalar()) return;
  const std::string url = proxy->string();
  if (url.empty() || url.find("://") != std::string::npos) return;
  std::optional<Edit> edit;
  if (is_block(mapping) && !url.starts_with('/')) edit = replace_value(*proxy, "http://" + url);
  report.add(RuleId::unusable_transport, *proxy, "proxy_url has no scheme",
             {.edit = std::move(edit)});
}

void unusable_transport(const ReadEntry& entry, Report& report) {
  if (!entry.url.is_web()) {
    report.add(RuleId::unusable_transport, entry.url_at,
               "no request can be sent to this URL: write http://HOST:PORT/api/v1/read");
  }
  if (entry.timeout.count() <= 0)
    report.add(RuleId::unusable_transport, *entry.find("remote_timeout"), "remote_timeout is 0");
  look_at_proxy(entry.at, report);
  if (const auto tls = entry.find("tls_config")) look_at_tls(*tls, report);
  const auto oauth = entry.find("oauth2");
  if (!oauth || !oauth->is_mapping()) return;
  look_at_proxy(*oauth, report);
  if (const auto tls = oauth->mapping().find("tls_config")) look_at_tls(*tls, report);
}

}  // namespace

void check_access(const Input& input, Report& report) {
  for (const ReadEntry& entry : input.node.entries) {
    exposed_credentials(entry, report);
    for (const yaml::Node& file : secret_files(entry)) look_at_file(file, report);
    redirected_credentials(input, entry, report);
    unusable_transport(entry, report);
  }
}

}  // namespace mread::check
