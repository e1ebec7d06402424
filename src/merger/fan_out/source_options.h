#pragma once

#include "merger/fan_out/options.h"
#include "merger/policy/policy.h"
#include "merger/source/options.h"

namespace mread::merger {

/// How a backend's answer is to be read, by the configuration and what is known of the backend;
/// from its beginning. `policy` outlives the source. What it holds is a part of `budget`.
SourceOptions source_options(const Policy& policy, size_t backend, const FanOutOptions& options,
                             const boost::intrusive_ptr<Budget>& budget);

}  // namespace mread::merger
