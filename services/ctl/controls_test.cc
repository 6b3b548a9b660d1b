#include "services/ctl/controls.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "libs/base/timestamp.h"
#include "libs/controls/statement.h"
#include "libs/controls/testing/make_controls.h"

namespace jembatan::ctl {
namespace {

using controls::testing::kIssuedMs;
using crossing::v1::Halt;
using crossing::v1::Rollout;
using ::testing::HasSubstr;

TEST(ParseScope, KnowsFiveAndNothingElse) {
  struct {
    const char* text;
    Halt::Scope scope;
    const char* id;
  } good[] = {{"global", Halt::SCOPE_GLOBAL, ""},
              {"marketplace:toko", Halt::SCOPE_MARKETPLACE, "toko"},
              {"seller:s", Halt::SCOPE_SELLER, "s"},
              {"offer:a:b", Halt::SCOPE_OFFER, "a:b"},
              {"room:1", Halt::SCOPE_ROOM, "1"}};
  for (const auto& each : good) {
    Halt halt;
    EXPECT_TRUE(ParseScope(each.text, &halt).ok()) << each.text;
    EXPECT_EQ(halt.scope(), each.scope) << each.text;
    EXPECT_EQ(halt.id(), each.id) << each.text;
  }
  for (const char* bad : {"", "all", ":x", "offers:x"}) {
    Halt halt;
    EXPECT_TRUE(absl::IsInvalidArgument(ParseScope(bad, &halt))) << bad;
  }
}

RolloutFlags Flags(const std::string& percent) {
  RolloutFlags flags;
  flags.marketplace = "toko";
  flags.percent = percent;
  return flags;
}

TEST(MakeRollout, ReadsPercentToItsHundredths) {
  struct {
    const char* text;
    uint32_t share;
  } good[] = {{"0", 0}, {"5", 500}, {"0.5", 50}, {"12.34", 1'234}, {"100", 10'000}, {"", 10'000}};
  for (const auto& each : good) {
    Rollout rollout;
    EXPECT_TRUE(MakeRollout(Flags(each.text), kIssuedMs, &rollout).ok()) << each.text;
    EXPECT_EQ(rollout.share(), each.share) << each.text;
  }
  for (const char* bad :
       {"-1", "101", "100.01", "5.", ".5", "1.234", "1e2", "1.2.3", "1000", "x"}) {
    Rollout rollout;
    EXPECT_TRUE(absl::IsInvalidArgument(MakeRollout(Flags(bad), kIssuedMs, &rollout))) << bad;
  }
}

TEST(MakeRollout, WhatIsNotGivenStays) {
  RolloutFlags first = Flags("5");
  first.starts = "2026-12-01T00:00:00Z";
  first.ends = "2027-03-01T00:00:00Z";
  first.renewed_until = "2027-01-01T00:00:00Z";
  first.milestones = {"payment:2026-12-15T00:00:00Z:Pembayaran: di lokapasar"};
  Rollout rollout;
  ASSERT_TRUE(MakeRollout(first, kIssuedMs, &rollout).ok());
  RolloutFlags renewal;
  renewal.marketplace = "toko";
  renewal.renewed_until = "2027-02-01T00:00:00Z";
  renewal.reached = {1};
  ASSERT_TRUE(MakeRollout(renewal, kIssuedMs, &rollout).ok());
  EXPECT_EQ(rollout.share(), 500u);
  EXPECT_EQ(rollout.trial().ends_at().seconds(), 1'803'859'200);
  EXPECT_EQ(rollout.trial().renewed_until().seconds(), 1'801'440'000);
  ASSERT_EQ(rollout.trial().milestones_size(), 1);
  EXPECT_EQ(rollout.trial().milestones(0).title(), "Pembayaran: di lokapasar");
  EXPECT_EQ(base::ToMs(rollout.trial().milestones(0).reached_at()), kIssuedMs);
}

TEST(MakeRollout, NamesTheFlagThatIsWrong) {
  struct {
    const char* named;
    void (*spoil)(RolloutFlags&);
  } bad[] = {
      {"--starts", [](RolloutFlags& f) { f.starts = "tomorrow"; }},
      {"--ends", [](RolloutFlags& f) { f.ends = "2026-12-01"; }},
      {"--renewed_until", [](RolloutFlags& f) { f.renewed_until = "2026-12-01T00:00:00"; }},
      {"--milestone", [](RolloutFlags& f) { f.milestones = {"payment"}; }},
      {"--milestone", [](RolloutFlags& f) { f.milestones = {"tax:2026-12-01T00:00:00Z:x"}; }},
      {"--reached", [](RolloutFlags& f) { f.reached = {1}; }},
  };
  for (const auto& each : bad) {
    RolloutFlags flags = Flags("5");
    each.spoil(flags);
    Rollout rollout;
    const absl::Status status = MakeRollout(flags, kIssuedMs, &rollout);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << each.named;
    EXPECT_THAT(std::string(status.message()), HasSubstr(each.named));
  }
}

controls::Controls::InForce TrialInForce() {
  RolloutFlags flags = Flags("5");
  flags.starts = "2027-01-01T00:00:00Z";
  flags.ends = "2027-03-01T00:00:00Z";
  flags.renewed_until = "2027-02-01T00:00:00Z";
  flags.milestones = {"payment:2027-01-15T00:00:00Z:Pembayaran di lokapasar",
                      "user_data:2027-01-16T00:00:00Z:Data pengguna terpisah",
                      "merchants:2027-03-01T00:00:00Z:Pedagang berpindah"};
  flags.reached = {2};
  crossing::v1::Control control = controls::testing::MakeControl(3);
  EXPECT_TRUE(MakeRollout(flags, kIssuedMs, control.mutable_rollout()).ok());
  return {controls::SubjectOf(control), 7, control};
}

TEST(TrialReport, TellsEachWorkStream) {
  // 2027-01-20T00:00:00Z.
  const std::string report = TrialReport(TrialInForce(), 1'800'403'200'000);
  for (const char* part :
       {"Trial of toko, as of 2027-01-20T00:00:00Z", "5.00 %, trial running (version 3)",
        "stops by itself at 2027-02-01T00:00:00Z",
        "payment:\n  1. Pembayaran di lokapasar: OVERDUE since 2027-01-15T00:00:00Z",
        "user_data:\n  2. Data pengguna terpisah: reached 2027-01-15T08:00:00Z",
        "merchants:\n  3. Pedagang berpindah: due 2027-03-01T00:00:00Z"}) {
    EXPECT_THAT(report, HasSubstr(part));
  }
  EXPECT_THAT(TrialReport(TrialInForce(), 1'801'440'000'000), HasSubstr("stopped: not renewed"));
}

TEST(Describe, IsOneLine) {
  crossing::v1::Control control = controls::testing::MakeHalt(4, Halt::SCOPE_OFFER, "kopi");
  control.add_signatures()->set_key_id("ani");
  EXPECT_EQ(Describe({controls::SubjectOf(control), 1, control}, kIssuedMs),
            "halt/offer:kopi  version 4  halted  since 2027-01-15T08:00:00Z  by ani: a test");
}

}  // namespace
}  // namespace jembatan::ctl
