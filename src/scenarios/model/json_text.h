#pragma once

#include <string>

#include <boost/json.hpp>

namespace mread::scenarios {

/// JSON for people: an entry a line, two spaces for each level; a list of numbers and truth values
/// on one line. Numbers have at most ten digits. No line end at the end.
std::string indented_json(const boost::json::value& value);

/// JSON for programs, without spaces, and with the same digits: 12.3 where Boost.JSON writes 1.23E1.
std::string compact_json(const boost::json::value& value);

}  // namespace mread::scenarios
