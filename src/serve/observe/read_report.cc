#include "serve/observe/read_report.h"

#include <boost/asio/error.hpp>

#include "net/tls_error.h"

namespace mread::serve {

const char* to_string(ReadReport::End end) {
  switch (end) {
    case ReadReport::End::complete:
      return "complete";
    case ReadReport::End::aborted:
      return "aborted";
    case ReadReport::End::client_gone:
      return "client_gone";
  }
  return "";
}

const char* to_string(model::ResponseType type) {
  return type == model::ResponseType::samples ? "samples" : "streamed";
}

const char* to_string(merger::BackendOutcome::State state) {
  using State = merger::BackendOutcome::State;
  switch (state) {
    case State::not_asked:
      return "not asked";
    case State::unavailable:
      return "unavailable";
    case State::waiting:
      return "waiting";
    case State::complete:
      return "complete";
    case State::failed:
      return "failed";
    case State::dropped:
      return "not needed";
  }
  return "";
}

const char* to_string(FailureReason reason) {
  switch (reason) {
    case FailureReason::deadline:
      return "deadline";
    case FailureReason::refused:
      return "refused";
    case FailureReason::reset:
      return "reset";
    case FailureReason::unreachable:
      return "unreachable";
    case FailureReason::truncated:
      return "truncated";
    case FailureReason::malformed:
      return "malformed";
    case FailureReason::checksum:
      return "checksum";
    case FailureReason::limit:
      return "limit";
    case FailureReason::http_status:
      return "http_status";
    case FailureReason::unsupported:
      return "unsupported";
    case FailureReason::unsorted:
      return "unsorted";
    case FailureReason::tls:
      return "tls";
    case FailureReason::credentials:
      return "credentials";
    case FailureReason::other:
      return "other";
    case FailureReason::open_circuit:
      return "open_circuit";
  }
  return "";
}

FailureReason failure_reason(const Error& error) {
  using Reason = FailureReason;
  namespace asio_error = boost::asio::error;
  const auto& code = error.code;
  if (code.category() == mread_category()) {
    switch (static_cast<Errc>(code.value())) {
      case Errc::deadline:
        return Reason::deadline;
      case Errc::truncated:
        return Reason::truncated;
      case Errc::malformed:
        return Reason::malformed;
      case Errc::checksum:
        return Reason::checksum;
      case Errc::limit:
        return Reason::limit;
      case Errc::http_status:
        return Reason::http_status;
      case Errc::unsupported:
        return Reason::unsupported;
      case Errc::unsorted:
        return Reason::unsorted;
      case Errc::unavailable:
      case Errc::not_found:
        return Reason::unreachable;
      case Errc::environment:
        return Reason::credentials;
      default:
        return Reason::other;
    }
  }
  if (code == asio_error::connection_refused) return Reason::refused;
  if (code == asio_error::connection_reset || code == asio_error::broken_pipe) return Reason::reset;
  if (code == asio_error::host_unreachable || code == asio_error::network_unreachable ||
      code == asio_error::host_not_found || code == asio_error::host_not_found_try_again ||
      code == asio_error::no_data || code == asio_error::timed_out) {
    return Reason::unreachable;
  }
  if (net::is_tls_error(code)) return Reason::tls;
  return Reason::other;
}

}  // namespace mread::serve
