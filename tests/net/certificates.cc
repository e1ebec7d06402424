#include "net/certificates.h"

#include <cstdlib>

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "net/openssl_pointer.h"

namespace mread {
namespace {

void check(bool good) {
  if (!good) std::abort();
}

net::KeyPointer fresh_key() {
  net::KeyPointer key(EVP_EC_gen("P-256"));
  check(key != nullptr);
  return key;
}

std::string text_of(const net::BioPointer& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string pem(X509* certificate) {
  const net::BioPointer bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return text_of(bio);
}

std::string pem(EVP_PKEY* key) {
  const net::BioPointer bio(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of(bio);
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const net::OpenSslPointer<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

// `issuer` null: signed by itself.
net::CertificatePointer fresh_certificate(const std::string& name, EVP_PKEY* key, X509* issuer,
                                          EVP_PKEY* issuer_key, bool is_ca,
                                          const CertificateAuthority::Wish& wish) {
  net::CertificatePointer made(X509_new());
  X509* const certificate = made.get();
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
  return made;
}

}  // namespace

struct CertificateAuthority::Own {
  net::KeyPointer key;
  net::CertificatePointer certificate;
};

CertificateAuthority::CertificateAuthority(const TemporaryFolder& folder, const std::string& name)
    : folder_(folder), own_(std::make_unique<Own>()) {
  own_->key = fresh_key();
  own_->certificate = fresh_certificate(name, own_->key.get(), nullptr, nullptr, true, {});
  ca_file_ = folder_.write(name + "-ca.pem", pem(own_->certificate.get()));
}

CertificateAuthority::~CertificateAuthority() = default;

CertificateFiles CertificateAuthority::issue(const std::string& name, const Wish& wish) const {
  const net::KeyPointer key = fresh_key();
  X509* const issuer = wish.self_signed ? nullptr : own_->certificate.get();
  const auto certificate = fresh_certificate(name, key.get(), issuer, own_->key.get(), false, wish);
  return {folder_.write(name + ".pem", pem(certificate.get())),
          folder_.write(name + ".key", pem(key.get()))};
}

}  // namespace mread
