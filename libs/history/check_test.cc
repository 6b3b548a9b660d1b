#include "libs/history/check.h"

#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace jembatan::history {
namespace {

constexpr int64_t kStartMs = 1'800'000'000'000;

base::Uuid Id(uint64_t number) { return base::Uuid::MakeV7(kStartMs, number, number); }

// Six intents of two offers in two partitions, accepted, decided and told: the last is rejected.
History Good() {
  History history;
  int64_t next[2] = {0, 0};
  for (uint64_t i = 1; i <= 6; ++i) {
    auto partition = static_cast<int32_t>(i % 2);
    std::string offer = "offer-" + std::to_string(partition);
    int64_t time_ms = kStartMs + static_cast<int64_t>(i) * 10;
    int64_t offset = next[partition]++;
    State state = i == 6 ? State::kRejected : State::kOrdered;
    std::string order = state == State::kOrdered ? "T-" + std::to_string(i) : "";
    std::string print = "f" + std::to_string(i);
    using Kind = ClientEvent::Kind;
    history.clients.push_back({Kind::kInvoke, time_ms, Id(i), offer});
    history.clients.push_back({Kind::kAccepted, time_ms + 1, Id(i), "", partition, offset});
    history.clients.push_back({Kind::kOutcome, time_ms + 9, Id(i), "", -1, -1, state, order});
    history.intents.push_back({partition, offset, time_ms, true, Id(i), "b", offer, print});
    history.ledger.push_back(
        {static_cast<int64_t>(i), time_ms + 5, Id(i), "b", offer, print, order, state});
    if (i <= 2) {
      history.outcomes.push_back({partition, 0, 0, "toko", OutcomeRecord::Kind::kClaim});
      history.outcomes.push_back({partition, 1, 0, "toko", OutcomeRecord::Kind::kOpen});
    }
    history.outcomes.push_back({partition, offset + 2, 0, "toko", OutcomeRecord::Kind::kFinal,
                                Id(i), "b", print, order, state});
  }
  history.samples.push_back({kStartMs, "gateway rss", 90, 100});
  return history;
}

OutcomeRecord* FinalOf(History& history, uint64_t number) {
  for (OutcomeRecord& record : history.outcomes) {
    if (record.kind == OutcomeRecord::Kind::kFinal && record.id == Id(number)) return &record;
  }
  return nullptr;
}

TEST(Check, AGoodHistoryHolds) {
  Report report = Check(Good());
  for (const Violation& violation : report.violations) ADD_FAILURE() << violation.what;
  EXPECT_EQ(report.invoked, 6u);
  EXPECT_EQ(report.accepted, 6u);
  EXPECT_EQ(report.logged, 6u);
  EXPECT_EQ(report.ordered, 5u);
}

struct Corruption {
  const char* name;
  Oracle oracle;
  uint64_t guilty;
  std::function<void(History&)> corrupt;
};

class Corrupted : public testing::TestWithParam<Corruption> {};

TEST_P(Corrupted, FiresItsOracleAndNamesTheGuilty) {
  History history = Good();
  GetParam().corrupt(history);
  Report report = Check(history);
  base::Uuid guilty = GetParam().guilty == 0 ? base::Uuid{} : Id(GetParam().guilty);
  bool fired = false;
  for (const Violation& violation : report.violations) {
    fired |= violation.oracle == GetParam().oracle && violation.id == guilty;
  }
  EXPECT_TRUE(fired) << report.violations.size() << " others";
}

INSTANTIATE_TEST_SUITE_P(
    Table, Corrupted,
    testing::Values(
        Corruption{"AcceptedAndNotInTheLog", Oracle::kO1, 3,
                   [](History& h) { h.intents[2].id = Id(9); }},
        Corruption{"LostOutcome", Oracle::kO1, 3,
                   [](History& h) { FinalOf(h, 3)->kind = OutcomeRecord::Kind::kUnconfirmed; }},
        Corruption{"OutcomeOfAnOwnerSucceededBefore", Oracle::kO1, 5,
                   [](History& h) {
                     for (OutcomeRecord& record : h.outcomes) {
                       bool open = record.kind == OutcomeRecord::Kind::kOpen;
                       if (open && record.partition == 1) record.token = 7;
                     }
                   }},
        Corruption{"TwoResults", Oracle::kO2, 2,
                   [](History& h) { h.ledger.push_back(h.ledger[1]); }},
        Corruption{"OneOrderNumberForTwo", Oracle::kO2, 2,
                   [](History& h) { h.ledger[1].order_id = h.ledger[0].order_id; }},
        Corruption{"RejectedAndYetOrdered", Oracle::kO3, 6,
                   [](History& h) {
                     h.ledger[5].state = State::kOrdered;
                     h.ledger[5].order_id = "T-6";
                   }},
        Corruption{"OrderedInTheLogOnly", Oracle::kO3, 1,
                   [](History& h) { h.ledger.erase(h.ledger.begin()); }},
        Corruption{"OrderedInTheLedgerOnly", Oracle::kO3, 4,
                   [](History& h) { FinalOf(h, 4)->kind = OutcomeRecord::Kind::kUnconfirmed; }},
        Corruption{"TwoFinals", Oracle::kO4, 1,
                   [](History& h) {
                     OutcomeRecord second = *FinalOf(h, 1);
                     second.state = State::kExpired;
                     h.outcomes.push_back(second);
                   }},
        Corruption{"ToldAnotherOutcome", Oracle::kO4, 2,
                   [](History& h) { h.clients[5].order_id = "T-99"; }},
        Corruption{"ToldNoneAndYetOrdered", Oracle::kO4, 2,
                   [](History& h) { h.clients[5].kind = ClientEvent::Kind::kNone; }},
        Corruption{"Overtaken", Oracle::kO5, 1,
                   [](History& h) { std::swap(h.ledger[0], h.ledger[2]); }},
        Corruption{"OutOfBounds", Oracle::kO6, 0, [](History& h) { h.samples[0].value = 101; }},
        Corruption{"NobodySentIt", Oracle::kO7, 1,
                   [](History& h) { h.clients.erase(h.clients.begin()); }},
        Corruption{"AnotherOfferThanSent", Oracle::kO7, 1,
                   [](History& h) { h.clients[0].offer_id = "offer-0"; }},
        Corruption{"AnotherBodyThanLogged", Oracle::kO7, 1,
                   [](History& h) { h.ledger[0].fingerprint = "other"; }},
        Corruption{"OrderedTooLate", Oracle::kP5, 1,
                   [](History& h) { h.ledger[0].decided_ms = kStartMs + kTtlMs + 1; }}),
    [](const auto& info) { return info.param.name; });

TEST(Check, ACopyTakesThePlaceOfTheFirst) {
  History history = Good();
  IntentRecord copy = history.intents[0];
  copy.offset = 50;
  history.intents.push_back(copy);
  EXPECT_TRUE(Check(history).violations.empty());
}

TEST(Check, AVoidRecordNeedsNoFinalAndHoldsNoPlace) {
  History history = Good();
  IntentRecord late = history.intents[0];
  late.id = Id(40);
  late.offset = 60;
  late.append_ms = kStartMs + kTtlMs + 1;
  history.intents.push_back(late);
  EXPECT_TRUE(Check(history).violations.empty());
}

TEST(Check, TheSameIdOfTwoBuyersIsTwoIntents) {
  History history = Good();
  IntentRecord other = history.intents[5];
  other.buyer_ref = "c";
  other.offset = 70;
  history.intents.push_back(other);
  OutcomeRecord final = *FinalOf(history, 6);
  final.buyer_ref = "c";
  history.outcomes.push_back(final);
  EXPECT_TRUE(Check(history).violations.empty());
}

TEST(Timeline, TellsWhatEachWitnessSays) {
  EXPECT_EQ(Timeline(Good(), Id(1)),
            "1800000000010  viewer sends it, offer offer-1\n"
            "1800000000010  log holds it at 1/0, offer offer-1, body f1\n"
            "1800000000011  viewer is told ACCEPTED at 1/0\n"
            "1800000000015  marketplace decides ORDERED T-1, seq 1\n"
            "1800000000019  viewer is told ORDERED T-1\n"
            "               outcomes hold ORDERED T-1 at 1/2, token 0\n");
}

}  // namespace
}  // namespace jembatan::history
