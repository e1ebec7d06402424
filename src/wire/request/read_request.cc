#include "wire/request/read_request.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "wire/proto/proto_reader.h"
#include "wire/proto/remote.pb.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {

namespace {

constexpr std::string_view no_request = "the body is no valid prometheus.ReadRequest";

Result<model::Query> decode_query(const prometheus::Query& message, model::RegexBudget& budget) {
  model::Query query;
  query.start_ms = message.start_timestamp_ms();
  query.end_ms = message.end_timestamp_ms();
  for (const prometheus::LabelMatcher& matcher : message.matchers()) {
    if (!prometheus::LabelMatcher::Type_IsValid(matcher.type())) {
      return fail(Errc::malformed,
                  fmt::format("unknown matcher type {}", static_cast<int>(matcher.type())));
    }
    auto created = model::Matcher::create(static_cast<model::MatchType>(matcher.type()),
                                          matcher.name(), matcher.value(), budget);
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

bool parse(std::string_view bytes, google::protobuf::MessageLite& message) {
  return std::in_range<int>(bytes.size()) &&
         message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// Counts the fields of a prometheus.ReadRequest.
class Counter {
 public:
  explicit Counter(const DecodeLimits& limits) : limits_(limits) {}

  Result<void> request(std::string_view message) {
    ProtoReader reader(message);
    while (reader.next()) {
      Result<void> counted;
      if (reader.is(1, WireType::bytes)) {
        counted = add(queries_, limits_.queries, "queries", " (limits.queries)");
        if (counted) counted = query(reader.bytes());
      } else if (reader.field() == 2) {
        // Each packed number takes at least one byte.
        const size_t most = reader.type() == WireType::bytes ? reader.bytes().size() : 1;
        counted = add(response_types_, limits_.response_types, "accepted response types", "", most);
      } else {
        counted = other();
      }
      if (!counted) return counted;
    }
    return end(reader);
  }

 private:
  Result<void> query(std::string_view message) {
    ProtoReader reader(message);
    while (reader.next()) {
      Result<void> counted;
      if (reader.is(3, WireType::bytes)) {
        counted = add(matchers_, limits_.matchers, "matchers", " (limits.matchers)");
        if (counted) counted = leaf(reader.bytes(), {1}, {2, 3});
      } else if (reader.is(4, WireType::bytes)) {
        counted = leaf(reader.bytes(), {1, 3, 4, 6, 7}, {2}, 5);
      } else if (reader.type() != WireType::varint || reader.field() > 2) {
        counted = other();
      }
      if (!counted) return counted;
    }
    return end(reader);
  }

  // Counts the fields of a matcher or of hints: numbers, texts, and the labels of hints.
  Result<void> leaf(std::string_view message, std::initializer_list<uint32_t> numbers,
                    std::initializer_list<uint32_t> texts, uint32_t grouping = 0) {
    const auto among = [](std::initializer_list<uint32_t> fields, uint32_t field) {
      return std::find(fields.begin(), fields.end(), field) != fields.end();
    };
    ProtoReader reader(message);
    while (reader.next()) {
      Result<void> counted;
      if (grouping != 0 && reader.is(grouping, WireType::bytes)) {
        counted = add(groupings_, limits_.groupings, "labels in hints", "");
      } else if (!(reader.type() == WireType::varint && among(numbers, reader.field())) &&
                 !(reader.type() == WireType::bytes && among(texts, reader.field()))) {
        counted = other();
      }
      if (!counted) return counted;
    }
    return end(reader);
  }

  // libprotobuf would accept groups; the count does not, so the request is refused.
  static Result<void> end(const ProtoReader& reader) {
    if (reader.ok()) return {};
    return fail(Errc::malformed, std::string(no_request));
  }

  Result<void> other() { return add(unknown_, limits_.unknown_fields, "unknown fields", ""); }

  static Result<void> add(size_t& count, size_t limit, std::string_view what,
                          std::string_view setting, size_t number = 1) {
    count += number;
    if (limit == 0 || count <= limit) return {};
    return fail(Errc::limit,
                fmt::format("the request has more than {} {}{}", limit, what, setting));
  }

  const DecodeLimits& limits_;
  size_t queries_ = 0;
  size_t matchers_ = 0;
  size_t groupings_ = 0;
  size_t response_types_ = 0;
  size_t unknown_ = 0;
};

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

Result<void> check_counts(std::string_view message, const DecodeLimits& limits) {
  return Counter(limits).request(message);
}

Result<model::Query> decode_read_query(std::string_view message, model::RegexBudget& budget) {
  prometheus::Query query;
  if (!parse(message, query))
    return fail(Errc::malformed, "the query is no valid prometheus.Query");
  return decode_query(query, budget);
}

Result<model::ReadRequest> decode_read_request(std::string_view body, size_t limit_bytes) {
  return decode_read_request(body, {limit_bytes, 0, 0, 0, 0, 0}, model::RegexBudget::Use::matched);
}

Result<model::ReadRequest> decode_read_request(std::string_view body, const DecodeLimits& limits,
                                               model::RegexBudget::Use use) {
  auto bytes = uncompress(body, limits.bytes);
  if (!bytes) return fail(bytes.error());
  if (auto counted = check_counts(*bytes, limits); !counted)
    return fail(std::move(counted).error());
  prometheus::ReadRequest message;
  if (!parse(*bytes, message)) return fail(Errc::malformed, std::string(no_request));
  bytes->clear();
  bytes->shrink_to_fit();
  model::ReadRequest request;
  model::RegexBudget budget(use);
  for (const prometheus::Query& query : message.queries()) {
    auto decoded = decode_query(query, budget);
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
