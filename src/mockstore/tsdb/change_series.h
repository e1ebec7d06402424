#pragma once

#include "mockstore/faults/data_change.h"
#include "model/series.h"

namespace mread::mockstore {

/// Changes the samples of one series as faults want it, but for DataChange::is_empty. The lag counts
/// from the series' last sample, and is taken off before the times are moved.
void change_series(const DataChange& change, model::Series& series);

}  // namespace mread::mockstore
