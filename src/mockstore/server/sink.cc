#include "mockstore/server/sink.h"

#include <fmt/format.h>

namespace mread::mockstore {
namespace {

AdminReply reply(std::string_view type, std::string body) {
  AdminReply result;
  result.head.status = 200;
  result.head.headers.set("Content-Type", std::string(type));
  result.body = std::move(body);
  return result;
}

}  // namespace

std::optional<AdminReply> Sink::answer(std::string_view method, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (method == "POST" && path.ends_with("/api/v2/alerts")) {
    ++alerts_;
    return reply("application/json", "");
  }
  if (method != "GET") return std::nullopt;
  ++scrapes_;
  // Prometheus 3 wants to know the format.
  return reply("text/plain; version=0.0.4; charset=utf-8", "");
}

AdminReply Sink::counts() const {
  return reply("application/json",
               fmt::format("{{\"alerts\":{},\"scrapes\":{}}}\n", alerts_.load(), scrapes_.load()));
}

}  // namespace mread::mockstore
