#include "net/tls_context.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "net/openssl_pointer.h"

namespace mread::net {
namespace {

constexpr size_t file_limit_bytes =
    8U << 20;  // The certificates of all the world's CAs are a quarter of a MiB.

// What the verification of a context's peers goes by.
struct Policy {
  bool accept_any = false;
  std::vector<std::string> allowed_sans;
};

int policy_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* policy, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<Policy*>(policy);
      });
  return index;
}

int failure_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const unsigned char* const bytes = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  if (size == 4) {
    boost::asio::ip::address_v4::bytes_type v4;
    std::copy_n(bytes, 4, v4.begin());
    return boost::asio::ip::address_v4(v4).to_string();
  }
  if (size != 16) return {};
  boost::asio::ip::address_v6::bytes_type v6;
  std::copy_n(bytes, 16, v6.begin());
  return boost::asio::ip::address_v6(v6).to_string();
}

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> names;
  const OpenSslPointer<GENERAL_NAMES, GENERAL_NAMES_free> general(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!general) return names;
  for (int i = 0; i < sk_GENERAL_NAME_num(general.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(general.get(), i);
    if (name->type == GEN_IPADD) {
      names.push_back(address_text(name->d.iPAddress));
    } else if (name->type == GEN_DNS || name->type == GEN_EMAIL || name->type == GEN_URI) {
      const auto* const text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.ia5));
      names.emplace_back(text, static_cast<size_t>(ASN1_STRING_length(name->d.ia5)));
    }
  }
  return names;
}

// Names from a peer go into messages: nothing but printable ASCII does.
std::string list_names(const X509* certificate) {
  constexpr size_t most = 5;
  const std::vector<std::string> names = alternative_names(certificate);
  std::string list;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) {
    if (i > 0) list += ", ";
    for (const char c : names[i].substr(0, 253)) list += c > ' ' && c < 0x7f ? c : '?';
  }
  if (names.size() > most) list += " and others";
  return list;
}

int verify_peer(int good, X509_STORE_CTX* store) {
  auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* const policy =
      static_cast<const Policy*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), policy_index()));
  if (policy->accept_any) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  if (good == 1 && X509_STORE_CTX_get_error_depth(store) == 0 && !policy->allowed_sans.empty()) {
    const auto names = alternative_names(X509_STORE_CTX_get_current_cert(store));
    const auto allowed = [&](const std::string& name) {
      return std::find(policy->allowed_sans.begin(), policy->allowed_sans.end(), name) !=
             policy->allowed_sans.end();
    };
    if (std::none_of(names.begin(), names.end(), allowed)) {
      X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
      good = 0;
    }
  }
  auto* const failure = static_cast<VerifyFailure*>(SSL_get_ex_data(ssl, failure_index()));
  if (good != 1 && failure != nullptr && failure->error == 0) {
    failure->error = X509_STORE_CTX_get_error(store);
    if (const X509* certificate = X509_STORE_CTX_get_current_cert(store))
      failure->names = list_names(certificate);
  }
  return good;
}

Result<std::string> read_pem(const std::string& what, const std::string& path) {
  auto text = mread::read_file(path, file_limit_bytes);
  if (text) return text;
  const Error& error = text.error();
  return fail(
      Errc::config,
      what + " " + (error.is(Errc::limit) ? path + ": too large to be PEM" : error.to_string()));
}

// One of text and file, and what to call it in errors.
struct Source {
  std::string what;
  std::string text;
};

Result<std::optional<Source>> load(const char* key, const std::string& text,
                                   const std::string& file) {
  if (!text.empty()) return Source{key, text};
  if (file.empty()) return std::nullopt;
  const std::string what = std::string(key) + "_file";
  auto content = read_pem(what, file);
  if (!content) return fail(std::move(content.error()));
  return Source{what + " " + file, std::move(*content)};
}

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* const text = ERR_reason_error_string(code);
  ERR_clear_error();
  return text != nullptr ? text : "cannot be used";
}

BioPointer memory(const std::string& text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<std::vector<CertificatePointer>> certificates_in(const Source& source) {
  const BioPointer bio = memory(source.text);
  std::vector<CertificatePointer> found;
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    found.emplace_back(certificate);
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end)
    return fail(Errc::config,
                source.what + ": a certificate in it is broken (" + openssl_reason() + ")");
  ERR_clear_error();
  if (found.empty())
    return fail(Errc::config, source.what + ": no certificate in it (PEM is wanted)");
  return found;
}

