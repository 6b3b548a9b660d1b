// Policy in the core: what it refuses is final, what an outcome names, and what happens while the
// policy changes or the goods are not known yet.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "libs/controls/testing/make_controls.h"
#include "libs/policy/testing.h"
#include "services/bridge/partition.h"
#include "services/bridge/testing/core_driver.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::Outcome;
using crossing::v1::PurchaseIntent;
using policy::testing::PolicyOf;
using policy::testing::RuleText;
using PolicyPtr = std::shared_ptr<const policy::Policy>;

const PolicyPtr& Nobody() {
  static const PolicyPtr kPolicy =
      PolicyOf(RuleText("nobody", "rollout", "basis_points = 0\nsalt = \"s\""));
  return kPolicy;
}

const PolicyPtr& BorderRule() {
  static const PolicyPtr kPolicy = PolicyOf(
      RuleText("border", "cross_border", "minimum_fob_usd_minor = 10000\npositive_list = []"));
  return kPolicy;
}

controls::Snapshot Ordered(const crossing::v1::Control& control) {
  controls::Controls state;
  const controls::testing::ControlRecord record = controls::testing::RecordOf(control);
  EXPECT_EQ(state.Apply(0, record.key, record.value).refused, "");
  return std::make_shared<const controls::Controls>(std::move(state));
}

class ByPolicy : public testing::Test {
 protected:
  void SetUp() override { driver_.Assign(); }

  void Take(const PolicyPtr& policy) { driver_.Feed(event::PolicyTaken{policy}); }
  void Tell(const std::string& offer_id, int64_t fob_usd_minor) {
    const policy::Goods goods{.origin_country = "CN",
                              .ships_from = policy::Goods::ShipsFrom::kAbroad,
                              .fob_currency = "USD",
                              .fob_minor = fob_usd_minor};
    driver_.Feed(event::GoodsTold{offer_id, &goods});
  }
  Outcome TakeOutcome() {
    return CoreDriver::Parse(driver_.TakeOne<effect::ProduceOutcome>().value).outcome();
  }
  // No more and no less than this.
  void ExpectNamed(const Outcome& outcome, const policy::Policy& policy, const char* rule) {
    EXPECT_EQ(outcome.policy_version(), policy.version);
    EXPECT_EQ(outcome.policy_rule(), rule);
  }

  CoreDriver driver_;
};

TEST_F(ByPolicy, ARefusalIsFinalAndNamesItsRule) {
  driver_.Own();
  Take(Nobody());
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  EXPECT_TRUE(driver_.Take<effect::Ask>().empty());
  Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.state(), Outcome::STATE_REJECTED);
  EXPECT_EQ(outcome.reason(), crossing::v1::REASON_ROLLOUT_EXCLUDED);
  EXPECT_TRUE(outcome.refused_by_policy());
  ExpectNamed(outcome, *Nobody(), "nobody");
  EXPECT_EQ(driver_.counts().refused_by_policy, 1u);
}

TEST_F(ByPolicy, TheMarketplacesResultNamesThePolicyThatLetItPass) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  // What is in force when the answer comes did not decide.
  Take(Nobody());
  driver_.Answer(place, Outcome::STATE_REJECTED, crossing::v1::REASON_FLASH_ENDED);
  Outcome outcome = TakeOutcome();
  EXPECT_FALSE(outcome.refused_by_policy());
  ExpectNamed(outcome, *policy::ConsentOnly(), "consent");
}

// A link would lead around the rule; a halt is told whatever the rules say.
TEST_F(ByPolicy, OperatorsComeBeforeTheRulesAndTheRulesBeforeTheHandOff) {
  const auto decided = [](bool halted, const PolicyPtr& policy) {
    CoreDriver driver(std::string("https://toko/"));
    driver.Assign();
    driver.Own();
    driver.Feed(event::PolicyTaken{policy});
    driver.Turn(event::ControlsChanged{
        Ordered(halted ? controls::testing::MakeHalt(1, crossing::v1::Halt::SCOPE_GLOBAL)
                       : controls::testing::MakeRoute(1, CoreDriver::kMarketplace, "",
                                                      crossing::v1::ROUTE_MODE_LINK_OUT))});
    driver.Bring(driver.NewIntent(1));
    driver.Tick();
    return CoreDriver::Parse(driver.TakeOne<effect::ProduceOutcome>().value).outcome();
  };
  Outcome refused = decided(/*halted=*/false, Nobody());
  EXPECT_EQ(refused.state(), Outcome::STATE_REJECTED);
  EXPECT_TRUE(refused.refused_by_policy());
  EXPECT_EQ(refused.continue_url(), "");
  Outcome handed_off = decided(/*halted=*/false, policy::ConsentOnly());
  EXPECT_EQ(handed_off.state(), Outcome::STATE_HANDED_OFF);
  EXPECT_FALSE(handed_off.refused_by_policy());
  ExpectNamed(handed_off, *policy::ConsentOnly(), "consent");
  Outcome halted = decided(/*halted=*/true, Nobody());
  EXPECT_EQ(halted.reason(), crossing::v1::REASON_SALES_HALTED);
  EXPECT_FALSE(halted.refused_by_policy());
  ExpectNamed(halted, *Nobody(), "");
}

TEST_F(ByPolicy, WithoutConsentTheRuleIsNamedToo) {
  driver_.Own();
  PurchaseIntent intent = driver_.NewIntent(1);
  intent.set_consent_given(false);
  driver_.Bring(intent);
  driver_.Tick();
  ExpectNamed(TakeOutcome(), *policy::ConsentOnly(), "consent");
}

