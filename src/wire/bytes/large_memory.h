#pragma once

#include <cstddef>
#include <memory>

namespace mread::wire {

/// Memory that is not initialised. Two MiB and more are asked for in huge pages, so that filling
/// them for the first time takes a fault each 2 MiB where the system has such pages. Throws
/// std::bad_alloc.
std::shared_ptr<char[]> large_memory(size_t bytes);
/// What that takes of the address space.
size_t large_memory_bytes(size_t bytes);

}  // namespace mread::wire
