#pragma once

#include "merger/config.h"
#include "merger/fan_out.h"
#include "merger/series_source.h"

namespace mread::merger {

/// How a backend's answer is to be read, by the configuration and what is known of the backend; from its beginning.
/// `config` outlives the source. What it holds is a part of `budget`.
SourceOptions source_options(const Config& config, size_t backend, const FanOutOptions& options,
                             const boost::intrusive_ptr<Budget>& budget);

}  // namespace mread::merger
