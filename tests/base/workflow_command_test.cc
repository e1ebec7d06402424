#include "base/workflow_command.h"

#include <gtest/gtest.h>

namespace mread {
namespace {

TEST(WorkflowCommand, EscapesWhatWouldEndTheCommand) {
  EXPECT_EQ(workflow_command_text("100%\nof a:b,c", false), "100%25%0Aof a:b,c");
  EXPECT_EQ(workflow_command_text("100%\nof a:b,c", true), "100%25%0Aof a%3Ab%2Cc");
}

TEST(WorkflowCommand, ShowsWhatSteersATerminal) {
  EXPECT_EQ(workflow_command_text("\x1b[31m\r", false), "\\x1b[31m\\r");
}

}  // namespace
}  // namespace mread
