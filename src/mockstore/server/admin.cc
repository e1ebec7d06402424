#include "mockstore/server/admin.h"

#include "base/printable.h"
#include "mockstore/faults/parse_fault.h"

namespace mread::mockstore {
namespace {

// Of a list of faults, which anybody may send.
const yaml::Bounds faults_bounds{
    .bytes = admin_body_limit_bytes, .values = 10'000, .pending_signs = 50'000};

AdminReply admin_reply(int status, std::string_view type, std::string body) {
  AdminReply result;
  result.head.status = status;
  result.head.headers.set("Content-Type", std::string(type));
  result.body = std::move(body);
  return result;
}

AdminReply admin_text(int status, std::string line) {
  return admin_reply(status, "text/plain; charset=utf-8", std::move(line) + "\n");
}
AdminReply admin_json(std::string body) {
  return admin_reply(200, "application/json", std::move(body) + "\n");
}

AdminReply not_allowed(std::string_view allowed) {
  AdminReply result = admin_text(405, "Method Not Allowed");
  result.head.headers.set("Allow", std::string(allowed));
  return result;
}

}  // namespace

bool is_admin_path(std::string_view target) { return target.starts_with("/-/"); }

AdminReply answer_admin(Store& store, std::string_view method, std::string_view target,
                        const std::string& body) {
  const std::string_view path = target.substr(0, target.find('?'));
  const bool get = method == "GET" || method == "HEAD";
  if (path == "/-/healthy")
    return get ? admin_text(200, "mread mock store " + store.name() + " is healthy.")
               : not_allowed("GET");
  if (path == "/-/ready")
    return get ? admin_text(200, "mread mock store " + store.name() + " is ready.")
               : not_allowed("GET");
  if (path == "/-/journal") {
    if (get) return admin_json(store.journal().to_json());
    if (method != "DELETE") return not_allowed("DELETE, GET");
    store.journal().clear();
    return admin_text(200, "the journal is empty");
  }
  if (path == "/-/faults") {
    if (get) return admin_json(store.faults().to_json());
    if (method == "PUT") {
      try {
        store.set_faults(parse_faults(yaml::Node::parse(body, "faults", faults_bounds)));
      } catch (const yaml::ConfigError& error) {
        return admin_text(400, printable_lines(error.what()));
      }
      return admin_json(store.faults().to_json());
    }
    if (method != "DELETE") return not_allowed("DELETE, GET, PUT");
    store.set_faults({});
    return admin_text(200, "no faults");
  }
  return admin_text(404, "404 page not found");
}

}  // namespace mread::mockstore
