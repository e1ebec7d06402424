#include "bench/in_memory_read.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>

namespace mread::bench {

InMemoryRead::InMemoryRead(const std::vector<std::string>& bodies, model::ResponseType in,
                           model::ResponseType out, size_t piece_bytes)
    : bodies_(bodies), in_(in), piece_bytes_(piece_bytes) {
  for (size_t i = 0; i < bodies.size(); ++i) {
    merger::Backend backend;
    backend.name = fmt::format("b{}", i);
    backend.group = i;
    config_.backends.push_back(std::move(backend));
    merger::Group group;
    group.name = config_.backends.back().name;
    group.members = {i};
    config_.groups.push_back(std::move(group));
  }
  config_.limits.series = 0;
  config_.limits.samples = 0;
  config_.limits.bytes_in_flight = 0;
  config_.limits.query_range = std::chrono::milliseconds(0);
  model::Query query;
  query.start_ms = 0;
  query.end_ms = INT64_MAX;
  request_.queries.push_back(std::move(query));
  request_.accepted_response_types = {out};
}

void InMemoryRead::run(const Sink& sink) const {
  const TimePoint now{};
  merger::FanOut machine(config_, request_, now, options);
  std::vector<size_t> offsets;
  std::vector<size_t> backend_of;
  bool finished = false;
  while (auto action = machine.poll(now)) {
    if (const auto* ask = std::get_if<merger::Ask>(&*action)) {
      offsets.resize(std::max<size_t>(offsets.size(), ask->id + 1));
      backend_of.resize(offsets.size());
      backend_of[ask->id] = ask->backend;
      const bool samples_form = in_ == model::ResponseType::samples;
      machine.on_response(
          ask->id, 200,
          samples_form ? "application/x-protobuf"
                       : "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse",
          samples_form ? "snappy" : "", "", now);
    } else if (const auto* read = std::get_if<merger::Read>(&*action)) {
      const std::string& body = bodies_[backend_of[read->id]];
      size_t& offset = offsets[read->id];
      if (offset == body.size()) {
        machine.on_end(read->id, now);
        continue;
      }
      const size_t size = std::min(piece_bytes_, body.size() - offset);
      auto piece = std::make_shared<const std::string>(body, offset, size);
      offset += size;
      machine.on_data(read->id, std::move(piece), now);
    } else if (const auto* head = std::get_if<merger::Head>(&*action)) {
      if (head->status != 200 || !head->partial.empty()) {
        throw std::runtime_error(
            fmt::format("the read was answered {} {}", head->status, head->partial));
      }
    } else if (const auto* out = std::get_if<merger::Body>(&*action)) {
      for (const std::string_view piece : out->pieces) sink(piece);
      machine.on_sent(now);
    } else if (std::get_if<merger::Finish>(&*action) != nullptr) {
      finished = true;
    } else if (const auto* abort = std::get_if<merger::Abort>(&*action)) {
      throw std::runtime_error("the read was aborted: " + abort->reason.to_string());
    }
  }
  if (!finished) throw std::runtime_error("the read came to no end");
  outcome_ = machine.outcome();
}

std::string InMemoryRead::answer() const {
  std::string out;
  run([&out](std::string_view piece) { out += piece; });
  return out;
}

}  // namespace mread::bench
