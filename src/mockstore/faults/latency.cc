#include "mockstore/faults/latency.h"

#include <algorithm>
#include <cmath>

namespace mread::mockstore::faults {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

struct Distribution {
  enum class Kind { fixed, uniform, lognormal } kind = Kind::fixed;
  milliseconds low{0};  // fixed, minimum or median
  milliseconds high{0};
  double sigma = 0;

  nanoseconds draw(Draw& random) const {
    const auto base = std::chrono::duration<double>(low);
    switch (kind) {
      case Kind::fixed:
        break;
      case Kind::uniform:
        return duration_cast<nanoseconds>(base + random.unit() *
                                                     std::chrono::duration<double>(high - low));
      case Kind::lognormal: {
        constexpr std::chrono::duration<double> longest = std::chrono::hours(24);
        return duration_cast<nanoseconds>(
            std::min(base * std::exp(sigma * random.normal()), longest));
      }
    }
    return low;
  }
};

class LatencyStage final : public FaultStage {
 public:
  LatencyStage(Distribution distribution, bool per_frame, Draw draw)
      : distribution_(distribution), per_frame_(per_frame), draw_(draw) {}

  void take(Step step, std::vector<Step>& out) override {
    if (per_frame_ ? std::holds_alternative<BodyStep>(step)
                   : std::holds_alternative<HeadStep>(step))
      out.emplace_back(WaitStep{distribution_.draw(draw_)});
    out.push_back(std::move(step));
  }

 private:
  Distribution distribution_;
  bool per_frame_;
  Draw draw_;
};

class Latency final : public Fault {
 public:
  Latency(Distribution distribution, bool per_frame)
      : distribution_(distribution), per_frame_(per_frame) {}
  std::string_view name() const override { return "latency"; }
  std::unique_ptr<FaultStage> start(Draw& draw) const override {
    return std::make_unique<LatencyStage>(distribution_, per_frame_, draw);
  }

 private:
  Distribution distribution_;
  bool per_frame_;
};

}  // namespace

std::shared_ptr<const Fault> parse_latency(const yaml::Node& settings) {
  Distribution distribution;
  bool per_frame = false;
  if (settings.is_scalar()) {
    distribution.low = settings.duration();
    return std::make_shared<Latency>(distribution, per_frame);
  }
  yaml::Mapping mapping = settings.mapping();
  if (const auto where = mapping.find("where"))
    per_frame = where->one_of({"before_headers", "per_frame"}) == "per_frame";
  const auto fixed = mapping.find("fixed");
  const auto low = mapping.find("min");
  const auto high = mapping.find("max");
  const auto median = mapping.find("median");
  const auto sigma = mapping.find("sigma");
  mapping.finish();
  const int kinds = (fixed ? 1 : 0) + (low || high ? 1 : 0) + (median || sigma ? 1 : 0);
  if (kinds != 1)
    settings.error("a latency is {fixed: 1s}, or {min: 1s, max: 2s}, or {median: 1s, sigma: 0.5}");
  if (fixed) {
    distribution.low = fixed->duration();
  } else if (low || high) {
    if (!low || !high) settings.error("a uniform latency needs min and max");
    distribution = {Distribution::Kind::uniform, low->duration(), high->duration(), 0};
    if (distribution.high < distribution.low) high->error("max is below min");
  } else {
    if (!median || !sigma) settings.error("a lognormal latency needs median and sigma");
    distribution = {Distribution::Kind::lognormal, median->duration(), {}, sigma->number()};
    if (!(distribution.sigma >= 0 && distribution.sigma <= 10))
      sigma->error("sigma is a number from 0 to 10");
  }
  return std::make_shared<Latency>(distribution, per_frame);
}

}  // namespace mread::mockstore::faults
