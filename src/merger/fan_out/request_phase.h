#pragma once

namespace mread::merger {

/// How far one query's request to one backend has come. docs/internals/states.md has the diagram.
enum class RequestPhase {
  standing_by,     ///< not asked, and may be asked yet
  asked,           ///< sent; nothing has come back
  answering,       ///< the response's head has come, and its body is read
  complete,        ///< the body has ended well
  never_asked,     ///< the answer began without it, before it was asked
  unavailable,     ///< failed before it was asked: its circuit is open
  dropped,         ///< not needed any more after it was asked
  failed_early,    ///< failed, and nothing of its answer is used
  failed_late,     ///< failed, and the series that it gave before stay
  left_out_early,  ///< as failed_early: the read held too much, and this request the most
  left_out_late,   ///< the same of an answer that may have been merged in part
};

/// Whether a request goes from `from` to `to` in one step.
bool may_follow(RequestPhase from, RequestPhase to);

}  // namespace mread::merger
