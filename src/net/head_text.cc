#include "net/head_text.h"

#include <boost/beast/http/status.hpp>

namespace mread::net {
namespace {

void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool is_control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    out += is_control ? ' ' : c;
  }
}

void append_fields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers.fields()) {
    append_clean(out, name);
    out += ": ";
    append_clean(out, value);
    out += "\r\n";
  }
}

}  // namespace

std::string to_wire(const RequestHead& head) {
  std::string out;
  append_clean(out, head.method);
  out += ' ';
  append_clean(out, head.target);
  out += " HTTP/1.1\r\n";
  append_fields(out, head.headers);
  out += "\r\n";
  return out;
}

std::string to_wire(const ResponseHead& head) {
  std::string out = "HTTP/1.1 " + std::to_string(head.status) + " ";
  append_clean(out,
               head.reason.empty() ? reason_phrase(head.status) : std::string_view(head.reason));
  out += "\r\n";
  append_fields(out, head.headers);
  out += "\r\n";
  return out;
}

std::string trailers_to_wire(const Headers& trailers) {
  std::string out;
  append_fields(out, trailers);
  return out;
}

std::string_view reason_phrase(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known == boost::beast::http::status::unknown) return "Unknown";
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

}  // namespace mread::net
