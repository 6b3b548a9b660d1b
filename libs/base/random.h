#pragma once

// Random: splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
// Small, seedable, the same on every machine: for jitter, simulations and made-up data, never for
// secrets. One thread.

#include <cstdint>

namespace jembatan::base {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  // Uniform in [low, high], to within 2^-40 for ranges of up to a day in milliseconds.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Next() % static_cast<uint64_t>(high - low + 1));
  }

 private:
  uint64_t state_;
};

}  // namespace jembatan::base