TEST_F(ByPolicy, WhatNoRuleDecidedNamesThePolicyAlone) {
  driver_.Own();
  Take(Nobody());
  PurchaseIntent malformed = driver_.NewIntent(1);
  malformed.set_quantity(0);
  PurchaseIntent elsewhere = driver_.NewIntent(2, "offer-2");
  elsewhere.set_marketplace_id("elsewhere");
  PurchaseIntent late = driver_.NewIntent(3, "offer-3", intent::kTtlMs);
  driver_.Bring(malformed);
  driver_.Bring(elsewhere);
  driver_.Bring(late);
  driver_.Pass(1);
  auto written = driver_.Take<effect::ProduceOutcome>();
  ASSERT_EQ(written.size(), 3u);
  for (const auto& produce : written) {
    ExpectNamed(CoreDriver::Parse(produce.value).outcome(), *Nobody(), "");
  }
  EXPECT_EQ(driver_.counts().refused_by_policy, 0u);
}

// Rule 4: the order may exist, whatever the policy says by now.
TEST_F(ByPolicy, WhatAPredecessorMayHaveSentIsAskedAboutFirst) {
  for (bool found : {false, true}) {
    CoreDriver driver;
    driver.Assign();
    driver.Feed(event::PolicyTaken{Nobody()});
    PurchaseIntent intent = driver.NewIntent(1);
    driver.Bring(intent);
    driver.Own(/*horizon=*/1);
    EXPECT_TRUE(driver.Take<effect::ProduceOutcome>().empty());
    auto ask = driver.TakeOne<effect::Ask>();
    std::vector<Finding> findings(1);
    findings[0].found = found;
    findings[0].outcome.set_state(Outcome::STATE_ORDERED);
    findings[0].outcome.set_fingerprint(intent.fingerprint());
    driver.Turn(event::Found{ask.ask, true, false, findings});
    Outcome outcome = CoreDriver::Parse(driver.TakeOne<effect::ProduceOutcome>().value).outcome();
    EXPECT_EQ(outcome.state(), found ? Outcome::STATE_ORDERED : Outcome::STATE_REJECTED);
    // No rule of this policy stands behind an order that it would have refused.
    ExpectNamed(outcome, *Nobody(), found ? "" : "nobody");
  }
}

TEST_F(ByPolicy, WhatWasPutOffIsJudgedAnewWhenItsTurnComes) {
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Tick();
  auto place = driver_.TakeOne<effect::Place>();
  Take(Nobody());
  std::vector<Decision> later(1);
  later[0].retry = true;
  driver_.Turn(event::Answered{place.batch, false, later});
  driver_.Pass(kBackoffLongestMs);
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  ExpectNamed(TakeOutcome(), *Nobody(), "nobody");
}

// Every owner and every replay must agree, whenever they come to it.
TEST_F(ByPolicy, ARuleIsAppliedByTheAppendTime) {
  driver_.Own();
  Take(PolicyOf(RuleText("closed", "rollout", "basis_points = 0\nsalt = \"s\"",
                         "2027-01-15T08:00:01Z")));  // a second after the driver's clock begins
  ASSERT_EQ(CoreDriver::kEpochMs, 1'800'000'000'000);
  driver_.Bring(driver_.NewIntent(1));
  driver_.Pass(999);
  EXPECT_EQ(driver_.Take<effect::Place>().size(), 1u);
  driver_.Bring(driver_.NewIntent(2, "offer-2"));
  driver_.Pass(60'000);
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.size(), 1u) << "it was in time";
  driver_.Bring(driver_.NewIntent(3, "offer-3"));
  driver_.Tick();
  EXPECT_EQ(TakeOutcome().policy_rule(), "closed");
}

TEST_F(ByPolicy, IntentsWaitForTheGoodsAndThenAreJudged) {
  Take(BorderRule());
  driver_.Own();
  driver_.Feed(event::GoodsBegin{});
  driver_.Bring(driver_.NewIntent(1, "cheap"));
  driver_.Bring(driver_.NewIntent(2, "dear"));
  driver_.Bring(driver_.NewIntent(3, "unknown"));
  driver_.Tick();
  EXPECT_TRUE(driver_.Take<effect::Place>().empty());
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  EXPECT_EQ(driver_.partition().standing({driver_.wall_ms(), 0}).waits_for, Standing::For::kGoods);
  Tell("cheap", 9'999);
  Tell("dear", 10'000);
  driver_.Pass(kBackoffLongestMs);
  // What is known is decided; the feed may still tell of the other.
  EXPECT_EQ(driver_.TakeOne<effect::Place>().intents.at(0)->offer_id(), "dear");
  Outcome cheap = TakeOutcome();
  EXPECT_EQ(cheap.reason(), crossing::v1::REASON_CROSS_BORDER_BELOW_MINIMUM);
  ExpectNamed(cheap, *BorderRule(), "border");
  driver_.Feed(event::GoodsComplete{});
  driver_.Pass(kBackoffLongestMs);
  Outcome unknown = TakeOutcome();
  EXPECT_EQ(unknown.offer_id(), "unknown");
  EXPECT_EQ(unknown.reason(), crossing::v1::REASON_ORIGIN_MISSING);
}

TEST_F(ByPolicy, WithoutTheFeedIntentsExpireAndAreNotRefused) {
  Take(BorderRule());
  driver_.Own();
  driver_.Bring(driver_.NewIntent(1));
  driver_.Pass(intent::kTtlMs - 200);
  EXPECT_TRUE(driver_.Take<effect::ProduceOutcome>().empty());
  driver_.Pass(kBackoffLongestMs);
  Outcome outcome = TakeOutcome();
  EXPECT_EQ(outcome.state(), Outcome::STATE_EXPIRED);
  ExpectNamed(outcome, *BorderRule(), "");
}

}  // namespace
}  // namespace jembatan::bridge
