#include "libs/evidence/verify.h"

#include <functional>
#include <optional>
#include <string>

#include "gtest/gtest.h"

#include "libs/base/timestamp.h"
#include "libs/controls/testing/make_controls.h"
#include "libs/evidence/archive.h"
#include "libs/evidence/limits.h"
#include "libs/evidence/testing/house.h"
#include "libs/intent/limits.h"

namespace jembatan::evidence {
namespace {

using crossing::v1::Outcome;
using testing::House;
using testing::kFromMs;
using testing::kToMs;
using testing::Tap;

constexpr int64_t kSealedMs = kToMs + kTailMs;

House SoundHouse(uint64_t taps = 20) {
  House house;
  house.Trade(taps);
  house.Seal(kSealedMs);
  return house;
}

Verified VerifyOf(const House& house) {
  return Verify(Pack(house.Bundle()).value(), house.auditor()).value();
}

std::string FaultsOf(const Judgements& judgements) {
  std::string text;
  for (size_t i = 0; i < kArticles; ++i) {
    const auto article = static_cast<Article>(i);
    for (const Fault& fault : judgements[article].faults) {
      text += std::string(NameOf(article)) + ": " + fault.place + ": " + fault.what + "\n";
    }
  }
  return text;
}

TEST(Verify, ASoundBundleHolds) {
  const Verified verified = VerifyOf(SoundHouse());
  EXPECT_TRUE(verified.judgements.held()) << FaultsOf(verified.judgements);
  EXPECT_EQ(verified.records, 41u);
  EXPECT_EQ(verified.figures.all.counts.intents, 20u);
  EXPECT_EQ(verified.figures.all.counts.ordered, 20u);
  EXPECT_EQ(verified.figures.all.latency.count, 20u);
  EXPECT_EQ(verified.figures.all.latency.max_ms, 36);
  EXPECT_EQ(verified.figures.campaigns.at("beli-lokal").intents, 5u);
  EXPECT_EQ(verified.figures.hosts.at({"continue_url", testing::kHost}), 20u);
  EXPECT_EQ(verified.figures.price_as_seen, 20u);
  for (const Article article : {Article::kLedger, Article::kReport, Article::kPromise,
                                Article::kFairness, Article::kInterconnection, Article::kUserData,
                                Article::kPayment, Article::kPersonalData, Article::kRetention}) {
    EXPECT_EQ(verified.judgements[article].verdict(), Verdict::kHeld) << NameOf(article);
  }
  // There is nothing to judge these by, and that is said.
  for (const Article article : {Article::kCrossBorder, Article::kProducer, Article::kSanctions}) {
    EXPECT_EQ(verified.judgements[article].verdict(), Verdict::kNotJudged) << NameOf(article);
  }
}

TEST(Verify, TheSameHouseIsTheSameBundle) {
  const House house = SoundHouse();
  EXPECT_EQ(Pack(house.Bundle()).value(), Pack(house.Bundle()).value());
}

TEST(Verify, TheKeyMayComeFromTheBundleButNotAnothers) {
  const House house = SoundHouse();
  const std::string bytes = Pack(house.Bundle()).value();
  const Verified own = Verify(bytes, std::nullopt).value();
  EXPECT_TRUE(own.judgements.held());
  EXPECT_EQ(own.auditor, house.auditor().text());
  const Verified other = Verify(bytes, House().auditor()).value();
  EXPECT_EQ(other.judgements[Article::kLedger].verdict(), Verdict::kBroken);
}

TEST(Verify, WhatIsNoZipFileIsAnError) {
  EXPECT_FALSE(Verify("", std::nullopt).ok());
  EXPECT_FALSE(Verify("not a bundle", std::nullopt).ok());
}

TEST(Verify, ABundleBetweenTwoSealsShowsThatTheLedgerOnlyGrew) {
  House house;
  const int64_t long_before = kFromMs - 2 * kLeadMs;
  for (uint64_t i = 0; i < 9; ++i) {
    house.Buy({.number = 100 + i, .at_ms = long_before + static_cast<int64_t>(i)});
  }
  house.Seal(kFromMs - kLeadMs);
  house.Trade(20);
  house.Seal(kSealedMs);
  Files files = house.Bare({{{"jembatan.intents.v1", 0}, 7}});
  const absl::Status made = Complete(house.TheScope(), house.auditor(), &files);
  ASSERT_TRUE(made.ok()) << made.message();
  const Verified verified = Verify(Pack(files).value(), house.auditor()).value();
  EXPECT_TRUE(verified.judgements.held()) << FaultsOf(verified.judgements);
  EXPECT_EQ(verified.figures.all.counts.intents, 20u);
  EXPECT_EQ(verified.figures.all.counts.ordered, 20u);
  EXPECT_EQ(verified.checkpoint_size, 2u);
}

TEST(Verify, RecordsThatDoNotReachOverTheWindowMakeNoBundle) {
  House house = SoundHouse();
  // One record of the window is left out at its beginning.
  Files files = house.Bare({{{"jembatan.intents.v1", 0}, 1}});
  EXPECT_FALSE(Complete(house.TheScope(), house.auditor(), &files).ok());
  House early;
  early.Trade(5);
  early.Seal(kToMs - 1);
  files = early.Bare();
  EXPECT_FALSE(Complete(early.TheScope(), early.auditor(), &files).ok());
}

// What a house did wrong, and the article that it is found by.
struct Wrong {
  const char* what;
  Article article;
  std::function<void(House&)> act;
  // One that it breaks too.
  std::optional<Article> also{};
};

void ExpectFound(const Wrong& wrong) {
  House house;
  house.Sell(5);
  wrong.act(house);
  house.Close();
  house.Seal(kSealedMs);
  const Verified verified = VerifyOf(house);
  for (size_t i = 0; i < kArticles; ++i) {
    const auto article = static_cast<Article>(i);
    const bool expected = article == wrong.article || article == wrong.also;
    EXPECT_EQ(verified.judgements[article].verdict() == Verdict::kBroken, expected)
        << wrong.what << "\n"
        << FaultsOf(verified.judgements);
  }
}

// Appends a tap whose intent and outcome are changed on the way.
void Buy(House& house, const std::function<void(crossing::v1::PurchaseIntent&)>& spoil_intent,
         const std::function<void(Outcome&)>& spoil_outcome) {
  const Tap tap{.number = 99, .at_ms = kFromMs + 60'000};
  auto intent = tap.Intent();
  if (spoil_intent) spoil_intent(intent);
  const int64_t offset = house.Put(intent, tap.at_ms);
  auto outcome = tap.Ordered(offset);
  if (spoil_outcome) spoil_outcome(outcome);
  house.Put(outcome, tap.at_ms + 40);
}

const Wrong kWrongs[] = {
    {"an intent without a final that its owner is done with", Article::kPromise,
     [](House& house) {
       house.Put(Tap{.number = 99, .at_ms = kFromMs + 60'000}.Intent(), kFromMs + 60'000);
       house.Open(kToMs, kToMs + 10);
     }},
    {"two finals that differ", Article::kPromise,
     [](House& house) {
       Buy(house, nullptr, nullptr);
       const Tap tap{.number = 99, .at_ms = kFromMs + 60'000};
       auto outcome = tap.Ordered(5);
       outcome.set_order_id("T-100");
       house.Put(outcome, tap.at_ms + 50);
     }},
    {"ordered after the deadline", Article::kPromise,
     [](House& house) {
       Buy(house, nullptr, [](Outcome& outcome) {
         base::SetMs(kFromMs + 60'000 + intent::kTtlMs + 1, outcome.mutable_intent_append_time());
       });
     }},
    {"ordered at another price", Article::kFairness,
     [](House& house) {
       Buy(house, nullptr, [](Outcome& outcome) { outcome.mutable_price()->set_amount_minor(1); });
     }},
    {"an intent that follows no contract", Article::kInterconnection,
     [](House& house) {
       house.Put({"jembatan.intents.v1", 0}, "kopi", "\xff\xff", kFromMs + 60'000);
     }},
    {"a field that no contract names", Article::kInterconnection,
     [](House& house) {
       Buy(
           house,
           [](crossing::v1::PurchaseIntent& intent) {
             intent.GetReflection()->MutableUnknownFields(&intent)->AddLengthDelimited(99, "0812");
           },
           nullptr);
     }},
    {"an order of which the log holds no intent", Article::kInterconnection,
     [](House& house) {
       house.Put(Tap{.number = 99, .at_ms = kFromMs + 60'000}.Ordered(2), kFromMs + 60'040);
     }},
    {"crossed without consent", Article::kUserData,
     [](House& house) {
       Buy(
           house, [](crossing::v1::PurchaseIntent& intent) { intent.set_consent_given(false); },
           nullptr);
     },
     Article::kPersonalData},
    {"consent without a version", Article::kPersonalData,
     [](House& house) {
       Buy(
           house, [](crossing::v1::PurchaseIntent& intent) { intent.clear_consent_version(); },
           nullptr);
     }},
    {"a policy that the bundle does not hold", Article::kCrossBorder,
     [](House& house) {
       Buy(house, nullptr,
           [](Outcome& outcome) { outcome.set_policy_version(std::string(32, 'p')); });
     }},
    {"an invoice elsewhere", Article::kPayment,
     [](House& house) {
       Buy(house, nullptr,
           [](Outcome& outcome) { outcome.set_invoice_url("https://app.example/invoice/1"); });
     }},
    {"no page to pay at", Article::kPayment,
     [](House& house) {
       Buy(house, nullptr, [](Outcome& outcome) { outcome.clear_continue_url(); });
     }},
    {"ordered though all sales were halted", Article::kSanctions,
     [](House& house) {
       const auto halt = controls::testing::RecordOf(
           controls::testing::MakeHalt(1, crossing::v1::Halt::SCOPE_GLOBAL));
       house.Put({"jembatan.controls.v1", 0}, halt.key, halt.value, kFromMs - 600'000);
       Buy(house, nullptr, [](Outcome& outcome) { outcome.set_controls_revision(1); });
     }},
};

TEST(Verify, EachWrongIsFoundByItsArticle) {
  for (const Wrong& wrong : kWrongs) ExpectFound(wrong);
}

TEST(Verify, AnOrderThatWasUnderWayWhenSalesWereHaltedBreaksNothing) {
  House house;
  house.Sell(5);
  const auto halt =
      controls::testing::RecordOf(controls::testing::MakeHalt(1, crossing::v1::Halt::SCOPE_GLOBAL));
  house.Put({"jembatan.controls.v1", 0}, halt.key, halt.value, kFromMs + 59'000);
  Buy(house, nullptr, [](Outcome& outcome) { outcome.set_controls_revision(1); });
  house.Close();
  house.Seal(kSealedMs);
  const Verified verified = VerifyOf(house);
  EXPECT_EQ(verified.judgements[Article::kSanctions].verdict(), Verdict::kHeld)
      << FaultsOf(verified.judgements);
  ASSERT_EQ(verified.figures.controls.size(), 1u);
  EXPECT_EQ(verified.figures.controls[0].subject, "halt/global");
}

TEST(Verify, ARecordSetAsideWentNoFurther) {
  House house;
  house.Sell(5);
  const int64_t offset =
      house.Put({"jembatan.intents.v1", 0}, "kopi", "\xff\xff", kFromMs + 60'000);
  crossing::v1::DeadLetter letter;
  letter.set_cause(crossing::v1::DeadLetter::CAUSE_UNDECODABLE);
  letter.set_topic("jembatan.intents.v1");
  letter.set_offset(offset);
  base::SetMs(kFromMs + 60'000, letter.mutable_append_time());
  house.Put({"jembatan.deadletters.v1", 3}, "kopi", letter.SerializeAsString(), kFromMs + 60'010);
  house.Close();
  house.Seal(kSealedMs);
  const Verified verified = VerifyOf(house);
  EXPECT_EQ(verified.judgements[Article::kInterconnection].verdict(), Verdict::kHeld)
      << FaultsOf(verified.judgements);
  EXPECT_EQ(verified.figures.dead_letters.at("UNDECODABLE"), 1u);
}

TEST(Verify, FiguresAndReportThatSayOtherThingsAreFound) {
  const House house = SoundHouse();
  for (const char* name : {"figures.txt", "report.html"}) {
    Files files = house.Bundle();
    std::string& text = files.at(name);
    text.replace(text.find("20"), 2, "21");
    // As a forger would: with a manifest that lists it so.
    files.erase(std::string(kManifestName));
    files[std::string(kManifestName)] = FormatManifest(ManifestOf(house.TheScope(), files));
    const Verified verified = Verify(Pack(files).value(), house.auditor()).value();
    EXPECT_EQ(verified.judgements[Article::kLedger].verdict(), Verdict::kHeld) << name;
    ASSERT_EQ(verified.judgements[Article::kReport].verdict(), Verdict::kBroken) << name;
    EXPECT_TRUE(verified.judgements[Article::kReport].faults[0].place.starts_with(name));
  }
}

TEST(Verify, AFileThatNobodyLooksIntoIsFound) {
  const House house = SoundHouse();
  Files files = house.Bundle();
  files["note.txt"] = "believe me";
  files.erase(std::string(kManifestName));
  files[std::string(kManifestName)] = FormatManifest(ManifestOf(house.TheScope(), files));
  const Verified verified = Verify(Pack(files).value(), house.auditor()).value();
  ASSERT_EQ(verified.judgements[Article::kLedger].verdict(), Verdict::kBroken);
  EXPECT_EQ(verified.judgements[Article::kLedger].faults[0].place, "note.txt");
}

}  // namespace
}  // namespace jembatan::evidence
