#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "model/matcher.h"
#include "net/http.h"
#include "scenarios/checks/judge.h"

namespace mread::scenarios {

/// One remote read, in full and decoded; failures of every kind are in the answer. With `stream` chunks are asked for,
/// and SAMPLES taken where the server has no other; without it SAMPLES alone. Series and samples stay as they came, so
/// duplicates and disorder can be seen.
ReadAnswer read_once(const net::Url& url, const std::vector<model::Matcher>& matchers, int64_t start_ms, int64_t end_ms,
                     bool stream, std::chrono::milliseconds timeout, std::stop_token stop);

/// Decodes a body. Errors: those of the wire layer.
Result<std::vector<model::Series>> decode_samples_answer(const std::string& body);
Result<std::vector<model::Series>> decode_streamed_answer(std::string body, int64_t start_ms, int64_t end_ms);

}  // namespace mread::scenarios
