#include "services/ctl/metrics.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace jembatan::ctl {
namespace {

std::optional<double> NumberIn(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Calls visit(labels, value) for every series of the name.
template <typename Visit>
void ForEachSeries(std::string_view page, std::string_view name, Visit visit) {
  while (!page.empty()) {
    std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(line.size() + 1, page.size()));
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    std::string_view labels;
    if (line.starts_with('{')) {
      const size_t end = line.rfind('}');
      if (end == std::string_view::npos) continue;
      labels = line.substr(1, end - 1);
      line.remove_prefix(end + 1);
    }
    // Else it is a longer name.
    if (!line.starts_with(' ')) continue;
    line.remove_prefix(1);
    if (const std::optional<double> value = NumberIn(line.substr(0, line.find(' ')))) {
      visit(labels, *value);
    }
  }
}

double CountAt(const Buckets& buckets, double bound) {
  const auto at = buckets.find(bound);
  return at == buckets.end() ? 0 : at->second;
}

}  // namespace

std::optional<double> MetricIn(std::string_view page, std::string_view name) {
  std::optional<double> sum;
  ForEachSeries(page, name, [&](std::string_view, double value) { sum = sum.value_or(0) + value; });
  return sum;
}

Buckets BucketsIn(std::string_view page, std::string_view histogram) {
  Buckets buckets;
  const std::string name = std::string(histogram) + "_bucket";
  ForEachSeries(page, name, [&](std::string_view labels, double value) {
    constexpr std::string_view kBound = "le=\"";
    const size_t at = labels.find(kBound);
    if (at == std::string_view::npos) return;
    labels.remove_prefix(at + kBound.size());
    if (const auto bound = NumberIn(labels.substr(0, labels.find('"')))) buckets[*bound] += value;
  });
  return buckets;
}

std::optional<double> QuantileBetween(const Buckets& before, const Buckets& after, double share) {
  if (after.empty()) return std::nullopt;
  // A process that was started again counts anew.
  const double total = after.rbegin()->second - CountAt(before, after.rbegin()->first);
  if (total <= 0) return std::nullopt;
  for (const auto& [bound, count] : after) {
    if (count - CountAt(before, bound) >= share * total) return bound;
  }
  return after.rbegin()->first;
}

}  // namespace jembatan::ctl