Result<KeyPointer> key_in(const Source& source) {
  if (source.text.find("ENCRYPTED") != std::string::npos) {
    return fail(Errc::config, source.what + ": the key is encrypted: give it without a passphrase");
  }
  const BioPointer bio = memory(source.text);
  ERR_clear_error();
  const auto no_password = [](char*, int, int, void*) { return 0; };
  KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) {
    const bool none = source.text.find("PRIVATE KEY-----") == std::string::npos;
    const std::string reason = openssl_reason();
    return fail(Errc::config, source.what + ": " +
                                  (none ? "no private key in it (PEM is wanted)"
                                        : "the key is broken (" + reason + ")"));
  }
  return key;
}

Result<void> use_pair(SSL_CTX* context, const Source& cert, const Source& key) {
  auto chain = certificates_in(cert);
  if (!chain) return fail(std::move(chain.error()));
  auto own = key_in(key);
  if (!own) return fail(std::move(own.error()));
  if (X509_check_private_key(chain->front().get(), own->get()) != 1) {
    ERR_clear_error();
    return fail(Errc::config,
                key.what + ": the key does not belong to the certificate of " + cert.what);
  }
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) {
    return fail(Errc::config, cert.what + ": " + openssl_reason());
  }
  for (size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) {
      return fail(Errc::config, cert.what + ": " + openssl_reason());
    }
  }
  if (SSL_CTX_use_PrivateKey(context, own->get()) != 1)
    return fail(Errc::config, key.what + ": " + openssl_reason());
  return {};
}

Result<void> trust(SSL_CTX* context, const std::optional<Source>& ca) {
  if (!ca) {
    SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  auto certificates = certificates_in(*ca);
  if (!certificates) return fail(std::move(certificates.error()));
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const CertificatePointer& certificate : *certificates)
    X509_STORE_add_cert(store, certificate.get());
  ERR_clear_error();
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

int number_of(TlsVersion version) {
  switch (version) {
    case TlsVersion::unset:
      break;
    case TlsVersion::tls10:
      return TLS1_VERSION;
    case TlsVersion::tls11:
      return TLS1_1_VERSION;
    case TlsVersion::tls12:
      return TLS1_2_VERSION;
    case TlsVersion::tls13:
      return TLS1_3_VERSION;
  }
  return 0;
}

void set_versions(SSL_CTX* context, TlsVersion lowest, TlsVersion highest) {
  if (lowest == TlsVersion::unset)
    lowest =
        std::min(TlsVersion::tls12, highest == TlsVersion::unset ? TlsVersion::tls12 : highest);
  SSL_CTX_set_min_proto_version(context, number_of(lowest));
  SSL_CTX_set_max_proto_version(context, number_of(highest));
  // OpenSSL's levels above 0 shut out the hashes that TLS 1.0 and 1.1 sign with.
  if (lowest < TlsVersion::tls12) SSL_CTX_set_security_level(context, 0);
}

Result<void> set_ciphers(SSL_CTX* context, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string list;
  STACK_OF(SSL_CIPHER)* const known = SSL_CTX_get_ciphers(context);
  for (const std::string& wanted : names) {
    // Go's name of these two lacks the hash.
    const std::string full = wanted.ends_with("CHACHA20_POLY1305") ? wanted + "_SHA256" : wanted;
    const SSL_CIPHER* found = nullptr;
    for (int i = 0; i < sk_SSL_CIPHER_num(known) && found == nullptr; ++i) {
      const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(known, i);
      const char* const name = SSL_CIPHER_standard_name(cipher);
      if (name != nullptr && full == name) found = cipher;
    }
    if (found == nullptr) {
      return fail(Errc::config,
                  "cipher_suites: " + wanted + " is not known, or too weak to be offered");
    }
    // Those of TLS 1.3 are always on, as in Go.
    if (std::string_view(SSL_CIPHER_get_version(found)) == "TLSv1.3") continue;
    list += (list.empty() ? "" : ":") + std::string(SSL_CIPHER_get_name(found));
  }
  if (!list.empty() && SSL_CTX_set_cipher_list(context, list.c_str()) != 1) {
    return fail(Errc::config, "cipher_suites: " + openssl_reason());
  }
  return {};
}

Result<void> set_curves(SSL_CTX* context, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ':';
    list += name == "CurveP256"   ? "P-256"
            : name == "CurveP384" ? "P-384"
            : name == "CurveP521" ? "P-521"
                                  : name;
  }
  if (SSL_CTX_set1_groups_list(context, list.c_str()) != 1) {
    return fail(Errc::config, "curve_preferences: " + openssl_reason());
  }
  return {};
}

