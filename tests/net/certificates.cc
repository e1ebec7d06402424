#include "net/certificates.h"

#include <cstdlib>

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace mread {
namespace {

void check(bool good) {
  if (!good) std::abort();
}

EVP_PKEY* fresh_key() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  check(key != nullptr);
  return key;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

std::string pem(X509* certificate) {
  BIO* const bio = BIO_new(BIO_s_mem());
  check(PEM_write_bio_X509(bio, certificate) == 1);
  return text_of(bio);
}

std::string pem(EVP_PKEY* key) {
  BIO* const bio = BIO_new(BIO_s_mem());
  check(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(bio);
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  check(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// `issuer` null: signed by itself.
X509* fresh_certificate(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                        bool is_ca, const CertificateAuthority::Wish& wish) {
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  uint64_t serial = 0;
  check(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), std::chrono::seconds(wish.valid_from).count());
  X509_gmtime_adj(X509_getm_notAfter(certificate), std::chrono::seconds(wish.valid_to).count());
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const signer = issuer == nullptr ? certificate : issuer;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  extend(certificate, signer, NID_basic_constraints,
         is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  extend(certificate, signer, NID_subject_key_identifier, "hash");
  if (is_ca) {
    extend(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    extend(certificate, signer, NID_ext_key_usage, "serverAuth,clientAuth");
    std::string names;
    for (const std::string& one : wish.names) {
      unsigned char address[16];
      const bool is_address = inet_pton(AF_INET, one.c_str(), address) == 1 ||
                              inet_pton(AF_INET6, one.c_str(), address) == 1;
      names += (names.empty() ? "" : ",") + std::string(is_address ? "IP:" : "DNS:") + one;
    }
    if (!names.empty()) extend(certificate, signer, NID_subject_alt_name, names);
  }
  check(X509_sign(certificate, issuer == nullptr ? key : issuer_key, EVP_sha256()) > 0);
  return certificate;
}

}  // namespace

struct CertificateAuthority::Own {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  ~Own() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

CertificateAuthority::CertificateAuthority(const TemporaryFolder& folder, const std::string& name)
    : folder_(folder), own_(std::make_unique<Own>()) {
  own_->key = fresh_key();
  own_->certificate = fresh_certificate(name, own_->key, nullptr, nullptr, true, {});
  ca_file_ = folder_.write(name + "-ca.pem", pem(own_->certificate));
}

CertificateAuthority::~CertificateAuthority() = default;

CertificateFiles CertificateAuthority::issue(const std::string& name, const Wish& wish) const {
  EVP_PKEY* const key = fresh_key();
  X509* const issuer = wish.self_signed ? nullptr : own_->certificate;
  X509* const certificate = fresh_certificate(name, key, issuer, own_->key, false, wish);
  const CertificateFiles files{folder_.write(name + ".pem", pem(certificate)),
                               folder_.write(name + ".key", pem(key))};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace mread
