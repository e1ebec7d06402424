#include "merger/answer/client_class.h"

#include <charconv>
#include <numeric>

#include <fmt/format.h>

#include "base/printable.h"
#include "model/labels.h"
#include "wire/proto/proto_reader.h"

namespace mread::merger {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

constexpr std::array all_refusals = {Refusal::metric_name, Refusal::label_name,
                                     Refusal::label_value, Refusal::float_histogram};
static_assert(all_refusals.size() == refusal_count);

const char* in_words(Refusal refusal) {
  switch (refusal) {
    case Refusal::metric_name:
      return "the metric's name";
    case Refusal::label_name:
      return "a label's name";
    case Refusal::label_value:
      return "a label's value";
    case Refusal::float_histogram:
      return "float histograms";
  }
  return "";
}

}  // namespace

std::optional<Refusal> refused_label(ClientClass client, std::string_view canonical_labels) {
  if (takes_all(client)) return std::nullopt;
  for (wire::ProtoReader entries(canonical_labels); entries.next();) {
    std::string_view name;
    std::string_view value;
    for (wire::ProtoReader fields(entries.bytes()); fields.next();) {
      (fields.field() == 1 ? name : value) = fields.bytes();
    }
    if (name == model::metric_name_label && !model::is_classic_metric_name(value))
      return Refusal::metric_name;
    if (!model::is_classic_label_name(name)) return Refusal::label_name;
    if (!is_utf8(value)) return Refusal::label_value;
  }
  return std::nullopt;
}

ClientClass class_of_user_agent(std::string_view user_agent) {
  constexpr std::string_view product = "Prometheus/";
  if (!user_agent.starts_with(product)) return ClientClass::v3_5;
  user_agent.remove_prefix(product.size());
  const char* const end = user_agent.data() + user_agent.size();
  unsigned major = 0;
  unsigned minor = 0;
  const auto first = std::from_chars(user_agent.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return ClientClass::v3_5;
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc()) return ClientClass::v3_5;
  if (major > 2) return ClientClass::v3_5;
  return major == 2 && minor >= 44 ? ClientClass::v2_53 : ClientClass::v2_42;
}

const char* to_string(ClientClass client) {
  switch (client) {
    case ClientClass::v2_42:
      return "v2.42";
    case ClientClass::v2_53:
      return "v2.53";
    case ClientClass::v3_5:
      return "v3.5";
  }
  return "";
}

const char* to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::metric_name:
      return "metric_name";
    case Refusal::label_name:
      return "label_name";
    case Refusal::label_value:
      return "label_value";
    case Refusal::float_histogram:
      return "float_histogram";
  }
  return "";
}

uint64_t total(const LeftOut& left_out) {
  return std::accumulate(left_out.begin(), left_out.end(), uint64_t{0});
}

std::string describe_left_out(ClientClass client, const LeftOut& left_out) {
  const uint64_t all = total(left_out);
  if (all == 0) return "";
  std::string reasons;
  for (const Refusal refusal : all_refusals) {
    const uint64_t count = left_out[static_cast<size_t>(refusal)];
    if (count == 0) continue;
    if (count == all) {
      reasons = in_words(refusal);
    } else {
      reasons += fmt::format("{}{} for {}", reasons.empty() ? "" : ", ", count, in_words(refusal));
    }
  }
  return fmt::format("{} series that Prometheus {} refuses: {}", all, to_string(client) + 1,
                     reasons);
}

}  // namespace mread::merger
