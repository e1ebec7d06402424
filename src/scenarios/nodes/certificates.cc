#include "scenarios/nodes/certificates.h"

#include <algorithm>
#include <array>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "net/openssl_pointer.h"

namespace mread::scenarios {
namespace {

using Key = net::KeyPointer;
using Certificate = net::CertificatePointer;
using Bio = net::BioPointer;
using Extension = net::OpenSslPointer<X509_EXTENSION, X509_EXTENSION_free>;

constexpr long clock_slack_s = 3600;
constexpr long lifetime_s = 86'400;

struct Identity {
  Key key;
  Certificate certificate;
};

void check_name(const yaml::Node& place, const std::string& name) {
  const bool fits =
      !name.empty() && name.size() <= 60 &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!fits) place.error("want a name of lower-case letters, digits and hyphens");
}

bool add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 8> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  uint64_t serial = 0;
  for (const unsigned char byte : bytes) serial = serial << 8U | byte;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U | 1U) == 1;
}

// Signed by `issuer`, or by itself. Empty where OpenSSL fails.
Identity make_identity(const std::string& name, const Identity* issuer) {
  Identity made{Key(EVP_EC_gen("P-256")), Certificate(X509_new())};
  if (!made.key || !made.certificate) return {};
  X509* const certificate = made.certificate.get();
  X509* const signer = issuer == nullptr ? certificate : issuer->certificate.get();
  X509_NAME* const subject = X509_get_subject_name(certificate);
  bool good = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
              X509_gmtime_adj(X509_getm_notBefore(certificate), -clock_slack_s) != nullptr &&
              X509_gmtime_adj(X509_getm_notAfter(certificate), lifetime_s) != nullptr &&
              X509_set_pubkey(certificate, made.key.get()) == 1 &&
              X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                         reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                                         -1, 0) == 1 &&
              X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1 &&
              add_extension(certificate, signer, NID_subject_key_identifier, "hash");
  if (issuer == nullptr) {
    good = good && add_extension(certificate, signer, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    good = good && add_extension(certificate, signer, NID_authority_key_identifier, "keyid") &&
           add_extension(certificate, signer, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, signer, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, signer, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(certificate, signer, NID_subject_alt_name,
                         "DNS:" + name + ",DNS:localhost,IP:127.0.0.1,IP:::1");
  }
  EVP_PKEY* const signing = issuer == nullptr ? made.key.get() : issuer->key.get();
  if (!good || X509_sign(certificate, signing, EVP_sha256()) == 0) return {};
  return made;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

std::string pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

std::string pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

}  // namespace

std::vector<Authority> read_certificates(const yaml::Node& node) {
  std::vector<Authority> authorities;
  yaml::Mapping mapping = node.mapping();
  for (const auto& [name, name_node, subjects] : mapping.entries()) {
    check_name(name_node, name);
    Authority authority{name, {}};
    for (const yaml::Node& subject : subjects.sequence_or_one()) {
      check_name(subject, subject.string());
      const auto& known = authority.subjects;
      if (subject.string() == "ca") subject.error("ca is the authority itself");
      if (std::find(known.begin(), known.end(), subject.string()) != known.end())
        subject.error("given twice");
      authority.subjects.push_back(subject.string());
    }
    authorities.push_back(std::move(authority));
  }
  return authorities;
}

Result<std::map<std::string, std::string>> make_certificates(
    const std::vector<Authority>& authorities) {
  std::map<std::string, std::string> files;
  for (const Authority& authority : authorities) {
    const std::string folder = "certs/" + authority.name + "/";
    const Identity ca = make_identity(authority.name + " authority", nullptr);
    if (!ca.certificate)
      return fail(Errc::environment, "certificates: OpenSSL cannot make " + authority.name);
    files[folder + "ca.pem"] = pem(ca.certificate.get());
    for (const std::string& subject : authority.subjects) {
      const Identity made = make_identity(subject, &ca);
      if (!made.certificate)
        return fail(Errc::environment, "certificates: OpenSSL cannot make " + subject);
      files[folder + subject + ".pem"] = pem(made.certificate.get());
      files[folder + subject + ".key"] = pem(made.key.get());
    }
  }
  ERR_clear_error();
  return files;
}

}  // namespace mread::scenarios
