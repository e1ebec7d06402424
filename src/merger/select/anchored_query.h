#pragma once

#include "model/query.h"

namespace mread::merger {

/// The query with each regular expression `x` written as `^(?:x)$`, for a store that looks for
/// expressions anywhere in a value: InfluxDB 1.x. To a store that anchors by itself it means the
/// same.
model::Query anchored(model::Query query);

}  // namespace mread::merger
