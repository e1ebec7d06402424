#pragma once

#include <string>
#include <vector>

#include "net/server.h"

namespace mread::mockstore {

/// Keeps web pages in a visitor's browser (net/browser_guard.h) from a control interface: from
/// every path under /-/ but
/// /-/healthy and /-/ready, which say nothing. `names`: host names that the server is reached by.
net::Screen control_screen(std::vector<std::string> names);

}  // namespace mread::mockstore
