#pragma once

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

#include "mockstore/store/read_query.h"
#include "mockstore/store/row_samples.h"

namespace mread::mockstore {

/// The whole body of a SAMPLES answer, compressed. `max_samples` is the limit of each query; 0 is
/// none. Adds what the answer holds to `summary`. Covered by store_answer_test.
tl::expected<std::string, ReadFailure> make_samples_body(const SeriesRows& series,
                                                         const ReadQueries& request,
                                                         const AnswerShape& shape,
                                                         uint64_t max_samples,
                                                         AnswerSummary& summary);

}  // namespace mread::mockstore
