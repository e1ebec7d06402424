#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace mread::net {

/// Gives an object of OpenSSL back by `free`, the function that OpenSSL has for its type.
template <auto free>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};

/// The owner of one object of OpenSSL. As large as a plain pointer.
template <class T, auto free>
using OpenSslPointer = std::unique_ptr<T, OpenSslFree<free>>;

using BioPointer = OpenSslPointer<BIO, BIO_free_all>;
using KeyPointer = OpenSslPointer<EVP_PKEY, EVP_PKEY_free>;
using CertificatePointer = OpenSslPointer<X509, X509_free>;
using DigestPointer = OpenSslPointer<EVP_MD_CTX, EVP_MD_CTX_free>;

}  // namespace mread::net
