#include "libs/controls/controls.h"

#include <cstdio>
#include <string>
#include <utility>

#include "gtest/gtest.h"

#include "libs/controls/limits.h"
#include "libs/controls/testing/make_controls.h"
#include "libs/policy/testing.h"

namespace jembatan::controls {
namespace {

using crossing::v1::Control;
using crossing::v1::Halt;
using testing::ControlRecord;
using testing::kIssuedMs;
using testing::MakeHalt;
using testing::MakeRollout;
using testing::MakeRoute;
using testing::RecordOf;

constexpr int64_t kNowMs = kIssuedMs;

class ControlsTest : public ::testing::Test {
 protected:
  // Why it was refused; empty: it is in force.
  std::string Apply(const Control& control) {
    const ControlRecord record = RecordOf(control);
    return controls_.Apply(next_offset_++, record.key, record.value).refused;
  }
  Way WayOf(const Tap& tap, int64_t now_ms = kNowMs) const { return controls_.WayOf(tap, now_ms); }

  const std::string buyer_ = std::string(32, '\x07');
  Tap tap_{"toko", "seller", "offer", "room", "campaign", buyer_};
  Controls controls_;
  int64_t next_offset_ = 0;
};

TEST_F(ControlsTest, WithoutAnyEverythingIsOrdered) {
  EXPECT_EQ(WayOf(tap_), Way::kOrder);
  EXPECT_EQ(WayOf({}), Way::kOrder);
  EXPECT_EQ(controls_.revision(), 0u);
}

struct HaltCase {
  Halt::Scope scope;
  const char* id;
  std::string_view Tap::* field;
};

TEST_F(ControlsTest, AHaltStopsWhatItNamesAndNothingElse) {
  const HaltCase cases[] = {{Halt::SCOPE_MARKETPLACE, "toko", &Tap::marketplace_id},
                            {Halt::SCOPE_SELLER, "seller", &Tap::seller_id},
                            {Halt::SCOPE_OFFER, "offer", &Tap::offer_id},
                            {Halt::SCOPE_ROOM, "room", &Tap::room_id}};
  for (const HaltCase& each : cases) {
    EXPECT_EQ(Apply(MakeHalt(1, each.scope, each.id)), "");
    EXPECT_EQ(WayOf(tap_), Way::kHalted) << each.id;
    Tap other = tap_;
    other.*each.field = "another";
    EXPECT_EQ(WayOf(other), Way::kOrder) << each.id;
    other.*each.field = "";
    EXPECT_EQ(WayOf(other), Way::kOrder) << each.id;
    EXPECT_EQ(Apply(MakeHalt(2, each.scope, each.id, false)), "");
    EXPECT_EQ(WayOf(tap_), Way::kOrder) << each.id;
  }
  EXPECT_EQ(Apply(MakeHalt(1, Halt::SCOPE_GLOBAL)), "");
  EXPECT_EQ(WayOf({}), Way::kHalted);
  EXPECT_EQ(Apply(MakeHalt(2, Halt::SCOPE_GLOBAL, "", false)), "");
  EXPECT_EQ(WayOf({}), Way::kOrder);
}

TEST_F(ControlsTest, LiftingOneHaltLeavesTheOthers) {
  EXPECT_EQ(Apply(MakeHalt(1, Halt::SCOPE_GLOBAL)), "");
  EXPECT_EQ(Apply(MakeHalt(1, Halt::SCOPE_OFFER, "offer")), "");
  EXPECT_EQ(Apply(MakeHalt(2, Halt::SCOPE_GLOBAL, "", false)), "");
  EXPECT_EQ(WayOf(tap_), Way::kHalted);
}

TEST_F(ControlsTest, OldVersionsAndReplaysAreRefused) {
  const Control first = MakeHalt(4, Halt::SCOPE_GLOBAL);
  EXPECT_EQ(Apply(first), "");
  EXPECT_EQ(Apply(MakeHalt(5, Halt::SCOPE_GLOBAL, "", false)), "");
  EXPECT_EQ(controls_.revision(), 2u);
  EXPECT_EQ(Apply(first), "version 4 of halt/global is not above 5, which is in force");
  EXPECT_NE(Apply(MakeHalt(5, Halt::SCOPE_GLOBAL)), "");
  EXPECT_EQ(WayOf(tap_), Way::kOrder);
  EXPECT_EQ(controls_.revision(), 2u) << "a refused record changes nothing";
  EXPECT_EQ(controls_.VersionOf("halt/global"), 5u);
  // Of another subject any version is new.
  EXPECT_EQ(Apply(MakeHalt(1, Halt::SCOPE_OFFER, "x")), "");
  EXPECT_EQ(controls_.revision(), 5u) << "the offset of the newest in force, and 1";
}

TEST_F(ControlsTest, RecordsThatAreNoControlsAreRefused) {
  const ControlRecord good = RecordOf(MakeHalt(1, Halt::SCOPE_GLOBAL));
  EXPECT_EQ(controls_.Apply(0, good.key, "\xff").refused, "not a control");
  EXPECT_EQ(controls_.Apply(0, good.key, "").refused, "not a control");
  EXPECT_EQ(controls_.Apply(0, good.key, std::string(kControlBytes + 1, 'x')).refused,
            "not a control");
  EXPECT_NE(controls_.Apply(0, "halt/global", good.value).refused, "");
  EXPECT_NE(Apply(testing::MakeControl(1)), "");
  EXPECT_EQ(WayOf(tap_), Way::kOrder);
}

TEST_F(ControlsTest, APolicyHoldsUntilAnotherGoodOneIsOrdered) {
  EXPECT_EQ(controls_.policy(), nullptr);
  const std::string first = policy::testing::kConsent;
  const std::string second =
      first + policy::testing::RuleText("nobody", "rollout", "basis_points = 0\nsalt = \"s\"");
  EXPECT_EQ(Apply(testing::MakePolicy(1, first)), "");
  EXPECT_EQ(controls_.policy()->rules.size(), 1u);
  EXPECT_NE(Apply(testing::MakePolicy(2, first + "[[rule]]\n")), "");
  EXPECT_EQ(controls_.policy()->rules.size(), 1u) << "what is in force stays";
  EXPECT_EQ(Apply(testing::MakePolicy(2, second)), "");
  EXPECT_EQ(controls_.policy()->rules.size(), 2u);
  EXPECT_EQ(Apply(testing::MakePolicy(3, first + std::string(100'000, '\n'))), "")
      << "longer than any other control";
  EXPECT_EQ(controls_.policy()->rules.size(), 1u);
}

TEST_F(ControlsTest, CampaignsRouteBeforeTheirMarketplace) {
  EXPECT_EQ(Apply(MakeRoute(1, "toko", "", crossing::v1::ROUTE_MODE_LINK_OUT)), "");
  EXPECT_EQ(WayOf(tap_), Way::kLinkOut);
  EXPECT_EQ(Apply(MakeRoute(1, "toko", "campaign", crossing::v1::ROUTE_MODE_BACKEND)), "");
  EXPECT_EQ(WayOf(tap_), Way::kOrder);
  Tap other = tap_;
  other.campaign_id = "";
  EXPECT_EQ(WayOf(other), Way::kLinkOut);
  other.marketplace_id = "another";
  EXPECT_EQ(WayOf(other), Way::kOrder);
  EXPECT_EQ(Apply(MakeRoute(2, "toko", "", crossing::v1::ROUTE_MODE_BACKEND)), "");
  EXPECT_EQ(Apply(MakeRoute(2, "toko", "campaign", crossing::v1::ROUTE_MODE_LINK_OUT)), "");
  EXPECT_EQ(WayOf(tap_), Way::kLinkOut);
}

// Buyers as HMACs are: any bytes.
std::string BuyerOf(int number) {
  std::string buyer(32, '\0');
  uint64_t bits = static_cast<uint64_t>(number + 1) * 0x9e3779b97f4a7c15;
  for (int i = 0; i < 8; ++i) buyer[i] = static_cast<char>(bits >> (56 - 8 * i));
  return buyer;
}

TEST_F(ControlsTest, ARolloutAdmitsItsShareAndKeepsWhomItHas) {
  constexpr int kBuyers = 20'000;
  std::vector<bool> in(kBuyers, false);
  uint64_t version = 0;
  for (uint32_t share : {0u, 100u, 2'500u, 10'000u}) {
    EXPECT_EQ(Apply(MakeRollout(++version, "toko", share)), "");
    int admitted = 0;
    for (int i = 0; i < kBuyers; ++i) {
      const std::string buyer = BuyerOf(i);
      tap_.buyer_ref = buyer;
      const bool now_in = WayOf(tap_) == Way::kOrder;
      EXPECT_TRUE(now_in || !in[i]) << "a buyer fell out when the share grew";
      in[i] = now_in;
      admitted += now_in;
    }
    const double expected = kBuyers * (share / 10'000.0);
    EXPECT_NEAR(admitted, expected, kBuyers * 0.01) << share;
    if (share == 0) EXPECT_EQ(admitted, 0);
    if (share == kWholeShare) EXPECT_EQ(admitted, kBuyers);
  }
}

TEST_F(ControlsTest, AShadowDecidesAndOrdersNothing) {
  EXPECT_EQ(Apply(MakeRoute(1, "toko", "", crossing::v1::ROUTE_MODE_LINK_OUT)), "");
  EXPECT_EQ(Apply(MakeRollout(1, "toko", kWholeShare, true)), "");
  EXPECT_EQ(WayOf(tap_), Way::kShadow);
  EXPECT_EQ(Apply(MakeHalt(1, Halt::SCOPE_MARKETPLACE, "toko")), "");
  EXPECT_EQ(WayOf(tap_), Way::kHalted);
}

TEST_F(ControlsTest, ATrialStopsByItselfUnlessItIsRenewed) {
  Control control = MakeRollout(1, "toko", kWholeShare);
  crossing::v1::Trial* trial = control.mutable_rollout()->mutable_trial();
  base::SetMs(kNowMs, trial->mutable_starts_at());
  base::SetMs(kNowMs + 100'000, trial->mutable_ends_at());
  base::SetMs(kNowMs + 10'000, trial->mutable_renewed_until());
  EXPECT_EQ(Apply(control), "");
  EXPECT_EQ(WayOf(tap_, kNowMs - 1), Way::kExcluded);
  EXPECT_EQ(PhaseOf(control.rollout(), kNowMs - 1), TrialPhase::kAhead);
  EXPECT_EQ(WayOf(tap_, kNowMs), Way::kOrder);
  EXPECT_EQ(WayOf(tap_, kNowMs + 9'999), Way::kOrder);
  EXPECT_EQ(WayOf(tap_, kNowMs + 10'000), Way::kExcluded) << "not renewed";
  EXPECT_EQ(PhaseOf(control.rollout(), kNowMs + 10'000), TrialPhase::kLapsed);
  control.set_version(2);
  base::SetMs(kNowMs + 200'000, trial->mutable_renewed_until());
  EXPECT_EQ(Apply(control), "");
  EXPECT_EQ(WayOf(tap_, kNowMs + 99'999), Way::kOrder);
  EXPECT_EQ(WayOf(tap_, kNowMs + 100'000), Way::kExcluded) << "renewing does not move the end";
  EXPECT_EQ(PhaseOf(control.rollout(), kNowMs + 100'000), TrialPhase::kEnded);
}

class TwoPersons : public ControlsTest {
 protected:
  void SetUp() override {
    for (const char* kid : {"ani", "budi", "citra"}) {
      auto signer = identity::Signer::Generate(identity::Algorithm::kEdDsa, kid);
      ASSERT_TRUE(signer.ok());
      signers_.push_back(*std::move(signer));
    }
    // Citra is no operator.
    const std::string ani = signers_[0].jwks();
    const std::string budi = signers_[1].jwks();
    constexpr size_t kOpening = sizeof("{\"keys\":[") - 1;
    const std::string both = ani.substr(0, ani.size() - 2) + "," + budi.substr(kOpening);
    auto keys = identity::KeySet::FromJwks(both);
    ASSERT_TRUE(keys.ok()) << keys.status();
    controls_ = Controls(Operators{std::make_shared<identity::KeySet>(*std::move(keys)), 2});
  }

  std::vector<identity::Signer> signers_;
};

TEST_F(TwoPersons, BothMustHaveSigned) {
  Control halt = MakeHalt(1, Halt::SCOPE_GLOBAL);
  EXPECT_EQ(Apply(halt), "signed by 0 of 2 operators needed");
  testing::Sign(signers_[0], &halt);
  EXPECT_EQ(Apply(halt), "signed by 1 of 2 operators needed");
  Control twice = halt;
  testing::Sign(signers_[0], &twice);
  EXPECT_EQ(Apply(twice), "\"ani\" has signed twice");
  Control stranger = halt;
  testing::Sign(signers_[2], &stranger);
  EXPECT_EQ(Apply(stranger), "the signature by \"citra\" is not good");
  testing::Sign(signers_[1], &halt);
  EXPECT_EQ(Apply(halt), "");
  EXPECT_EQ(WayOf(tap_), Way::kHalted);
}

TEST_F(TwoPersons, ASignatureIsGoodForItsControlOnly) {
  Control halt = MakeHalt(1, Halt::SCOPE_OFFER, "a");
  for (int i : {0, 1}) testing::Sign(signers_[i], &halt);
  Control other = halt;
  other.mutable_halt()->set_id("b");
  EXPECT_EQ(Apply(other), "the signature by \"ani\" is not good");
  other = halt;
  other.set_version(2);
  EXPECT_EQ(Apply(other), "the signature by \"ani\" is not good");
  EXPECT_EQ(Apply(halt), "");
}

}  // namespace
}  // namespace jembatan::controls
