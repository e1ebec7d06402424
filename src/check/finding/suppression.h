#pragma once

#include <string>
#include <vector>

#include "base/yaml.h"
#include "check/finding/finding.h"

namespace mread::check {

/// Applies the comments of a file to its findings:
///
///   # mread disable MR002 REASON
///   # mread snooze 2026-12-31 MR002,MR003 REASON
///
/// Behind a value the comment is about that line. On a line of its own it is about the entry below
/// it, with all that is indented under it. In the comment that a file begins with, if an empty line
/// follows, it is about the whole file.
///
/// `today` is "2026-11-27": a snooze before it has ended, and its findings get a note. Throws
/// yaml::ConfigError for a comment that names no rule or no reason, or a date that is none.
/// Returns a line for each comment that found nothing to suppress: "FILE:LINE: …".
std::vector<std::string> suppress(const yaml::Node& root, const std::string& today,
                                  std::vector<Finding>& findings);

}  // namespace mread::check
