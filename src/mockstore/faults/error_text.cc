#include "mockstore/faults/error_text.h"

#include <optional>

#include "mockstore/faults/staged_fault.h"
#include "mockstore/steps/http_error.h"

namespace mread::mockstore::faults {
namespace {

class ErrorTextStage final : public FaultStage {
 public:
  ErrorTextStage(const std::string& text, std::optional<uint64_t> frames)
      : text_(text), frames_left_(frames) {}

  void take(Step step, std::vector<Step>& out) override {
    if (std::holds_alternative<HeadStep>(step)) {
      head_ = std::get<HeadStep>(
          std::move(step));  // Held back: nothing is sent before the first frame is written.
    } else if (auto* body = std::get_if<BodyStep>(&step)) {
      if (!body->is_frame || (frames_left_ && (*frames_left_)-- == 0)) return fail(out);
      if (head_) out.emplace_back(std::move(*head_));
      head_.reset();
      out.push_back(std::move(step));
    } else if (std::holds_alternative<EndStep>(step)) {
      fail(out);
    } else {
      out.push_back(std::move(step));
    }
  }

 private:
  void fail(std::vector<Step>& out) {
    if (head_) return append_http_error(out, 500, text_);
    out.emplace_back(BodyStep::owned(text_ + "\n"));
    out.emplace_back(EndStep{});
  }

  const std::string& text_;  // The fault's; it outlives the answer.
  std::optional<uint64_t> frames_left_;
  std::optional<HeadStep> head_;
};

std::shared_ptr<const Fault> make(std::string text, std::optional<uint64_t> frames) {
  return staged_fault<ErrorTextStage>("error_text", std::move(text), frames);
}

}  // namespace

std::shared_ptr<const Fault> parse_error_text(const yaml::Node& settings) {
  if (settings.is_scalar()) return make(settings.string(), std::nullopt);
  yaml::Mapping mapping = settings.mapping();
  const std::string text = mapping.require("text").string();
  const auto frames = mapping.find("frames");
  mapping.finish();
  return make(text, frames ? std::optional(frames->count()) : std::nullopt);
}

}  // namespace mread::mockstore::faults
