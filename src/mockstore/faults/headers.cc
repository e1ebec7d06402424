#include "mockstore/faults/headers.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "mockstore/faults/staged_fault.h"

namespace mread::mockstore::faults {
namespace {

struct HeaderChanges {
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> removed;
};

class HeadersStage final : public FaultStage {
 public:
  explicit HeadersStage(const HeaderChanges& changes) : changes_(changes) {}

  void take(Step step, std::vector<Step>& out) override {
    if (auto* head = std::get_if<HeadStep>(&step)) {
      for (const std::string& name : changes_.removed) head->head.headers.remove(name);
      for (const auto& [name, value] : changes_.set) head->head.headers.set(name, value);
    }
    out.push_back(std::move(step));
  }

 private:
  const HeaderChanges& changes_;  // The fault's; it outlives the answer.
};

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

void check_name(const yaml::Node& place, const std::string& name) {
  const bool is_name =
      !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char letter) {
        return std::isalnum(letter) != 0 || letter == '-' || letter == '_';
      });
  if (!is_name) place.error("a header's name has letters, digits and hyphens");
  for (const char* framing : {"Content-Length", "Transfer-Encoding"}) {
    if (same_name(name, framing))
      place.error(name + " follows from how the body is sent; truncate: and late_end: change that");
  }
}

}  // namespace

std::shared_ptr<const Fault> parse_headers(const yaml::Node& settings) {
  HeaderChanges changes;
  yaml::Mapping mapping = settings.mapping();
  const auto set = mapping.find("set");
  const auto remove = mapping.find("remove");
  mapping.finish();
  if (!set && !remove)
    settings.error("say which: {set: {Content-Type: text/html}}, {remove: Content-Encoding}");
  if (set) {
    yaml::Mapping fields = set->mapping();
    for (const auto& [name, name_node, value] : fields.entries()) {
      check_name(name_node, name);
      const std::string text = value.string();
      const bool is_printable = std::all_of(
          text.begin(), text.end(), [](char letter) { return letter >= 0x20 && letter <= 0x7e; });
      if (!is_printable) value.error("a header's value is printable ASCII");
      changes.set.emplace_back(name, text);
    }
  }
  if (remove) {
    for (const yaml::Node& name : remove->sequence_or_one()) {
      check_name(name, name.string());
      changes.removed.push_back(name.string());
    }
  }
  return staged_fault<HeadersStage>("headers", std::move(changes));
}

}  // namespace mread::mockstore::faults
