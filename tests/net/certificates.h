#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/temporary_folder.h"

struct evp_pkey_st;
struct x509_st;

namespace mread {

/// A certificate and its key, as files.
struct CertificateFiles {
  std::string cert_file;
  std::string key_file;
};

struct CertificateWish {
  std::vector<std::string> names = {"127.0.0.1",
                                    "localhost"};  ///< hosts and IP addresses; may be empty
  std::chrono::hours valid_from{-1};               ///< from now
  std::chrono::hours valid_to{24};
  bool self_signed = false;
};

/// A certificate authority of a test's own, which writes PEM files into a folder.
class CertificateAuthority {
 public:
  using Wish = CertificateWish;

  /// `folder` outlives this.
  CertificateAuthority(const TemporaryFolder& folder, const std::string& name);
  ~CertificateAuthority();

  const std::string& ca_file() const { return ca_file_; }
  /// Writes NAME.pem and NAME.key, in place of what was there.
  CertificateFiles issue(const std::string& name, const Wish& wish = {}) const;

 private:
  struct Own;
  const TemporaryFolder& folder_;
  std::unique_ptr<Own> own_;
  std::string ca_file_;
};

}  // namespace mread
