#pragma once

// Articles: what a bundle is judged by: the articles of the law that its records can speak to, and
// before them the ledger itself and the promise. Each has a verdict: held, broken, or not judged
// because the bundle holds nothing to judge it by, which is never taken for held. Values; any
// thread.

#include <array>
#include <cstdint>
#include <string_view>

#include "libs/evidence/fault.h"

namespace jembatan::evidence {

enum class Article : uint8_t {
  kLedger,           // the records are those that were sealed, and all of them
  kReport,           // figures and report say what the records give
  kPromise,          // P1 to P6, by the topics alone
  kFairness,         // Permendag 31/2023 art. 13(1)
  kInterconnection,  // art. 13(3)(a)
  kUserData,         // art. 13(3)(b)
  kCrossBorder,      // art. 19, Kepmendag 1998/2023
  kProducer,         // art. 21(2)
  kPayment,          // art. 21(3)
  kSanctions,        // art. 50(2)
  kPersonalData,     // UU 27/2022
  kRetention,        // PP 80/2019
};
inline constexpr size_t kArticles = 12;

// As the law is cited: "Permendag 31/2023 art. 13(1)".
std::string_view NameOf(Article article);

enum class Verdict : uint8_t { kHeld, kBroken, kNotJudged };

struct Judgement {
  // Things looked at; 0: there was nothing to judge by.
  uint64_t judged = 0;
  // Faults found, and the first of them.
  uint64_t broken = 0;
  Faults faults{};

  Verdict verdict() const {
    if (broken > 0) return Verdict::kBroken;
    return judged > 0 ? Verdict::kHeld : Verdict::kNotJudged;
  }
};

class Judgements {
 public:
  void Count(Article article, uint64_t judged = 1) { Of(article).judged += judged; }
  void Fail(Article article, Fault fault);
  const Judgement& operator[](Article article) const {
    return judgements_[static_cast<size_t>(article)];
  }
  // Nothing is broken.
  bool held() const;

 private:
  Judgement& Of(Article article) { return judgements_[static_cast<size_t>(article)]; }

  std::array<Judgement, kArticles> judgements_;
};

}  // namespace jembatan::evidence
