#pragma once

#include <cstdint>

/// What a piece of work costs in memory.
namespace mread::bench {

/// Every operator new of the program since its start. Linking bench/memory.cc replaces the global
/// operators, for programs of one thread only.
struct AllocationCounts {
  uint64_t calls = 0;
  uint64_t bytes = 0;      ///< asked for, in all
  int64_t live_bytes = 0;  ///< not given back yet
  int64_t peak_bytes = 0;  ///< the most of them at once, since reset_peak()
};
AllocationCounts allocation_counts();
void reset_allocation_peak();

/// Resident memory of this process: now, and at most.
int64_t resident_bytes();
int64_t peak_resident_bytes();

}  // namespace mread::bench
