// What the operators' controls say, obeyed by the core (protocol rules 4, 6).

#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "libs/controls/testing/make_controls.h"
#include "services/bridge/testing/core_driver.h"

namespace jembatan::bridge {
namespace {

using controls::testing::MakeHalt;
using controls::testing::MakeRollout;
using crossing::v1::Halt;
using crossing::v1::Outcome;
using crossing::v1::PurchaseIntent;

class Obeying : public testing::Test {
 protected:
  void SetUp() override { driver_.Assign(); }

  void Order(const crossing::v1::Control& control) {
    const controls::testing::ControlRecord record = controls::testing::RecordOf(control);
    ASSERT_EQ(controls_.Apply(next_offset_++, record.key, record.value).refused, "");
    Tell();
  }
  void Tell() {
    driver_.Turn(event::ControlsChanged{std::make_shared<const controls::Controls>(controls_)});
  }
  Outcome TakeOutcome() {
    return CoreDriver::Parse(driver_.TakeOne<effect::ProduceOutcome>().value).outcome();
  }

  CoreDriver driver_;
  controls::Controls controls_;
  int64_t next_offset_ = 0;
};

struct Stopped {
  const char* name;
  crossing::v1::Control control;
  crossing::v1::Reason reason;
  uint64_t BridgeCounts::* count;
};

std::vector<Stopped> StoppedCases() {
  return {{"Global", MakeHalt(1, Halt::SCOPE_GLOBAL), crossing::v1::REASON_SALES_HALTED,
           &BridgeCounts::halted},
          {"Marketplace", MakeHalt(1, Halt::SCOPE_MARKETPLACE, CoreDriver::kMarketplace),
           crossing::v1::REASON_SALES_HALTED, &BridgeCounts::halted},
          {"Offer", MakeHalt(1, Halt::SCOPE_OFFER, "offer-1"), crossing::v1::REASON_SALES_HALTED,
           &BridgeCounts::halted},
          {"NoShare", MakeRollout(1, CoreDriver::kMarketplace, 0),
           crossing::v1::REASON_ROLLOUT_EXCLUDED, &BridgeCounts::excluded},
          {"Shadow", MakeRollout(1, CoreDriver::kMarketplace, 10'000, true),
           crossing::v1::REASON_ROLLOUT_EXCLUDED, &BridgeCounts::shadowed}};
}

TEST_F(Obeying, WhatNobodyHasBeenAskedToOrderIsRefusedForGood) {
  for (const Stopped& each : StoppedCases()) {
    CoreDriver driver;
    controls::Controls state;
    const controls::testing::ControlRecord record = controls::testing::RecordOf(each.control);
    ASSERT_EQ(state.Apply(0, record.key, record.value).refused, "");
    driver.Assign();
    driver.Own();
    driver.Turn(event::ControlsChanged{std::make_shared<const controls::Controls>(state)});
    driver.Bring(driver.NewIntent(1));
    driver.Tick();
    EXPECT_TRUE(driver.Take<effect::Place>().empty()) << each.name;
    const Outcome outcome =
        CoreDriver::Parse(driver.TakeOne<effect::ProduceOutcome>().value).outcome();
    EXPECT_EQ(outcome.state(), Outcome::STATE_REJECTED) << each.name;
    EXPECT_EQ(outcome.reason(), each.reason) << each.name;
    EXPECT_EQ(driver.counts().*each.count, 1u) << each.name;
  }
}

TEST_F(Obeying, AHaltOfAnotherOfferStopsNothing) {
  driver_.Own();
  Order(MakeHalt(1, Halt::SCOPE_OFFER, "offer-2"));
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.size(), 1u);
}

TEST_F(Obeying, AHaltOfASellerStopsTheOffersAttestedToBeItsOwn) {
  const policy::Goods halted{.seller_id = "toko-1"};
  const policy::Goods other{.seller_id = "toko-2"};
  for (const policy::Goods* goods : {&halted, &other, static_cast<const policy::Goods*>(nullptr)}) {
    CoreDriver driver;
    driver.Assign();
    driver.Own();
    driver.Feed(event::GoodsTold{"offer-1", goods});
    driver.Feed(event::GoodsComplete{});
    controls::Controls state;
    const auto record = controls::testing::RecordOf(MakeHalt(1, Halt::SCOPE_SELLER, "toko-1"));
    ASSERT_EQ(state.Apply(0, record.key, record.value).refused, "");
    driver.Turn(event::ControlsChanged{std::make_shared<const controls::Controls>(state)});
    driver.Bring(driver.NewIntent(1));
    driver.Tick();
    EXPECT_EQ(driver.Take<effect::Place>().size(), goods == &halted ? 0u : 1u);
    EXPECT_EQ(driver.counts().halted, goods == &halted ? 1u : 0u);
  }
}

TEST_F(Obeying, AHaltOfASellerHoldsBackWhatItsSellerIsNotKnownOf) {
  driver_.Own();
  Order(MakeHalt(1, Halt::SCOPE_SELLER, "toko-1"));
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Place>().empty()) << "nobody has told of its goods yet";
  const policy::Goods goods{.seller_id = "toko-1"};
  driver_.Feed(event::GoodsTold{"offer-1", &goods});
  driver_.Feed(event::GoodsComplete{});
  driver_.Tick();
  EXPECT_EQ(TakeOutcome().reason(), crossing::v1::REASON_SALES_HALTED);
}

// What the marketplace may be deciding at this moment ends as it says.
TEST_F(Obeying, WhatIsUnderWayEndsAsTheMarketplaceSays) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  Order(MakeHalt(1, Halt::SCOPE_GLOBAL));
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  driver_.Answer(place, Outcome::STATE_ORDERED);
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.state(), Outcome::STATE_ORDERED);
  EXPECT_EQ(outcome.route_mode(), crossing::v1::ROUTE_MODE_BACKEND);
  EXPECT_EQ(outcome.controls_revision(), 1u);
}

