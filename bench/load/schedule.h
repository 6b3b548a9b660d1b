#pragma once

// The fixed schedule of an open loop: when each tap is meant to be sent, which viewer taps, and on
// what. It depends on its options and seed alone, never on how the system under test answers. Pure;
// owned by the generator; one thread.

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace jembatan::load {

// Before the rush: until then taps come at a rate of their own.
struct Calm {
  int64_t until_ns = 0;
  double rate_per_s = 1;
};

// Intended send times in nanoseconds since the start of the run.
class Arrivals {
 public:
  enum class Kind { kConstant, kPoisson };

  Arrivals(Kind kind, double rate_per_s, int64_t duration_ns, uint64_t seed, Calm calm = {});

  bool over() const { return next_ns_ >= duration_ns_; }
  // The next tap's time; meaningful while not over().
  int64_t next_ns() const { return next_ns_; }
  void Advance();

 private:
  // When the tap is due that so many gaps of the mean length lie before.
  double At(double gaps) const;

  const Kind kind_;
  const double gap_ns_;
  const int64_t duration_ns_;
  const double calm_until_ns_;
  const double calm_gap_ns_;
  std::mt19937_64 random_;
  uint64_t count_ = 0;
  double exact_gaps_ = 0;
  int64_t next_ns_ = 0;
};

// Ranks 0 .. n-1, the probability of rank k proportional to 1 / (k + 1)^exponent.
class Zipf {
 public:
  Zipf(size_t n, double exponent);
  // uniform in [0, 1).
  size_t Pick(double uniform) const;

 private:
  std::vector<double> cumulative_;
};

struct TapPlanOptions {
  size_t viewers = 1;
  // Offers are numbered 0 .. offers-1, the most popular first.
  size_t offers = 1;
  double zipf = 1.1;
  // The offer on flash sale; -1: none.
  int flash = -1;
  // Share of the taps that go to it once it is on sale, while a viewer has taps on it left.
  double flash_share = 0.3;
  int64_t flash_at_ns = 0;
  int flash_taps_per_viewer = 1;
  // Which viewer taps an ordinary offer: at random, or each in turn.
  bool random_viewers = true;
  uint64_t seed = 1;
};

struct Tap {
  uint32_t viewer = 0;
  uint16_t offer = 0;
};

class TapPlan {
 public:
  explicit TapPlan(const TapPlanOptions& options);
  Tap Next(int64_t intended_ns);

 private:
  double Uniform();
  bool FlashDue(int64_t intended_ns);

  const TapPlanOptions options_;
  std::mt19937_64 random_;
  // Offers other than the flash offer, most popular first.
  std::vector<uint16_t> ordinary_;
  Zipf zipf_;
  // Viewers in the order in which they tap the flash offer; each as often as it may.
  std::vector<uint32_t> flash_deck_;
  uint64_t turn_ = 0;
};

}  // namespace jembatan::load
