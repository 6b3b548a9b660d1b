#include "bench/load/schedule.h"

#include <algorithm>
#include <cmath>

#include "libs/base/check.h"

namespace jembatan::load {

Arrivals::Arrivals(Kind kind, double rate_per_s, int64_t duration_ns, uint64_t seed, Calm calm)
    : kind_(kind),
      gap_ns_(1e9 / rate_per_s),
      duration_ns_(duration_ns),
      calm_until_ns_(static_cast<double>(calm.until_ns)),
      calm_gap_ns_(1e9 / calm.rate_per_s),
      random_(seed) {
  JEMB_CHECK(rate_per_s > 0 && calm.rate_per_s > 0);
  if (kind_ == Kind::kPoisson) Advance();
}

void Arrivals::Advance() {
  ++count_;
  if (kind_ == Kind::kConstant) {
    // From the count, not by adding up gaps: rounding must not change the rate.
    next_ns_ = static_cast<int64_t>(At(static_cast<double>(count_)));
    return;
  }
  exact_gaps_ += std::exponential_distribution<double>(1.0)(random_);
  next_ns_ = static_cast<int64_t>(At(exact_gaps_));
}

double Arrivals::At(double gaps) const {
  const double calm_gaps = calm_until_ns_ / calm_gap_ns_;
  if (gaps < calm_gaps) return gaps * calm_gap_ns_;
  return calm_until_ns_ + (gaps - calm_gaps) * gap_ns_;
}

Zipf::Zipf(size_t n, double exponent) {
  cumulative_.reserve(n);
  double sum = 0;
  for (size_t k = 0; k < n; ++k) {
    sum += std::pow(static_cast<double>(k + 1), -exponent);
    cumulative_.push_back(sum);
  }
  for (double& value : cumulative_) value /= sum;
}

size_t Zipf::Pick(double uniform) const {
  auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), uniform);
  if (found == cumulative_.end()) --found;
  return static_cast<size_t>(found - cumulative_.begin());
}

namespace {

std::vector<uint16_t> OffersBut(size_t offers, int flash) {
  std::vector<uint16_t> result;
  for (size_t i = 0; i < offers; ++i) {
    if (static_cast<int>(i) != flash) result.push_back(static_cast<uint16_t>(i));
  }
  return result;
}

}  // namespace

TapPlan::TapPlan(const TapPlanOptions& options)
    : options_(options),
      random_(options.seed),
      ordinary_(OffersBut(options.offers, options.flash)),
      zipf_(std::max<size_t>(ordinary_.size(), 1), options.zipf) {
  JEMB_CHECK(options_.viewers > 0 && options_.offers > 0);
  JEMB_CHECK(options_.flash < static_cast<int>(options_.offers));
  // With nothing else on sale the plan needs no deck: every tap is on the flash offer.
  if (options_.flash < 0 || ordinary_.empty()) return;
  for (int round = 0; round < options_.flash_taps_per_viewer; ++round) {
    for (size_t i = 0; i < options_.viewers; ++i) flash_deck_.push_back(static_cast<uint32_t>(i));
  }
  std::shuffle(flash_deck_.begin(), flash_deck_.end(), random_);
}

double TapPlan::Uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

bool TapPlan::FlashDue(int64_t intended_ns) {
  return intended_ns >= options_.flash_at_ns && !flash_deck_.empty() &&
         Uniform() < options_.flash_share;
}

Tap TapPlan::Next(int64_t intended_ns) {
  if (FlashDue(intended_ns)) {
    Tap tap{flash_deck_.back(), static_cast<uint16_t>(options_.flash)};
    flash_deck_.pop_back();
    return tap;
  }
  uint64_t viewer = options_.random_viewers ? random_() : turn_++;
  Tap tap;
  tap.viewer = static_cast<uint32_t>(viewer % options_.viewers);
  tap.offer =
      ordinary_.empty() ? static_cast<uint16_t>(options_.flash) : ordinary_[zipf_.Pick(Uniform())];
  return tap;
}

}  // namespace jembatan::load
