#pragma once

// RunUntil: runs an io_context on the calling thread until something is true, as tests against the
// mock cluster need it. Returns false when the deadline passed first. The calling thread only.

#include <chrono>

#include <boost/asio/io_context.hpp>

namespace jembatan::kafka::testing {

template <typename Condition>
bool RunUntil(boost::asio::io_context& context, Condition condition,
              std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    context.restart();
    context.run_one_for(std::chrono::milliseconds(5));
  }
  return true;
}

// Whatever arrives within the time is served.
inline void RunFor(boost::asio::io_context& context, std::chrono::milliseconds time) {
  context.restart();
  context.run_for(time);
}

}  // namespace jembatan::kafka::testing
