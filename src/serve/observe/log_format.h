#pragma once

#include <memory>

#include <spdlog/formatter.h>

namespace mread::serve {

/// The form of a line of `mread serve`'s log: "2026-11-21T21:07:22.727+01:00 warning TEXT". The
/// text is printable() and on one line, whoever wrote parts of it, and at most 16 KiB long; where
/// more was cut, it says so.
std::unique_ptr<spdlog::formatter> log_format();

}  // namespace mread::serve
