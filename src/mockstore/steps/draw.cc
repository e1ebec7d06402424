#include "mockstore/steps/draw.h"

#include <cmath>
#include <numbers>

namespace mread::mockstore {
namespace {

// The finaliser of splitmix64: every input bit changes every output bit with a chance of a half.
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t hash_text(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Draw::Draw(uint64_t seed, std::string_view node, uint64_t ordinal, uint64_t salt)
    : state_(mix(mix(mix(mix(seed) ^ hash_text(node)) ^ ordinal) ^ salt)) {}

uint64_t Draw::next() {
  state_ += 0x9e3779b97f4a7c15;
  return mix(state_);
}

double Draw::unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double Draw::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - unit()));  // 1 - unit() is never 0.
  return radius * std::cos(2 * std::numbers::pi * unit());
}

}  // namespace mread::mockstore
