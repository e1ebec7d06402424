#pragma once

#include <string>

#include "scenarios/model/results.h"
#include "scenarios/model/scenario.h"

namespace mread::scenarios {

/// Hears how a run goes; calls come one at a time.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void test_started(const Test& test) = 0;
  virtual void test_progress(const Test& test, const std::string& what) = 0;
  virtual void test_finished(const Test& test, const TestResult& result) = 0;
};

}  // namespace mread::scenarios
