#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/beli_lokal/attestations.h"
#include "libs/beli_lokal/figures.h"
#include "libs/beli_lokal/limits.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/join.h"

namespace jembatan::beli_lokal {
namespace {

using crossing::v1::Outcome;
using crossing::v1::PurchaseIntent;
using evidence::Segment;
using Tier = goods::Goods::SellerTier;

constexpr char kHere[] = "ID";
constexpr char kNoCurrency[] = "?";

Answer IsUmkm(const goods::Goods* goods) {
  if (goods == nullptr || goods->seller_tier == Tier::kNotAttested) return Answer::kNotAttested;
  return goods->seller_tier == Tier::kUmkm ? Answer::kYes : Answer::kNo;
}

Answer IsLocal(const goods::Goods* goods) {
  if (goods == nullptr) return Answer::kNotAttested;
  return goods->local ? Answer::kYes : Answer::kNo;
}

Answer IsMadeHere(const goods::Goods* goods) {
  if (goods == nullptr || goods->origin_country.empty()) return Answer::kNotAttested;
  return goods->origin_country == kHere ? Answer::kYes : Answer::kNo;
}

// What it says may be anything: it becomes a heading.
std::string CurrencyOf(const crossing::v1::Money& price) {
  const std::string& code = price.currency();
  const bool is_code = code.size() == 3 && std::all_of(code.begin(), code.end(),
                                                       [](char c) { return c >= 'A' && c <= 'Z'; });
  return is_code ? code : kNoCurrency;
}

void Count(const Outcome* outcome, Fare* fare) {
  ++fare->intents;
  if (outcome == nullptr) {
    ++fare->open;
    return;
  }
  // One of a state that only a later version knows is final all the same, and no order.
  if (outcome->state() == Outcome::STATE_ORDERED) {
    ++fare->ordered;
  } else if (outcome->state() == Outcome::STATE_HANDED_OFF) {
    ++fare->handed_off;
  } else if (outcome->state() == Outcome::STATE_EXPIRED) {
    ++fare->expired;
  } else if (outcome->refused_by_policy()) {
    ++fare->by_rule;
  } else if (outcome->reason() == crossing::v1::REASON_OUT_OF_STOCK) {
    ++fare->sold_out;
  } else {
    ++fare->rejected;
  }
}

void Add(const Sales& more, Sales* sales) {
  sales->orders += more.orders;
  sales->units += more.units;
  for (const auto& [currency, amount] : more.value) sales->value[currency] += amount;
}

// The orders of one creator's token, with as many of its buyers as must be known.
struct Credit {
  Sales sales;
  absl::flat_hash_set<std::string> buyers;

  void AddBuyer(const std::string& buyer_ref) {
    if (buyers.size() < kBuyersMin) buyers.insert(buyer_ref);
  }
  bool HidesEach() const { return buyers.size() >= kBuyersMin; }
  void Take(Credit&& other) {
    Add(other.sales, &sales);
    for (const std::string& buyer : other.buyers) AddBuyer(buyer);
  }
};

// Chooses which creators are named. What is gathered must itself be of enough buyers, or it would
// show what was to be hidden: then creators that might be named, and at last the orders of none,
// are gathered with it.
void NameCreators(absl::flat_hash_map<std::string, Credit> credits, Figures* figures) {
  std::vector<std::pair<std::string, Credit>> named;
  Credit gathered;
  Credit without;
  for (auto& [token, credit] : credits) {
    if (!credit.HidesEach()) {
      figures->gathered_tokens += token.empty() ? 0 : 1;
      gathered.Take(std::move(credit));
    } else if (token.empty()) {
      without = std::move(credit);
    } else {
      named.emplace_back(token, std::move(credit));
    }
  }
  std::sort(named.begin(), named.end(), [](const auto& a, const auto& b) {
    if (a.second.sales.orders != b.second.sales.orders) {
      return a.second.sales.orders > b.second.sales.orders;
    }
    return a.first < b.first;
  });
  const auto shows = [&] { return gathered.sales.orders > 0 && !gathered.HidesEach(); };
  while (!named.empty() && (named.size() > kTokensMax || shows())) {
    gathered.Take(std::move(named.back().second));
    named.pop_back();
    ++figures->gathered_tokens;
  }
  if (shows()) gathered.Take(std::exchange(without, {}));
  for (auto& [token, credit] : named) {
    figures->creators.push_back({token, std::move(credit.sales)});
  }
  if (gathered.sales.orders > 0) figures->gathered = std::move(gathered.sales);
  if (without.sales.orders > 0) figures->without_creator = std::move(without.sales);
}

// The shortest of these lengths by which the window has few enough slots.
int64_t SlotMs(const Window& window) {
  constexpr int64_t kSecond = 1'000;
  constexpr int64_t kMinute = 60 * kSecond;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  constexpr int64_t kLengths[] = {
      kSlotMsMin,   10 * kSecond, 15 * kSecond, 30 * kSecond, kMinute,   2 * kMinute, 5 * kMinute,
      10 * kMinute, 15 * kMinute, 30 * kMinute, kHour,        2 * kHour, 3 * kHour,   6 * kHour,
      12 * kHour,   kDay,         2 * kDay,     7 * kDay,     14 * kDay, 30 * kDay};
  const int64_t length = window.to_ms - window.from_ms;
  for (const int64_t slot : kLengths) {
    if (slot * kSlotsMax >= length) return slot;
  }
  return (length / kSlotsMax / kDay + 1) * kDay;
}

class Reckoner {
 public:
  Reckoner(const std::map<ledger::LogId, Segment>& segments, const goods::NoteKeys& keys,
           const Window& window)
      : segments_(segments), attestations_(keys) {
    figures_.window = window;
    figures_.slot_ms = SlotMs(window);
    for (int64_t at = window.from_ms; at < window.to_ms; at += figures_.slot_ms) {
      figures_.slots.push_back({.from_ms = at});
    }
  }

