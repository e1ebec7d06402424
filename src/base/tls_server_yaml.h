#pragma once

#include "base/transport_settings.h"
#include "base/yaml.h"

namespace mread {

/// A mapping with the keys of `tls_server_config:`. Relative paths begin at the folder of the YAML
/// file. Throws yaml::ConfigError where a key is missing, unknown or makes no sense with another;
/// no file is opened.
TlsServerSettings read_tls_server(const yaml::Node& node);

/// TLS10 to TLS13, as Prometheus writes them.
TlsVersion read_tls_version(const yaml::Node& node);

/// A path in a YAML file, which begins at that file's folder where it is relative.
std::string read_path(const yaml::Node& node);

/// Of `key` and `key_file` at most one is given. Errors stand at the second.
void refuse_text_and_file(yaml::Mapping& mapping, const std::string& key);

}  // namespace mread
