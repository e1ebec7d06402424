#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/histogram.h"
#include "model/labels.h"

namespace mread::scenarios {

/// A native histogram as the query API shows it: buckets with their bounds, the empty ones left
/// out.
struct ApiHistogram {
  struct Bucket {
    double lower = 0;
    double upper = 0;
    double count = 0;
  };
  double count = 0;
  double sum = 0;
  std::vector<Bucket> buckets;  ///< increasing

  /// As the API would show it.
  static ApiHistogram of(const model::Histogram& histogram);
  std::string to_string() const;
};

struct AnswerPoint {
  int64_t timestamp_ms = 0;
  double value = 0;
  std::optional<ApiHistogram> histogram;  ///< in place of the value
};

struct AnswerSeries {
  model::LabelSet labels;
  std::vector<AnswerPoint> points;  ///< one in an instant vector
};

/// The answer of a query node: data with warnings, or an error. Series are sorted by labels; series
/// with the same labels stay as many as they were.
struct QueryAnswer {
  std::string error;  ///< empty where it succeeded; "execution: expanding series: context deadline
                      ///< exceeded"
  std::vector<std::string> warnings;
  std::vector<std::string> infos;
  std::string type;  ///< vector | matrix | scalar | string
  std::vector<AnswerSeries> series;
  std::vector<model::LabelSet> order;  ///< the series' labels as the answer had them
  std::string text;                    ///< of a string result
  std::chrono::duration<double, std::milli> duration{0};

  bool ok() const { return error.empty(); }
  size_t points() const;
  /// One line a series, at most `limit` of them with `points_limit` points each, then how many
  /// there are; "no data" for none.
  std::string to_string(size_t limit = 20, size_t points_limit = 12) const;
};

/// Reads the body of an answer of Prometheus's query API, an error's as well. Errors:
/// Errc::malformed for other text.
Result<QueryAnswer> parse_answer(std::string_view body);

/// A value as Prometheus prints it: shortest digits that read back as the same.
std::string format_value(double value);

}  // namespace mread::scenarios
