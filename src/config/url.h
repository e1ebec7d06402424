#pragma once

#include "base/go_url.h"
#include "base/yaml.h"
#include "config/findings.h"

namespace mread::config {

/// A URL that Prometheus takes. One that no request can be sent to is a finding.
GoUrl read_url(const yaml::Node& node, Findings& findings);

}  // namespace mread::config
