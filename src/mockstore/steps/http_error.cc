#include "mockstore/steps/http_error.h"

namespace mread::mockstore {

void set_error_headers(net::ResponseHead& head, int code, size_t body_bytes) {
  head.status = code;
  head.headers.set("Content-Type", "text/plain; charset=utf-8");
  head.headers.set("X-Content-Type-Options", "nosniff");
  head.headers.set("Content-Length", std::to_string(body_bytes));
}

void append_http_error(std::vector<Step>& out, int code, const std::string& text) {
  BodyStep body = BodyStep::owned(text + "\n");
  HeadStep head;
  set_error_headers(head.head, code, body.bytes.size());
  out.emplace_back(std::move(head));
  out.emplace_back(std::move(body));
  out.emplace_back(EndStep{});
}

}  // namespace mread::mockstore
