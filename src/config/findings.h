#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"

namespace mread::config {

/// What the reading of one entry of `remote_read:` finds that is no error. Texts hold no secret.
class Findings {
 public:
  /// Warnings go behind those that are there.
  explicit Findings(std::vector<std::string>& warnings) : warnings_(warnings) {}

  /// Something is taken that has no effect, or not the one that it seems to have.
  void warn(const yaml::Node& at, const std::string& text) {
    warnings_.push_back(at.place() + ": " + text);
  }
  /// Something is taken because Prometheus takes it, and no read can succeed with it, there or
  /// here.
  void no_read_succeeds(const yaml::Node& at, const std::string& text) {
    warn(at, text + ": every read of this backend fails");
    if (unusable_.empty()) unusable_ = text;
  }
  /// The first text of no_read_succeeds(); empty: none.
  const std::string& unusable() const { return unusable_; }

 private:
  std::vector<std::string>& warnings_;
  std::string unusable_;
};

}  // namespace mread::config
