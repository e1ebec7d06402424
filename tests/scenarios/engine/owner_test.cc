#include "scenarios/engine/owner.h"

#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mread::scenarios {
namespace {

TEST(Owner, ThisProcessIsAlive) { EXPECT_EQ(owner_state(own_token()), OwnerState::alive); }

TEST(Owner, TokenFitsIntoAFolderName) {
  EXPECT_EQ(own_token().find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-"),
            std::string::npos)
      << own_token();
}

TEST(Owner, AChildThatEndedIsGone) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string token = own_token();
    [[maybe_unused]] const ssize_t written = write(pipe_fds[1], token.data(), token.size());
    _exit(0);
  }
  close(pipe_fds[1]);
  char buffer[200];
  const ssize_t got = read(pipe_fds[0], buffer, sizeof buffer);
  close(pipe_fds[0]);
  ASSERT_GT(got, 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(owner_state(std::string_view(buffer, static_cast<size_t>(got))), OwnerState::gone);
}

TEST(Owner, TheSameNumberWithAnotherStartIsGone) {
  std::string token = own_token();
  token.insert(token.find('-') + 1, "1");
  EXPECT_EQ(owner_state(token), OwnerState::gone);
}

TEST(Owner, AnotherBootAndAnotherNamespace) {
  const std::string token = own_token();
  const size_t second = token.find('-', token.find('-') + 1);
  const size_t third = token.find('-', second + 1);
  EXPECT_EQ(owner_state(token.substr(0, second) + "-00000000" + token.substr(third)),
            OwnerState::reboot);
  EXPECT_EQ(owner_state(token.substr(0, third) + "-1"), OwnerState::unknown);
}

TEST(Owner, OtherTextIsUnknown) {
  for (const char* text :
       {"", "-", "1", "x-1-2-3", "0-1-2-3", "-5-1-2", "1-2-3-4-5", "99999999999999999999-1-2-3"}) {
    EXPECT_EQ(owner_state(text), OwnerState::unknown) << text;
  }
}

}  // namespace
}  // namespace mread::scenarios
