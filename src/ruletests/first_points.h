#pragma once

#include <cstdint>
#include <string>

namespace mread::ruletests {

/// The first points of a `values:` notation that ValueSequence::parse() takes, as the same notation;
/// all of it if it has no more.
std::string first_points(const std::string& values, uint64_t points);

}  // namespace mread::ruletests
