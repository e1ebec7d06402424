#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/query.h"

namespace mread::attacks {

std::string repeated(std::string_view what, size_t times);

/// Fields of a protobuf message, for what our own encoder would not write, or would take long for.
void append_bytes_field(std::string& out, int number, std::string_view bytes);
void append_number_field(std::string& out, int number, uint64_t value);
/// A prometheus.LabelMatcher; the type's number is that of the wire.
std::string matcher_message(int type, std::string_view name, std::string_view value);
/// A streamed read with one query, as a body.
std::string body_with(const std::vector<std::string>& matchers, int64_t start_ms = 1'000'000,
                      int64_t end_ms = 2'000'000);

/// A read of `metric`, streamed, as a body.
std::string read_body(const std::string& metric, int64_t end_ms = 2'000'000);
std::string read_body(const model::ReadRequest& request);
/// The same as a whole HTTP request.
std::string read_text(const std::string& metric, int64_t end_ms = 2'000'000,
                      std::string_view more_fields = {});

}  // namespace mread::attacks
