#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/labels.h"
#include "ruletests/test_group.h"

namespace mread::ruletests {

/// A series with its values: `metric{label="value"} 1+1x5`.
struct SeriesLine {
  model::LabelSet labels;
  std::string series;
  std::string values;
};

/// Takes a line of a PromQL test script apart. The values may be empty. Errors: Errc::malformed.
Result<SeriesLine> parse_series_line(const std::string& line);

/// The data that `load` commands have added up, until `clear`.
class ScriptData {
 public:
  /// Errors: Errc::malformed for values that cannot be read.
  Result<void> add(std::chrono::milliseconds interval, SeriesLine line);
  void clear() { loaded_.clear(); }

  /// Puts the data into a group. Series of different intervals, or loaded in several pieces, are
  /// written out at an interval that divides all. Errors: Errc::unsupported for native histograms
  /// among those.
  Result<void> put_into(TestGroup& group) const;

 private:
  struct Piece {
    std::chrono::milliseconds interval;
    SeriesLine line;
  };
  std::map<model::LabelSet, std::vector<Piece>> loaded_;
};

}  // namespace mread::ruletests
