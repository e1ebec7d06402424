#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

namespace mread::scenarios {

/// Names the process that made a folder or a container, so that a later run can tell whether it is
/// still there: "PID-STARTTIME-BOOT-PIDNAMESPACE", letters, digits and hyphens only. A process id
/// that was given out again has another start time.
std::string own_token();
/// The same of another process.
std::string token_of(pid_t pid);
/// The process of a token that is `alive`; 0 for other text.
pid_t process_of(std::string_view token);

enum class OwnerState {
  alive,
  gone,     ///< no such process any more
  unknown,  ///< it lives (or lived) in another process namespace of this machine
  reboot,   ///< of an earlier boot, or of another machine
};

/// Whether the process behind a token still runs. `unknown` for text that is not a token.
OwnerState owner_state(std::string_view token);

}  // namespace mread::scenarios
