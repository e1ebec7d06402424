#pragma once

#include <cstddef>
#include <memory>

namespace mread::wire {

/// Allocates memory without initialising it. From 2 MiB on it asks for huge pages, so that the
/// first write takes one page fault for each 2 MiB if the system has such pages. Throws
/// std::bad_alloc.
std::shared_ptr<char[]> large_memory(size_t bytes);
/// The bytes of address space that an allocation of this size takes.
size_t large_memory_bytes(size_t bytes);

}  // namespace mread::wire
