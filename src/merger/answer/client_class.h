#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mread::merger {

/// A generation of clients, by what it refuses. One series that a client refuses costs it the whole
/// answer, so such series are left out of answers to it. docs/reference/prometheus-facts.md has what was seen
/// of each generation.
enum class ClientClass : uint8_t {
  v2_42,  ///< Prometheus up to 2.43: classic names only, everything in UTF-8; it does not see
          ///< histograms in SAMPLES
  v2_53,  ///< later 2.x: the same, and a float histogram in SAMPLES fails the whole query
  v3_5,   ///< from 3.0 on, and all other clients: takes everything
};

/// Why a client refuses a series.
enum class Refusal : uint8_t { metric_name, label_name, label_value, float_histogram };

inline constexpr std::array client_classes = {ClientClass::v2_42, ClientClass::v2_53,
                                              ClientClass::v3_5};
inline constexpr size_t refusal_count = 4;
/// Series of an answer that were left out, by Refusal.
using LeftOut = std::array<uint64_t, refusal_count>;

constexpr bool takes_all(ClientClass client) { return client == ClientClass::v3_5; }

/// What of these labels the class refuses, the first of them; none: it takes them.
/// `canonical_labels` as in wire/labels/labels_view.h. The class v3_5 takes whatever there is,
/// broken labels included.
std::optional<Refusal> refused_label(ClientClass client, std::string_view canonical_labels);

/// Whether the class refuses a series with a float histogram in an answer of SAMPLES.
constexpr bool refuses_float_histograms(ClientClass client) { return client == ClientClass::v2_53; }

/// By what a client says of itself: "Prometheus/2.42.0", with whatever behind it. All others take
/// everything.
ClientClass class_of_user_agent(std::string_view user_agent);

/// "v2.42", "v2.53", "v3.5".
const char* to_string(ClientClass client);
/// "metric_name", "label_name", "label_value", "float_histogram".
const char* to_string(Refusal refusal);

uint64_t total(const LeftOut& left_out);

/// "3 series that Prometheus 2.42 refuses: a label's name"; several reasons with their numbers, "3
/// series that Prometheus 2.42 refuses: 1 for the metric's name, 2 for a label's value". Empty
/// where nothing was left out.
std::string describe_left_out(ClientClass client, const LeftOut& left_out);

}  // namespace mread::merger
