#include "mockstore/faults/status.h"

#include "mockstore/faults/staged_fault.h"
#include "mockstore/steps/http_error.h"

namespace mread::mockstore::faults {
namespace {

class StatusStage final : public FaultStage {
 public:
  StatusStage(int code, const std::string& text) : code_(code), text_(text) {}

  void take(Step step, std::vector<Step>& out) override {
    if (std::holds_alternative<HeadStep>(step))
      append_http_error(out, code_, text_);
    else
      out.push_back(std::move(step));
  }

 private:
  int code_;
  const std::string& text_;  // The fault's; it outlives the answer.
};

std::string default_text(int code) { return "injected fault: status " + std::to_string(code); }

}  // namespace

std::shared_ptr<const Fault> parse_status(const yaml::Node& settings) {
  if (settings.is_scalar()) {
    const int code = static_cast<int>(settings.integer(200, 599));
    return staged_fault<StatusStage>("status", code, default_text(code));
  }
  yaml::Mapping mapping = settings.mapping();
  const int code = static_cast<int>(mapping.require("code").integer(200, 599));
  const auto text = mapping.find("text");
  mapping.finish();
  return staged_fault<StatusStage>("status", code, text ? text->string() : default_text(code));
}

}  // namespace mread::mockstore::faults
