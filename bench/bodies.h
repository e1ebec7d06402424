#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/query.h"
#include "model/series.h"

namespace mread::bench {

/// What the backends of one read hold in relation to each other.
enum class Shape {
  dup,       ///< byte-identical replicas
  recut,     ///< the same samples, but the chunks of each replica begin elsewhere: no two are
             ///< identical
  offset,    ///< the same series scraped at other times, as two real replicas do
  disjoint,  ///< shards: every series at one backend
  half,      ///< each backend begins when its predecessor is half through; the chunks in common are
             ///< identical
  ragged,    ///< as half, but the chunks in common begin elsewhere
};

inline constexpr Shape all_shapes[] = {Shape::dup,      Shape::recut, Shape::offset,
                                       Shape::disjoint, Shape::half,  Shape::ragged};

const char* to_string(Shape shape);
std::optional<Shape> shape_from(std::string_view name);

/// A read over `backends` backends, each of which holds `series` series of `samples` samples.
///
/// Series carry eight labels of about 200 bytes in all. Of four, two are counters, one is a gauge
/// with decimals, one a gauge that seldom moves. Scrapes are 15 s apart, at a millisecond that each
/// target has of its own. Values at equal times are equal, so there are no conflicts.
struct Plan {
  Shape shape = Shape::dup;
  size_t backends = 2;
  size_t series = 10'000;
  size_t samples = 120;
  int64_t start_ms = 1'750'000'000'000;

  uint64_t input_samples() const { return uint64_t{backends} * series * samples; }
};

/// What one backend holds, sorted. Deterministic: it depends on the arguments alone.
std::vector<model::Series> backend_series(const Plan& plan, size_t backend);

/// The answer that backend gives, of either type, as Prometheus 3.5 writes it (chunks of 120
/// samples at most, one frame a series).
std::string backend_body(const Plan& plan, size_t backend, model::ResponseType type);

/// All of the plan's bodies.
std::vector<std::string> backend_bodies(const Plan& plan, model::ResponseType type);

/// "samples" and "chunks".
const char* to_string(model::ResponseType type);
std::optional<model::ResponseType> type_from(std::string_view name);

}  // namespace mread::bench
