#include "bench/memory.h"

#include <cstdlib>
#include <fstream>
#include <new>
#include <string>

#include <malloc.h>

namespace {

mread::bench::AllocationCounts counts;

void* take(size_t bytes) {
  void* const p = std::malloc(bytes == 0 ? 1 : bytes);
  if (p == nullptr) throw std::bad_alloc();
  ++counts.calls;
  counts.bytes += bytes;
  counts.live_bytes += static_cast<int64_t>(malloc_usable_size(p));
  if (counts.live_bytes > counts.peak_bytes) counts.peak_bytes = counts.live_bytes;
  return p;
}

void give_back(void* p) noexcept {
  if (p == nullptr) return;
  counts.live_bytes -= static_cast<int64_t>(malloc_usable_size(p));
  std::free(p);
}

int64_t status_bytes(const char* name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name, 0) == 0)
      return std::strtoll(line.c_str() + std::string(name).size() + 1, nullptr, 10) << 10;
  }
  return 0;
}

}  // namespace

void* operator new(size_t bytes) { return take(bytes); }
void* operator new[](size_t bytes) { return take(bytes); }
// What the library's own form falls back to; a sanitizer would bring one that is not ours.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return take(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](size_t bytes, const std::nothrow_t& tag) noexcept {
  return operator new(bytes, tag);
}
void operator delete(void* p) noexcept { give_back(p); }
void operator delete[](void* p) noexcept { give_back(p); }
void operator delete(void* p, size_t) noexcept { give_back(p); }
void operator delete[](void* p, size_t) noexcept { give_back(p); }

namespace mread::bench {

AllocationCounts allocation_counts() { return counts; }
void reset_allocation_peak() { counts.peak_bytes = counts.live_bytes; }
int64_t resident_bytes() { return status_bytes("VmRSS"); }
int64_t peak_resident_bytes() { return status_bytes("VmHWM"); }

}  // namespace mread::bench
