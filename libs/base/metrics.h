#pragma once

// The one list of latency buckets, in seconds, for every prometheus::Histogram that measures a
// wait: dashboards and alerts can then compare and add them. Pure; any thread.

#include <vector>

namespace jembatan::base {

// From a tenth of a millisecond (a hop) to ten seconds (a broker that came back).
inline std::vector<double> LatencyBucketsSeconds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
          0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
}

}  // namespace jembatan::base
