#pragma once

#include <cstddef>
#include <cstdint>

namespace mread::serve {

/// The program's operator new, which can be made to throw std::bad_alloc. It counts the
/// allocations of all threads but those that call exempt_this_thread().
///
/// Safe to use from several threads.
namespace failing_new {

enum class Fails { once, for_good };

/// Allocations of at least `smallest` bytes throw: the one behind the next `count` such ones, or it
/// and all that follow.
void arm(uint64_t count, size_t smallest, Fails fails);
/// No allocation throws any more. True where one has thrown since arm().
bool disarm();
/// Allocations of this thread neither count nor throw.
void exempt_this_thread();

}  // namespace failing_new
}  // namespace mread::serve
