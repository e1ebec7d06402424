#include "wire/read_request.h"

#include <utility>

#include <fmt/format.h>

#include "wire/proto/remote.pb.h"
#include "wire/snappy_block.h"

namespace mread::wire {

namespace {

Result<model::Query> decode_query(const prometheus::Query& message) {
  model::Query query;
  query.start_ms = message.start_timestamp_ms();
  query.end_ms = message.end_timestamp_ms();
  for (const prometheus::LabelMatcher& matcher : message.matchers()) {
    if (!prometheus::LabelMatcher::Type_IsValid(matcher.type())) {
      return fail(Errc::malformed, fmt::format("unknown matcher type {}", static_cast<int>(matcher.type())));
    }
    auto created =
        model::Matcher::create(static_cast<model::MatchType>(matcher.type()), matcher.name(), matcher.value());
    if (!created) return fail(created.error());
    query.matchers.push_back(std::move(*created));
  }
  if (message.has_hints()) {
    const prometheus::ReadHints& from = message.hints();
    model::ReadHints& hints = query.hints.emplace();
    hints.step_ms = from.step_ms();
    hints.func = from.func();
    hints.start_ms = from.start_ms();
    hints.end_ms = from.end_ms();
    hints.grouping.assign(from.grouping().begin(), from.grouping().end());
    hints.by = from.by();
    hints.range_ms = from.range_ms();
  }
  return query;
}

}  // namespace

std::string encode_read_request(const model::ReadRequest& request) {
  prometheus::ReadRequest message;
  for (const model::Query& query : request.queries) {
    prometheus::Query& to = *message.add_queries();
    to.set_start_timestamp_ms(query.start_ms);
    to.set_end_timestamp_ms(query.end_ms);
    for (const model::Matcher& matcher : query.matchers) {
      prometheus::LabelMatcher& out = *to.add_matchers();
      out.set_type(static_cast<prometheus::LabelMatcher::Type>(matcher.type()));
      out.set_name(matcher.name());
      out.set_value(matcher.value());
    }
    if (query.hints) {
      prometheus::ReadHints& hints = *to.mutable_hints();
      hints.set_step_ms(query.hints->step_ms);
      hints.set_func(query.hints->func);
      hints.set_start_ms(query.hints->start_ms);
      hints.set_end_ms(query.hints->end_ms);
      for (const std::string& label : query.hints->grouping) hints.add_grouping(label);
      hints.set_by(query.hints->by);
      hints.set_range_ms(query.hints->range_ms);
    }
  }
  for (const model::ResponseType type : request.accepted_response_types) {
    message.add_accepted_response_types(static_cast<prometheus::ReadRequest::ResponseType>(type));
  }
  return compress(message.SerializeAsString());
}

Result<model::ReadRequest> decode_read_request(std::string_view body, size_t limit_bytes) {
  auto bytes = uncompress(body, limit_bytes);
  if (!bytes) return fail(bytes.error());
  prometheus::ReadRequest message;
  if (!std::in_range<int>(bytes->size()) || !message.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) {
    return fail(Errc::malformed, "the body is no valid prometheus.ReadRequest");
  }
  model::ReadRequest request;
  for (const prometheus::Query& query : message.queries()) {
    auto decoded = decode_query(query);
    if (!decoded) return fail(decoded.error().in(fmt::format("query {}", request.queries.size())));
    request.queries.push_back(std::move(*decoded));
  }
  for (const int type : message.accepted_response_types()) {
    if (prometheus::ReadRequest::ResponseType_IsValid(type)) {
      request.accepted_response_types.push_back(static_cast<model::ResponseType>(type));
    }
  }
  if (request.accepted_response_types.empty() && message.accepted_response_types_size() > 0) {
    return fail(Errc::unsupported, "none of the accepted response types is supported");
  }
  return request;
}

}  // namespace mread::wire
