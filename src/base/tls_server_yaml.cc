#include "base/tls_server_yaml.h"

namespace mread {
namespace {

ClientAuth read_client_auth(const yaml::Node& node) {
  // RequireClientCert is what early versions of the web config file called it.
  const std::string word =
      node.one_of({"NoClientCert", "RequestClientCert", "RequireAnyClientCert", "RequireClientCert",
                   "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"});
  if (word == "RequestClientCert") return ClientAuth::request;
  if (word == "RequireAnyClientCert" || word == "RequireClientCert") return ClientAuth::require_any;
  if (word == "VerifyClientCertIfGiven") return ClientAuth::verify_if_given;
  if (word == "RequireAndVerifyClientCert") return ClientAuth::require_and_verify;
  return ClientAuth::none;
}

void check_server_pair(yaml::Mapping& mapping, const TlsServerSettings& settings) {
  const bool has_cert = !settings.cert.empty() || !settings.cert_file.empty();
  const bool has_key = !settings.key.empty() || !settings.key_file.empty();
  if (!has_cert) mapping.node().error("a TLS server needs a certificate: cert_file is missing");
  if (!has_key)
    mapping.node().error("a TLS server needs its certificate's key: key_file is missing");
}

void check_client_ca(yaml::Mapping& mapping, const TlsServerSettings& settings) {
  const bool verifies = settings.client_auth == ClientAuth::verify_if_given ||
                        settings.client_auth == ClientAuth::require_and_verify;
  for (const char* key : {"client_ca", "client_ca_file"}) {
    const auto node = mapping.find(key);
    if (node && settings.client_auth == ClientAuth::none) {
      node->error(std::string(key) +
                  " has no effect without client_auth_type: RequireAndVerifyClientCert or "
                  "VerifyClientCertIfGiven");
    }
  }
  if (const auto sans = mapping.find("client_allowed_sans"); sans && !verifies) {
    sans->error(
        "client_allowed_sans needs client_auth_type: RequireAndVerifyClientCert or "
        "VerifyClientCertIfGiven");
  }
}

}  // namespace

TlsVersion read_tls_version(const yaml::Node& node) {
  const std::string word = node.one_of({"TLS10", "TLS11", "TLS12", "TLS13"});
  if (word == "TLS10") return TlsVersion::tls10;
  if (word == "TLS11") return TlsVersion::tls11;
  return word == "TLS12" ? TlsVersion::tls12 : TlsVersion::tls13;
}

std::string read_path(const yaml::Node& node) {
  std::string path = node.string();
  if (path.empty()) node.error("want the path of a file");
  const size_t folder = node.file().rfind('/');
  if (path.front() != '/' && folder != std::string::npos)
    path.insert(0, node.file(), 0, folder + 1);
  return path;
}

void refuse_text_and_file(yaml::Mapping& mapping, const std::string& key) {
  const auto text = mapping.find(key);
  const auto file = mapping.find(key + "_file");
  if (text && file) file->error("at most one of " + key + " and " + key + "_file may be given");
}

TlsServerSettings read_tls_server(const yaml::Node& node) {
  TlsServerSettings settings;
  yaml::Mapping mapping = node.mapping();
  for (const char* key : {"cert", "key", "client_ca"}) refuse_text_and_file(mapping, key);
  if (const auto value = mapping.find("cert")) settings.cert = value->string();
  if (const auto value = mapping.find("cert_file")) settings.cert_file = read_path(*value);
  if (const auto value = mapping.find("key")) settings.key = value->string();
  if (const auto value = mapping.find("key_file")) settings.key_file = read_path(*value);
  if (const auto value = mapping.find("client_auth_type"))
    settings.client_auth = read_client_auth(*value);
  if (const auto value = mapping.find("client_ca")) settings.client_ca = value->string();
  if (const auto value = mapping.find("client_ca_file"))
    settings.client_ca_file = read_path(*value);
  if (const auto value = mapping.find("client_allowed_sans"))
    settings.client_allowed_sans = value->strings();
  if (const auto value = mapping.find("min_version"))
    settings.min_version = read_tls_version(*value);
  if (const auto value = mapping.find("max_version")) {
    settings.max_version = read_tls_version(*value);
    if (settings.max_version < settings.min_version) {
      value->error(std::string("max_version is below min_version, ") +
                   to_string(settings.min_version));
    }
  }
  if (const auto value = mapping.find("cipher_suites")) {
    settings.cipher_suites = value->strings();
    if (settings.min_version == TlsVersion::tls13) {
      value->error(
          "cipher_suites are of TLS 1.2 and before, and min_version is TLS13: its suites cannot be "
          "chosen");
    }
  }
  if (const auto value = mapping.find("curve_preferences")) {
    for (const yaml::Node& curve : value->sequence()) {
      settings.curve_preferences.push_back(
          curve.one_of({"CurveP256", "CurveP384", "CurveP521", "X25519"}));
    }
  }
  if (const auto value = mapping.find("prefer_server_cipher_suites")) {
    settings.prefer_server_cipher_suites = value->boolean();
  }
  check_server_pair(mapping, settings);
  check_client_ca(mapping, settings);
  mapping.finish();
  return settings;
}

}  // namespace mread
