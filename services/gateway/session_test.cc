// SessionTable: who is told a viewer's outcomes, and its hold: outcomes that come many at once wait
// for a receipt, and for no longer than kOutcomeHoldMs.

#include "services/gateway/session.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "services/gateway/testing/fake_intake.h"

namespace jembatan::gateway {
namespace {

using testing::BuyerOf;
using testing::FakeSession;
using testing::kNowMs;
using testing::PrincipalOf;

// As many viewers as make the table hold outcomes, one session each.
struct Viewers {
  Viewers() {
    for (size_t i = 0; i < kOutcomesHeldFrom; ++i) {
      sessions.push_back(std::make_unique<FakeSession>(PrincipalOf(static_cast<uint8_t>(i))));
      keys.push_back(table.Open(sessions.back().get(), true));
    }
  }
  void Push(size_t viewers) {
    for (size_t i = 0; i < viewers; ++i) {
      EXPECT_EQ(table.Push(BuyerOf(static_cast<uint8_t>(i)), {}), 1u);
    }
  }
  void GiveReceipt(size_t viewer) { table.Gather(keys[viewer])->add_receipts(); }
  size_t told() const {
    size_t count = 0;
    for (const auto& session : sessions) count += session->outcomes.size();
    return count;
  }

  SessionTable table;
  std::vector<std::unique_ptr<FakeSession>> sessions;
  std::vector<SessionTable::Key> keys;
};

// --- Pseudonyms by epoch ------------------------------------------------------------------------

using identity::BuyerKey;
using identity::BuyerKeys;

BuyerKey KeyOf(char digit) { return *BuyerKey::FromHex(std::string(64, digit)); }

std::shared_ptr<const BuyerKeys> OneEpoch() { return std::make_shared<BuyerKeys>(KeyOf('1')); }
std::shared_ptr<const BuyerKeys> TwoEpochs() {
  return std::make_shared<BuyerKeys>(
      *OneEpoch()->Rotated(KeyOf('2'), kNowMs, kNowMs - identity::kAnnounceMs));
}

std::shared_ptr<const Principal> Siti(const std::shared_ptr<const BuyerKeys>& keys) {
  identity::Viewer viewer;
  viewer.id = "siti";
  return MakePrincipal(viewer, keys);
}

TEST(SessionTable, AnOpenSessionIsToldUnderThePseudonymsOfEveryEpoch) {
  SessionTable table;
  table.SetBuyerKeys(OneEpoch());
  FakeSession session(Siti(OneEpoch()));
  const SessionTable::Key key = table.Open(&session, true);
  EXPECT_EQ(table.Push(KeyOf('1').RefOf("siti"), {}), 1u);
  EXPECT_EQ(table.Push(KeyOf('2').RefOf("siti"), {}), 0u);

  table.SetBuyerKeys(TwoEpochs());
  EXPECT_EQ(table.Push(KeyOf('1').RefOf("siti"), {}), 1u);
  EXPECT_EQ(table.Push(KeyOf('2').RefOf("siti"), {}), 1u);
  EXPECT_EQ(*session.principal().buyers.At(kNowMs), KeyOf('2').RefOf("siti"));

  table.SetBuyerKeys(std::make_shared<BuyerKeys>(TwoEpochs()->Recent(kNowMs + identity::kKeepMs)));
  EXPECT_EQ(table.Push(KeyOf('1').RefOf("siti"), {}), 0u);
  EXPECT_EQ(table.Push(KeyOf('2').RefOf("siti"), {}), 1u);

  table.Close(key);
  EXPECT_EQ(table.Push(KeyOf('2').RefOf("siti"), {}), 0u);
}

TEST(SessionTable, ASessionWhoseTokenWasVerifiedBeforeTheKeysChangedIsRenewed) {
  SessionTable table;
  table.SetBuyerKeys(TwoEpochs());
  FakeSession session(Siti(OneEpoch()));
  table.Open(&session, true);
  EXPECT_EQ(table.Push(KeyOf('2').RefOf("siti"), {}), 1u);
}

TEST(SessionTable, WithTooManySessionsTheFirstIsToldUnderNoPseudonym) {
  SessionTable table;
  const auto keys = TwoEpochs();
  table.SetBuyerKeys(keys);
  std::vector<std::unique_ptr<FakeSession>> sessions;
  std::vector<SessionTable::Key> opened;
  for (size_t i = 0; i < kPushSessionsPerViewer + 1; ++i) {
    sessions.push_back(std::make_unique<FakeSession>(Siti(keys)));
    opened.push_back(table.Open(sessions.back().get(), true));
  }
  for (char digit : {'1', '2'}) {
    EXPECT_EQ(table.Push(KeyOf(digit).RefOf("siti"), {}), kPushSessionsPerViewer);
  }
  for (SessionTable::Key key : opened) table.Close(key);
  EXPECT_EQ(table.Push(KeyOf('2').RefOf("siti"), {}), 0u);
}

// --- The hold -----------------------------------------------------------------------------------

TEST(SessionTable, FewOutcomesAreHandedOnAtOnce) {
  Viewers viewers;
  viewers.Push(kOutcomesHeldFrom - 1);
  EXPECT_EQ(viewers.table.NextDueMs(), 0);
  EXPECT_EQ(viewers.table.HandOn(kNowMs), kOutcomesHeldFrom - 1);
  EXPECT_EQ(viewers.told(), kOutcomesHeldFrom - 1);
  EXPECT_EQ(viewers.table.NextDueMs(), -1);
}

TEST(SessionTable, ManyOutcomesGoWithAReceiptOrWhenTheirHoldIsOver) {
  Viewers viewers;
  viewers.Push(kOutcomesHeldFrom);
  EXPECT_EQ(viewers.table.HandOn(kNowMs), 0u);
  EXPECT_EQ(viewers.table.NextDueMs(), kNowMs + kOutcomeHoldMs);

  viewers.GiveReceipt(7);
  EXPECT_EQ(viewers.table.HandOn(kNowMs + 1), 1u);
  ASSERT_EQ(viewers.sessions[7]->frames.size(), 1u);
  EXPECT_EQ(viewers.sessions[7]->outcomes.size(), 1u);
  EXPECT_EQ(viewers.told(), 1u);

  EXPECT_EQ(viewers.table.HandOn(kNowMs + kOutcomeHoldMs), kOutcomesHeldFrom - 1);
  EXPECT_EQ(viewers.told(), kOutcomesHeldFrom);
  EXPECT_EQ(viewers.table.NextDueMs(), -1);
}

TEST(SessionTable, OutcomesBehindHeldOnesAreHeldToo) {
  Viewers viewers;
  viewers.Push(kOutcomesHeldFrom);
  viewers.table.HandOn(kNowMs);
  viewers.GiveReceipt(0);
  viewers.table.HandOn(kNowMs + 5);
  viewers.Push(1);
  EXPECT_EQ(viewers.table.HandOn(kNowMs + 5), 0u);
  // The first hold of this session is over before the second, and both outcomes go with it.
  EXPECT_EQ(viewers.table.HandOn(kNowMs + kOutcomeHoldMs), kOutcomesHeldFrom);
  EXPECT_EQ(viewers.told(), kOutcomesHeldFrom + 1);
}

TEST(SessionTable, AClockSetBackDoesNotLengthenTheHold) {
  Viewers viewers;
  viewers.Push(kOutcomesHeldFrom);
  viewers.table.HandOn(kNowMs);
  EXPECT_EQ(viewers.table.HandOn(kNowMs - 300'000), kOutcomesHeldFrom);
}

TEST(SessionTable, AClosedSessionsHoldIsForgotten) {
  Viewers viewers;
  viewers.Push(kOutcomesHeldFrom);
  viewers.table.HandOn(kNowMs);
  viewers.table.Close(viewers.keys[3]);
  FakeSession next(PrincipalOf(200));
  viewers.table.Open(&next, true);
  EXPECT_EQ(viewers.table.HandOn(kNowMs + kOutcomeHoldMs), kOutcomesHeldFrom - 1);
  EXPECT_TRUE(next.frames.empty());
  EXPECT_TRUE(viewers.sessions[3]->frames.empty());
}

}  // namespace
}  // namespace jembatan::gateway