TlsContext fresh_context(boost::asio::ssl::context::method method, Policy policy) {
  auto context = std::make_shared<boost::asio::ssl::context>(method);
  SSL_CTX_set_ex_data(context->native_handle(), policy_index(), new Policy(std::move(policy)));
  // Small connections are many: their buffers go while they are idle.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsClientSettings& settings) {
  const auto ca = load("ca", settings.ca, settings.ca_file);
  if (!ca) return fail(ca.error());
  const auto cert = load("cert", settings.cert, settings.cert_file);
  if (!cert) return fail(cert.error());
  const auto key = load("key", settings.key, settings.key_file);
  if (!key) return fail(key.error());
  if (cert->has_value() != key->has_value())
    return fail(Errc::config, "a client certificate needs its key, and a key its certificate");
  auto context = fresh_context(boost::asio::ssl::context::tls_client, {});
  SSL_CTX* const native = context->native_handle();
  set_versions(native, settings.min_version, settings.max_version);
  if (auto trusted = trust(native, *ca); !trusted) return fail(std::move(trusted.error()));
  if (*cert) {
    if (auto used = use_pair(native, **cert, **key); !used) return fail(std::move(used.error()));
  }
  SSL_CTX_set_verify(native, settings.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                     verify_peer);
  return context;
}

Result<TlsContext> make_tls_context(const TlsServerSettings& settings) {
  const auto cert = load("cert", settings.cert, settings.cert_file);
  if (!cert) return fail(cert.error());
  const auto key = load("key", settings.key, settings.key_file);
  if (!key) return fail(key.error());
  const auto ca = load("client_ca", settings.client_ca, settings.client_ca_file);
  if (!ca) return fail(ca.error());
  if (!*cert || !*key) return fail(Errc::config, "a TLS server needs a certificate and its key");
  using enum ClientAuth;
  const bool accept_any = settings.client_auth == request || settings.client_auth == require_any;
  auto context = fresh_context(boost::asio::ssl::context::tls_server,
                               Policy{accept_any, settings.client_allowed_sans});
  SSL_CTX* const native = context->native_handle();
  set_versions(native, settings.min_version, settings.max_version);
  if (auto used = use_pair(native, **cert, **key); !used) return fail(std::move(used.error()));
  if (auto set = set_ciphers(native, settings.cipher_suites); !set)
    return fail(std::move(set.error()));
  if (auto set = set_curves(native, settings.curve_preferences); !set)
    return fail(std::move(set.error()));
  if (settings.prefer_server_cipher_suites)
    SSL_CTX_set_options(native, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION);
  if (settings.client_auth == none) return context;
  int mode = SSL_VERIFY_PEER;
  if (settings.client_auth == require_any || settings.client_auth == require_and_verify) {
    mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  SSL_CTX_set_verify(native, mode, verify_peer);
  // A session that is resumed would not be verified again.
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(native, 0);
  if (accept_any) return context;
  if (auto trusted = trust(native, *ca); !trusted) return fail(std::move(trusted.error()));
  if (*ca) {
    // Told to clients, so that they can choose.
    auto certificates = certificates_in(**ca);
    for (const CertificatePointer& certificate : *certificates)
      SSL_CTX_add_client_CA(native, certificate.get());
  }
  return context;
}

namespace {

std::vector<std::string> given(std::initializer_list<std::string> files) {
  std::vector<std::string> out;
  for (const std::string& file : files) {
    if (!file.empty()) out.push_back(file);
  }
  return out;
}

}  // namespace

std::vector<std::string> files_of(const TlsClientSettings& settings) {
  return given({settings.ca_file, settings.cert_file, settings.key_file});
}

std::vector<std::string> files_of(const TlsServerSettings& settings) {
  return given({settings.cert_file, settings.key_file, settings.client_ca_file});
}

void record_verification(SSL* ssl, VerifyFailure& failure) {
  SSL_set_ex_data(ssl, failure_index(), &failure);
}

std::string describe(const VerifyFailure& failure, const std::string& name) {
  switch (failure.error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate is for " +
             (failure.names.empty() ? std::string("no host by name") : failure.names) +
             ", not for " + name;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "certificate verify failed (unknown CA)";
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return "certificate verify failed (none of its names is in client_allowed_sans)";
    default:
      return std::string("certificate verify failed (") +
             X509_verify_cert_error_string(failure.error) + ")";
  }
}

}  // namespace mread::net
