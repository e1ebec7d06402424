#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"

namespace mread::scenarios {

/// An authority of `certificates:`, and the subjects of its certificates.
struct Authority {
  std::string name;
  /// Host names: in the subject and as DNS name; localhost and loopback as well.
  std::vector<std::string> subjects;
};

/// Reads
///   certificates:
///     ours: [secure, client]
/// Throws yaml::ConfigError.
std::vector<Authority> read_certificates(const yaml::Node& node);

/// The files that every node of the test gets, in PEM. Every call makes new ones, valid for a day:
///   certs/ours/ca.pem                                   the authority's own certificate
///   certs/ours/secure.pem, certs/ours/secure.key        for servers and for clients (P-256)
/// Errors: Errc::environment, where OpenSSL has no random numbers, say.
Result<std::map<std::string, std::string>> make_certificates(
    const std::vector<Authority>& authorities);

}  // namespace mread::scenarios
