#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "mockstore/store/store.h"
#include "net/http.h"

namespace mread::mockstore {

/// Of a request for it. A larger one is refused.
constexpr size_t admin_body_limit_bytes = size_t{1} << 20;

struct AdminReply {
  net::ResponseHead head;
  std::string body;
};

/// A store's own interface, without its socket:
///   GET /-/healthy   GET /-/ready   GET /-/journal   DELETE /-/journal
///   GET /-/faults    PUT /-/faults (the notation of `faults:`, YAML or JSON)    DELETE /-/faults
/// Errors are one line of text: 400 for faults that cannot be read, 404, 405.
AdminReply answer_admin(Store& store, std::string_view method, std::string_view target,
                        const std::string& body);

/// True for the paths that belong to it.
bool is_admin_path(std::string_view target);

}  // namespace mread::mockstore
