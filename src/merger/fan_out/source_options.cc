#include "merger/fan_out/source_options.h"

namespace mread::merger {

SourceOptions source_options(const Policy& policy, size_t backend, const FanOutOptions& options,
                             const boost::intrusive_ptr<Budget>& budget) {
  const uint64_t most_bytes = policy.limits.bytes_in_flight;
  const Group& group = policy.groups[policy.backends[backend].group];
  SourceOptions out;
  out.replaceable = group.wait == Group::Wait::need && policy.partial != PartialPolicy::all;
  out.group = static_cast<uint32_t>(policy.backends[backend].group);
  out.replica_labels = policy.replica_labels;
  out.verify_chunks = policy.verify_chunks;
  out.frame_limit = policy.backends[backend].chunked_read_limit;
  out.body_limit = most_bytes == 0 ? UINT32_MAX : most_bytes;
  out.series_limit = policy.limits.series;
  out.window = options.window_bytes;
  out.read_ahead = options.read_ahead_bytes;
  out.hold_all = backend < options.known_unsorted.size() && options.known_unsorted[backend];
  out.repair_limit = policy.repair_limit;
  out.account = new Account(budget);
  return out;
}

}  // namespace mread::merger
