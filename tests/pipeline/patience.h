#pragma once

// How the pipeline's tests wait: for a condition, within a bound that is far above what it needs on
// a slow machine under a sanitizer. A bound that ends is a failure, never a pause to let things
// happen. Any thread; blocks it.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace jembatan::pipeline {

inline constexpr std::chrono::seconds kPatience(45);

// Looks every few milliseconds; for conditions nobody announces.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// The condition is announced: whoever changes what it reads holds the mutex and notifies.
template <typename Condition>
bool Await(std::condition_variable& changed, std::unique_lock<std::mutex>& lock,
           Condition condition) {
  return changed.wait_for(lock, kPatience, condition);
}

}  // namespace jembatan::pipeline
