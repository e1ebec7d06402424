#include "scenarios/engine/engine.h"

namespace mread::scenarios {

const char* to_string(Act act) {
  switch (act) {
    case Act::kill:
      return "kill";
    case Act::stop:
      return "stop";
    case Act::start:
      return "start";
    case Act::restart:
      return "restart";
    case Act::pause:
      return "pause";
    case Act::resume:
      return "resume";
    case Act::disconnect:
      return "disconnect";
    case Act::connect:
      return "connect";
  }
  return "?";
}

}  // namespace mread::scenarios
