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

const char* failure_reason(const Error& error) {
  namespace asio_error = boost::asio::error;
  const auto& code = error.code;
  if (code.category() == mread_category()) {
    switch (static_cast<Errc>(code.value())) {
      case Errc::deadline:
        return "deadline";
      case Errc::truncated:
        return "truncated";
      case Errc::malformed:
        return "malformed";
      case Errc::checksum:
        return "checksum";
      case Errc::limit:
        return "limit";
      case Errc::http_status:
        return "http_status";
      case Errc::unsupported:
        return "unsupported";
      case Errc::unsorted:
        return "unsorted";
      case Errc::unavailable:
      case Errc::not_found:
        return "unreachable";
      case Errc::environment:
        return "credentials";
      default:
        return "other";
    }
  }
  if (code == asio_error::connection_refused) return "refused";
  if (code == asio_error::connection_reset || code == asio_error::broken_pipe) return "reset";
  if (code == asio_error::host_unreachable || code == asio_error::network_unreachable ||
      code == asio_error::host_not_found || code == asio_error::host_not_found_try_again ||
      code == asio_error::no_data || code == asio_error::timed_out) {
    return "unreachable";
  }
  if (net::is_tls_error(code)) return "tls";
  return "other";
}

}  // namespace mread::serve
