#include "mockstore/faults/reset.h"

#include <optional>

#include "mockstore/faults/body_limit.h"

namespace mread::mockstore::faults {
namespace {

class Stage final : public FaultStage {
 public:
  explicit Stage(std::optional<uint64_t> after_bytes) {
    if (after_bytes) limit_.emplace(BodyPosition{BodyPosition::Unit::bytes, *after_bytes});
  }

  void take(Step step, std::vector<Step>& out) override {
    if (!limit_) {
      if (std::holds_alternative<Wait>(step))
        out.push_back(std::move(step));
      else
        out.emplace_back(Abort{true});
    } else if (auto* body = std::get_if<Body>(&step)) {
      const bool reached = limit_->reached(*body);
      if (!body->bytes.empty()) out.push_back(std::move(step));
      if (reached) out.emplace_back(Abort{true});
    } else if (std::holds_alternative<End>(step)) {
      out.emplace_back(Abort{true});
    } else {
      out.push_back(std::move(step));
    }
  }

 private:
  std::optional<BodyLimit> limit_;  // None: before the headers.
};

class Reset final : public Fault {
 public:
  explicit Reset(std::optional<uint64_t> after_bytes) : after_bytes_(after_bytes) {}
  std::string_view name() const override { return "reset"; }
  std::unique_ptr<FaultStage> start(Draw&) const override {
    return std::make_unique<Stage>(after_bytes_);
  }

 private:
  std::optional<uint64_t> after_bytes_;
};

}  // namespace

std::shared_ptr<const Fault> parse_reset(const yaml::Node& settings) {
  if (settings.is_null()) return std::make_shared<Reset>(std::nullopt);
  if (settings.is_scalar()) {
    settings.one_of({"before_headers"});
    return std::make_shared<Reset>(std::nullopt);
  }
  yaml::Mapping mapping = settings.mapping();
  const uint64_t after = mapping.require("after_bytes").bytes();
  mapping.finish();
  return std::make_shared<Reset>(after);
}

}  // namespace mread::mockstore::faults
