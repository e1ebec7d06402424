#include "mockstore/faults/wrong_body.h"

#include "mockstore/faults/staged_fault.h"

namespace mread::mockstore::faults {
namespace {

constexpr const char* login_page =
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
    "<body><form method=\"post\"><input name=\"user\"></form></body></html>\n";

class WrongBodyStage final : public FaultStage {
 public:
  WrongBodyStage(const std::string& text, const std::string& type) : text_(text), type_(type) {}

  void take(Step step, std::vector<Step>& out) override {
    if (!std::holds_alternative<HeadStep>(step)) {
      out.push_back(std::move(step));
      return;
    }
    HeadStep head;
    head.head.headers.set("Content-Type", type_);
    head.head.headers.set("Content-Length", std::to_string(text_.size()));
    out.emplace_back(std::move(head));
    out.emplace_back(BodyStep{text_, false, nullptr});
    out.emplace_back(EndStep{});
  }

 private:
  const std::string& text_;  // The fault's; it outlives the answer. So does the type.
  const std::string& type_;
};

std::string header_value(const yaml::Node& node) {
  std::string text = node.string();
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) node.error("a content type is printable ASCII");
  }
  return text;
}

}  // namespace

std::shared_ptr<const Fault> parse_wrong_body(const yaml::Node& settings) {
  std::string text = login_page;
  std::string type = "text/html; charset=utf-8";
  if (!settings.is_null()) {
    yaml::Mapping mapping = settings.mapping();
    if (const auto given = mapping.find("text")) text = given->string();
    if (const auto given = mapping.find("type")) type = header_value(*given);
    mapping.finish();
  }
  return staged_fault<WrongBodyStage>("wrong_body", std::move(text), std::move(type));
}

}  // namespace mread::mockstore::faults
