#pragma once

#include <vector>

#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample.h"

namespace mread::model {

/// A fully decoded series, for tests, oracles, datasets and tables; the merge core works on wire
/// bytes instead. Whoever fills it keeps both lists increasing in timestamp. Tests:
/// wire/samples/samples_response_test.
struct Series {
  LabelSet labels;
  std::vector<Sample> samples;
  std::vector<HistogramSample> histograms;
};

}  // namespace mread::model