// The marketplace said RETRY: it has decided nothing, and shall not be asked again.
TEST_F(Obeying, WhatWasPutOffIsRefused) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  Order(MakeHalt(1, Halt::SCOPE_GLOBAL));
  Decision later{.index = 0, .retry = true};
  driver_.Turn(event::Answered{place.batch, false, std::vector<Decision>{later}});
  driver_.Pass(kBackoffLongestMs);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  EXPECT_EQ(TakeOutcome().reason(), crossing::v1::REASON_SALES_HALTED);
}

TEST_F(Obeying, WhatAPredecessorMayHaveSentIsAskedAboutFirst) {
  Order(MakeHalt(1, Halt::SCOPE_GLOBAL));
  const PurchaseIntent intent = driver_.NewIntent(1);
  driver_.Bring(intent);
  driver_.Own(/*horizon=*/1);
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  auto ask = driver_.TakeOne<effect::Ask>();
  std::vector<Finding> findings(1);
  findings[0].found = true;
  findings[0].outcome.set_state(Outcome::STATE_ORDERED);
  findings[0].outcome.set_fingerprint(intent.fingerprint());
  driver_.Turn(event::Found{ask.ask, true, false, findings});
  EXPECT_EQ(TakeOutcome().state(), Outcome::STATE_ORDERED);
}

// X refused under a halt and not acknowledged, the halt lifted: Y must not be ordered before X's
// refusal is in the log (rule 6).
TEST_F(Obeying, AHaltThatIsLiftedOvertakesNoRefusal) {
  driver_.Own();
  Order(MakeHalt(1, Halt::SCOPE_GLOBAL));
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  auto refusal = driver_.TakeOne<effect::ProduceOutcome>();
  Order(MakeHalt(2, Halt::SCOPE_GLOBAL, "", false));
  driver_.Bring(driver_.NewIntent(2));
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  driver_.Acknowledge(refusal);
  driver_.Tick();
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.size(), 1u);
}

TEST_F(Obeying, ARefusalIsRepeatedAfterTheHalt) {
  driver_.Own();
  Order(MakeHalt(1, Halt::SCOPE_GLOBAL));
  const PurchaseIntent intent = driver_.NewIntent(1);
  driver_.Bring(intent);
  driver_.Tick();
  auto refusal = driver_.TakeOne<effect::ProduceOutcome>();
  driver_.Settle(refusal);
  Order(MakeHalt(2, Halt::SCOPE_GLOBAL, "", false));
  driver_.Bring(intent);
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  EXPECT_EQ(driver_.TakeOne<effect::ProduceOutcome>().value, refusal.value);
}

