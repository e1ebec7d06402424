#pragma once

#include <cstdint>
#include <string_view>

namespace mread::wire {

/// CRC-32C (Castagnoli), which iSCSI and Prometheus's frames use. `crc` continues an earlier
/// result: crc32c(b, crc32c(a)) is crc32c(ab). Uses SSE4.2 if the processor has it.
uint32_t crc32c(std::string_view bytes, uint32_t crc = 0);

/// The two implementations, for tests and benchmarks. Call the hardware one only if
/// crc32c_has_hardware().
uint32_t crc32c_software(std::string_view bytes, uint32_t crc = 0);
uint32_t crc32c_hardware(std::string_view bytes, uint32_t crc = 0);
bool crc32c_has_hardware();

}  // namespace mread::wire
