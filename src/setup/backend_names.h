#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "setup/prometheus_file.h"

namespace mread::setup {

/// A store that a query node reads: one entry of `remote_read`, or several with the same endpoint.
struct Backend {
  std::string name;             ///< a short one that tells it from the others: "us-east"
  std::vector<size_t> entries;  ///< indexes in PrometheusFile::entries
};

/// The backends of a file in its order. A name is the first of these that tells all of them apart:
/// the host's first label, the host, host and port, all with the path; in the letters that a host
/// name may have.
std::vector<Backend> find_backends(const PrometheusFile& file);

/// The backend that somebody calls by its name, its host, its HOST:PORT, or an entry's `name:`.
std::optional<size_t> backend_called(const std::string& name, const std::vector<Backend>& backends,
                                     const PrometheusFile& file);

/// The same, for a name that a flag gives. Throws yaml::ConfigError, which names the flag and the
/// nearest backend.
size_t require_backend(const std::string& flag, const std::string& name,
                       const std::vector<Backend>& backends, const PrometheusFile& file);

}  // namespace mread::setup
