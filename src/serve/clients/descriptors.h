#pragma once

#include <cstdint>

namespace mread::serve {

/// How many file descriptors this process may have open.
uint64_t descriptor_limit();
/// Raises that as far as the process may by itself, to 65536 at the most.
void raise_descriptor_limit();

/// How many clients may be connected at once: `wanted` (0: any number), and never more than half of
/// `descriptors`, so that the other half is there for backends and files.
uint64_t connection_limit(uint64_t wanted, uint64_t descriptors);

}  // namespace mread::serve
