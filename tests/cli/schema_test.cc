#include "scenarios/loading/schema.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "cli/commands.h"

namespace mread::cli {
namespace {

TEST(SchemaCommand, PrintsTheSchema) {
  CLI::App app("mread", "mread");
  int exit_code = -1;
  add_schema(app, exit_code);
  testing::internal::CaptureStdout();
  app.parse(std::vector<std::string>{"schema"});
  const std::string output = testing::internal::GetCapturedStdout();
  EXPECT_EQ(exit_code, ok);
  EXPECT_EQ(boost::json::parse(output), boost::json::value(scenarios::scenario_schema()));
}

}  // namespace
}  // namespace mread::cli