  Figures Run() && {
    for (const auto& [log, segment] : segments_) {
      if (log.topic == evidence::kOffers) ReadOffers(segment);
    }
    for (const auto& [log, segment] : segments_) {
      if (log.topic == evidence::kIntents) ReadPartition(segment);
    }
    figures_.fare.latency = evidence::LatencyOf(&all_ms_);
    for (size_t i = 0; i < kAnswers; ++i) {
      figures_.tiers[i].latency = evidence::LatencyOf(&by_tier_ms_[i]);
    }
    NameCreators(std::move(credits_), &figures_);
    return std::move(figures_);
  }

 private:
  void ReadOffers(const Segment& segment) {
    for (const evidence::Record& record : segment.records) {
      if (record.whole) attestations_.Read(record.key, record.value);
    }
  }

  void ReadPartition(const Segment& intents) {
    static const Segment kNone;
    const auto at = segments_.find({std::string(evidence::kOutcomes), intents.log.partition});
    const Segment& outcomes = at == segments_.end() ? kNone : at->second;
    const evidence::JoinedPartition joined = evidence::Join(intents, outcomes);
    for (const evidence::Joined& one : joined.intents) {
      const int64_t time_ms = one.intent->append_ms;
      if (time_ms >= figures_.window.from_ms && time_ms < figures_.window.to_ms) Take(one);
    }
  }

  void Take(const evidence::Joined& joined) {
    // Both were read before.
    static_cast<void>(intent_.ParseFromArray(joined.intent->value.data(),
                                             static_cast<int>(joined.intent->value.size())));
    const Outcome* outcome = nullptr;
    if (joined.outcome != nullptr) {
      static_cast<void>(record_.ParseFromArray(joined.outcome->value.data(),
                                               static_cast<int>(joined.outcome->value.size())));
      outcome = &record_.outcome();
    }
    const Attestations::Known known =
        attestations_.At(intent_.marketplace_id(), intent_.offer_id(), joined.intent->append_ms);
    const auto tier = static_cast<size_t>(IsUmkm(known.goods));
    Count(outcome, &figures_.fare);
    Count(outcome, &figures_.tiers[tier]);
    if (outcome == nullptr) return;
    // Brokers' clocks may differ by a little.
    const int64_t took_ms =
        std::max<int64_t>(0, joined.outcome->append_ms - joined.intent->append_ms);
    all_ms_.push_back(took_ms);
    by_tier_ms_[tier].push_back(took_ms);
    if (outcome->state() == Outcome::STATE_ORDERED) {
      TakeOrder(*outcome, known, joined.intent->append_ms);
    }
  }

  void TakeOrder(const Outcome& outcome, const Attestations::Known& known, int64_t time_ms) {
    const crossing::v1::Money& price = outcome.has_price() ? outcome.price() : intent_.price_seen();
    const auto unit = static_cast<uint64_t>(std::max<int64_t>(0, price.amount_minor()));
    Sales sale{.orders = 1, .units = intent_.quantity()};
    sale.value[CurrencyOf(price)] = Minor(unit) * intent_.quantity();
    const Answer local = IsLocal(known.goods);
    Add(sale, &figures_.all);
    Add(sale, &SalesOf(&figures_.umkm, IsUmkm(known.goods)));
    Add(sale, &SalesOf(&figures_.local, local));
    Add(sale, &SalesOf(&figures_.made_here, IsMadeHere(known.goods)));
    figures_.attested_later += known.later ? 1 : 0;
    Slot& slot =
        figures_.slots[static_cast<size_t>((time_ms - figures_.window.from_ms) / figures_.slot_ms)];
    ++(local == Answer::kYes ? slot.local : slot.other);
    Credit& credit = credits_[intent_.attribution()];
    Add(sale, &credit.sales);
    credit.AddBuyer(intent_.buyer_ref());
  }

  static Sales& SalesOf(Split* split, Answer answer) {
    return split->by_answer[static_cast<size_t>(answer)];
  }

  const std::map<ledger::LogId, Segment>& segments_;
  Attestations attestations_;
  Figures figures_;
  absl::flat_hash_map<std::string, Credit> credits_;
  std::vector<int64_t> all_ms_;
  std::array<std::vector<int64_t>, kAnswers> by_tier_ms_;
  // Filled again and again.
  PurchaseIntent intent_;
  crossing::v1::OutcomeRecord record_;
};

}  // namespace

Figures Reckon(const std::map<ledger::LogId, Segment>& segments, const goods::NoteKeys& keys,
               const Window& window) {
  return Reckoner(segments, keys, window).Run();
}

}  // namespace jembatan::beli_lokal
