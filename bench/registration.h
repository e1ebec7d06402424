#pragma once

namespace mread::bench {

/// Registers the program's benchmarks with Google Benchmark; with small inputs where `quick`. Each
/// checks its result once and throws std::runtime_error when it is wrong.
void register_benchmarks(bool quick);

}  // namespace mread::bench
