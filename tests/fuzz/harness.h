#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fuzzer/FuzzedDataProvider.h>

/// What every harness is made of: one input, checks, and its registration.
/// docs/internals/fuzzing.md says how to add one.
namespace mread::fuzz {

/// One input. Numbers are taken from its end and bytes from its start, so a file of the corpus is
/// the bytes that the target reads, with a few bytes of settings behind them.
class Input : public FuzzedDataProvider {
 public:
  using FuzzedDataProvider::FuzzedDataProvider;

  uint32_t number() { return ConsumeIntegral<uint32_t>(); }
  uint8_t byte() { return ConsumeIntegral<uint8_t>(); }
  bool flag() { return ConsumeBool(); }
  std::string rest() { return ConsumeRemainingBytesAsString(); }
};

using Pieces = std::vector<std::shared_ptr<const std::string>>;

/// Cuts bytes into pieces, none of them empty: all at once for the seed 0, else each of a random
/// size. Small seeds cut into small pieces. Every piece has memory of its own, so that a sanitizer
/// sees the first byte too many.
inline Pieces cut(std::string_view bytes, uint32_t seed) {
  std::minstd_rand random(seed);
  const size_t most = seed == 0 ? bytes.size() : 1 + seed % 200;
  Pieces pieces;
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), seed == 0 ? most : 1 + random() % most);
    auto piece = std::make_shared<std::string>(bytes.substr(0, size));
    piece->shrink_to_fit();
    pieces.push_back(std::move(piece));
    bytes.remove_prefix(size);
  }
  return pieces;
}

/// Ends the program: this input is a finding.
[[noreturn]] inline void found(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
  std::abort();
}

using Harness = void (*)(Input& input);

/// The harnesses of a program that replays files (replay.cc). A program of libFuzzer's has one,
/// without a name.
struct Registration {
  const char* name;
  Harness harness;
  Registration* next;

  static Registration*& first() {
    static Registration* first = nullptr;
    return first;
  }
  Registration(const char* its_name, Harness its_harness)
      : name(its_name), harness(its_harness), next(first()) {
    first() = this;
  }
};

}  // namespace mread::fuzz

/// A condition that holds for every input.
#define FUZZ_CHECK(condition)         \
  ((condition) ? static_cast<void>(0) \
               : mread::fuzz::found(__FILE__, __LINE__, "does not hold: " #condition))
/// The same with text that shows what was seen.
#define FUZZ_CHECK_SHOW(condition, text)                \
  ((condition) ? static_cast<void>(0)                   \
               : mread::fuzz::found(__FILE__, __LINE__, \
                                    std::string("does not hold: " #condition "\n") + (text)))

/// Begins a harness, once in its file: MREAD_FUZZ(labels) { … input.rest() … }
#ifdef MREAD_FUZZ_REPLAY
#define MREAD_FUZZ(name)                                                        \
  static void fuzz_##name(mread::fuzz::Input& input);                           \
  static const mread::fuzz::Registration registered_##name(#name, fuzz_##name); \
  static void fuzz_##name(mread::fuzz::Input& input)
#else
#define MREAD_FUZZ(name)                                                    \
  static void fuzz_##name(mread::fuzz::Input& input);                       \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    mread::fuzz::Input input(data, size);                                   \
    fuzz_##name(input);                                                     \
    return 0;                                                               \
  }                                                                         \
  static void fuzz_##name(mread::fuzz::Input& input)
#endif