// --- LINK_OUT -----------------------------------------------------------------------------------

class LinkingOut : public testing::Test {
 protected:
  LinkingOut() : driver_("https://toko.example/beli/") {}
  void SetUp() override {
    driver_.Assign();
    controls::Controls controls;
    const auto record = controls::testing::RecordOf(controls::testing::MakeRoute(
        1, CoreDriver::kMarketplace, "", crossing::v1::ROUTE_MODE_LINK_OUT));
    ASSERT_EQ(controls.Apply(6, record.key, record.value).refused, "");
    link_out_ = std::make_shared<const controls::Controls>(controls);
  }
  Outcome TakeOutcome() {
    return CoreDriver::Parse(driver_.TakeOne<effect::ProduceOutcome>().value).outcome();
  }

  CoreDriver driver_;
  controls::Snapshot link_out_;
};

TEST_F(LinkingOut, TheBuyerGetsALinkAndNobodyIsAskedToOrder) {
  driver_.Own();
  driver_.Turn(event::ControlsChanged{link_out_});
  const PurchaseIntent intent = driver_.NewIntent(1);
  driver_.Bring(intent);
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  const Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.state(), Outcome::STATE_HANDED_OFF);
  EXPECT_EQ(outcome.reason(), crossing::v1::REASON_LINK_OUT_ONLY);
  EXPECT_EQ(outcome.continue_url(), "https://toko.example/beli/" + intent.intent_id());
  EXPECT_EQ(outcome.route_mode(), crossing::v1::ROUTE_MODE_LINK_OUT);
  EXPECT_EQ(outcome.controls_revision(), 7u);
}

// Equal to the byte, though a link made now would be another.
TEST_F(LinkingOut, AResendGetsTheSameLink) {
  driver_.Own();
  driver_.Turn(event::ControlsChanged{link_out_});
  const PurchaseIntent intent = driver_.NewIntent(1);
  driver_.Bring(intent);
  driver_.Tick();
  auto written = driver_.TakeOne<effect::ProduceOutcome>();
  driver_.Settle(written);
  driver_.Turn(event::ControlsChanged{std::make_shared<const controls::Controls>()});
  driver_.Bring(intent);
  driver_.Pass(1'000);
  EXPECT_EQ(driver_.TakeOne<effect::ProduceOutcome>().value, written.value);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
}

// What a predecessor ordered before the mode was switched stays ordered.
TEST_F(LinkingOut, WhatMayBeOrderedAlreadyIsAskedAboutFirst) {
  driver_.Feed(event::ControlsChanged{link_out_});
  driver_.Bring(driver_.NewIntent(1));
  driver_.Own(/*horizon=*/1);
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  auto ask = driver_.TakeOne<effect::Ask>();
  driver_.Turn(event::Found{ask.ask, true, false, std::vector<Finding>(1)});
  EXPECT_EQ(TakeOutcome().state(), Outcome::STATE_HANDED_OFF);
}

TEST_F(LinkingOut, WithoutALinkNothingIsOrderedForGood) {
  CoreDriver driver;
  driver.Assign();
  driver.Own();
  driver.Turn(event::ControlsChanged{link_out_});
  driver.Bring(driver.NewIntent(1));
  driver.Tick();
  const Outcome outcome =
      CoreDriver::Parse(driver.TakeOne<effect::ProduceOutcome>().value).outcome();
  EXPECT_EQ(outcome.state(), Outcome::STATE_REJECTED);
  EXPECT_EQ(outcome.reason(), crossing::v1::REASON_LINK_OUT_ONLY);
}

TEST_F(Obeying, NothingIsSentWhileNobodyKnowsWhatTheySay) {
  driver_.Own();
  driver_.Turn(event::ControlsChanged{nullptr});
  driver_.Bring(driver_.NewIntent(1));
  driver_.Pass(1);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  Tell();
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.size(), 1u);
}

}  // namespace
}  // namespace jembatan::bridge
