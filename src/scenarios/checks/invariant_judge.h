#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scenarios/checks/judge.h"
#include "scenarios/checks/query_answer.h"
#include "scenarios/model/invariant.h"

namespace mread::scenarios {

/// How an answer breaks an invariant.
struct Breach {
  std::string want;
  std::string got;
};

/// For an invariant of each answer (Subject::answers): none if the answer holds. An answer that is
/// an error holds: the check itself judges errors.
std::optional<Breach> breach_in(const QueryAnswer& answer, Invariant::Kind kind);
std::optional<Breach> breach_in(const ReadAnswer& read, Invariant::Kind kind);

/// For an invariant of samples (Subject::samples): what it wants of them, for reports.
std::string wanted_of_samples(const Invariant& invariant);
/// What is wrong with the samples of a selector in a range that ends at `end_ms`; empty if they
/// hold. The answer is a matrix with at least two samples, those of a series by time.
std::string breach_in_samples(const Invariant& invariant, const QueryAnswer& answer,
                              int64_t end_ms);

}  // namespace mread::scenarios
