#pragma once

// Reads the text that services serve at /metrics, as far as commands need it: plain numbers and
// histograms, over all labels. Pure; any thread.

#include <map>
#include <optional>
#include <string_view>

namespace jembatan::ctl {

// The sum over all series of that name; none: there is no such series.
std::optional<double> MetricIn(std::string_view page, std::string_view name);

// Observations at or below each bound, over all series of the histogram.
using Buckets = std::map<double, double>;
Buckets BucketsIn(std::string_view page, std::string_view histogram);

// The bound below which the share of what was observed between the two lies; infinite when that is
// the last bucket; none: nothing was observed.
std::optional<double> QuantileBetween(const Buckets& before, const Buckets& after, double share);

}  // namespace jembatan::ctl
