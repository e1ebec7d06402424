#pragma once

#include <string>

#include "base/transport_settings.h"
#include "base/yaml.h"
#include "config/findings.h"

namespace mread::config {

/// `tls_config:`, `proxy_url`, `no_proxy`, `proxy_from_environment` and `proxy_connect_header` out
/// of a mapping that has them and keys of its own (an entry of `remote_read:`, `oauth2:`). What
/// Prometheus refuses is refused. Relative paths begin at the folder of the YAML file. Throws
/// yaml::ConfigError; no file is opened.
TransportSettings read_transport(yaml::Mapping& mapping, Findings& findings);

/// The same as lines of YAML, each indented by `indent`; without secrets. Empty where all is as by
/// default.
std::string describe_transport(const TransportSettings& settings, const std::string& indent);

}  // namespace mread::config
