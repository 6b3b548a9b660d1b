#pragma once

// The two clocks. Wall time is what ids, deadlines and logs speak of; monotonic time is what waits
// and measurements use. Pure code takes times as arguments and never reads a clock. Any thread.

#include <cstdint>

namespace jembatan::base {

// Milliseconds since the Unix epoch, by CLOCK_REALTIME.
int64_t WallMs();

// Nanoseconds of CLOCK_MONOTONIC: only differences mean anything.
int64_t MonotonicNs();

}  // namespace jembatan::base
