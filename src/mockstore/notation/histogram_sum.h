#pragma once

#include "base/error.h"
#include "model/histogram.h"

namespace mread::mockstore {

/// `base` plus (or, with `minus`, minus) `step`, as promtool's notation grows a series: both are
/// float histograms. Buckets of a finer `step` are put together to the base's schema. As in
/// Prometheus, counts may become negative, and the lowest buckets of `step` that lie within the
/// zero bucket are left out. Errors: Errc::malformed where the bounds, or the zero thresholds,
/// differ, or the step's schema is coarser.
Result<model::Histogram> add_histogram(const model::Histogram& base, const model::Histogram& step,
                                       bool minus);

}  // namespace mread::mockstore
