#include "libs/identity/buyer_keys.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/text.h"

namespace jembatan::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNowMs = 1'800'000'000'000;
constexpr int64_t kHourMs = 3'600'000;

std::string HexOf(char digit) { return std::string(64, digit); }
BuyerKey KeyOf(char digit) { return *BuyerKey::FromHex(HexOf(digit)); }

// Epochs 1 (key 1), 2 (key 2, from kNowMs - 2 h) and 3 (key 3, from kNowMs + 1 h).
BuyerKeys ThreeEpochs() {
  const BuyerKeys one(KeyOf('1'));
  const BuyerKeys two = *one.Rotated(KeyOf('2'), kNowMs - 2 * kHourMs, kNowMs - 3 * kHourMs);
  return *two.Rotated(KeyOf('3'), kNowMs + kHourMs, kNowMs);
}

TEST(BuyerKeys, AFileOfDigitsIsOneEpoch) {
  const absl::StatusOr<BuyerKeys> keys = BuyerKeys::FromText(HexOf('1') + "\n");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(*keys, BuyerKeys(KeyOf('1')));
  EXPECT_EQ(keys->epochs().size(), 1u);
}

TEST(BuyerKeys, SurvivesTheRoundTrip) {
  const BuyerKeys keys = *ThreeEpochs().Erased(1, kNowMs);
  const absl::StatusOr<BuyerKeys> again = BuyerKeys::FromText(keys.ToJson());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, keys);
  EXPECT_LT(keys.ToJson().size(), 3 * kBuyerKeysBytes / kEpochsMax);
}

TEST(BuyerRefs, AreByTheTimeInTheId) {
  const BuyerRefs refs(ThreeEpochs(), "viewer-1");
  const struct {
    int64_t id_ms;
    char key;
  } cases[] = {
      {0, '1'},
      {kNowMs - 2 * kHourMs - 1, '1'},
      {kNowMs - 2 * kHourMs, '2'},
      {kNowMs, '2'},
      {kNowMs + kHourMs - 1, '2'},
      {kNowMs + kHourMs, '3'},
      {kNowMs + 1'000 * kHourMs, '3'},
  };
  for (const auto& c : cases) {
    ASSERT_NE(refs.At(c.id_ms), nullptr) << c.id_ms;
    EXPECT_EQ(*refs.At(c.id_ms), KeyOf(c.key).RefOf("viewer-1")) << c.id_ms;
  }
  EXPECT_EQ(BuyerRefs().At(kNowMs), nullptr);
}

TEST(BuyerKeys, AnErasedEpochsPseudonymsAreGoneAndItsRecordStays) {
  const BuyerKeys before = ThreeEpochs();
  const BuyerKeys after = *before.Erased(1, kNowMs);
  EXPECT_THAT(before.ToJson(), HasSubstr(HexOf('1')));
  EXPECT_THAT(after.ToJson(), Not(HasSubstr(HexOf('1'))));
  EXPECT_FALSE(after.epochs()[0].key.has_value());
  EXPECT_EQ(after.epochs()[0].erased_ms, kNowMs);
  // printf '\x11%.0s' {1..32} | sha256sum
  EXPECT_EQ(after.epochs()[0].digest,
            "02d449a31fbb267c8f352e9968a79e3e5fc95c1bbeaa502fd6454ebde5a4bedc");
  const BuyerRefs refs(after, "viewer-1");
  EXPECT_EQ(refs.At(0), nullptr);
  EXPECT_NE(refs.At(kNowMs), nullptr);
}

TEST(BuyerKeys, OnlyWhatIsLongOverMayBeErased) {
  const BuyerKeys keys = ThreeEpochs();
  for (uint32_t number : {0u, 2u, 3u, 4u}) {
    EXPECT_FALSE(keys.Erased(number, kNowMs).ok()) << number;
  }
  // Its end, and the hour after.
  const int64_t end_ms = kNowMs - 2 * kHourMs;
  EXPECT_FALSE(keys.Erased(1, end_ms + kKeepMs - 1).ok());
  const absl::StatusOr<BuyerKeys> erased = keys.Erased(1, end_ms + kKeepMs);
  ASSERT_TRUE(erased.ok()) << erased.status();
  EXPECT_FALSE(erased->Erased(1, kNowMs).ok());
}

TEST(BuyerKeys, AnEpochIsAnnounced) {
  const BuyerKeys keys(KeyOf('1'));
  EXPECT_FALSE(keys.Rotated(KeyOf('2'), kNowMs + kAnnounceMs - 1, kNowMs).ok());
  EXPECT_TRUE(keys.Rotated(KeyOf('2'), kNowMs + kAnnounceMs, kNowMs).ok());
  // Not the key of before, nor before an epoch that is announced already.
  EXPECT_FALSE(keys.Rotated(KeyOf('1'), kNowMs + kHourMs, kNowMs).ok());
  EXPECT_FALSE(ThreeEpochs().Rotated(KeyOf('4'), kNowMs + kHourMs, kNowMs).ok());
}

TEST(BuyerKeys, RecentLeavesOutWhatNobodySpeaksOf) {
  const BuyerKeys keys = ThreeEpochs();
  EXPECT_EQ(keys.Recent(kNowMs - 2 * kHourMs + kKeepMs - 1).epochs().size(), 3u);
  const BuyerKeys recent = keys.Recent(kNowMs - 2 * kHourMs + kKeepMs);
  ASSERT_EQ(recent.epochs().size(), 2u);
  const BuyerRefs refs(recent, "viewer-1");
  EXPECT_EQ(refs.At(kNowMs - 2 * kHourMs - 1), nullptr);
  EXPECT_EQ(*refs.At(kNowMs), KeyOf('2').RefOf("viewer-1"));
  EXPECT_EQ(keys.Recent(kNowMs + 1'000 * kHourMs).epochs().size(), 1u);
}

TEST(BuyerKeys, ContinueWhatWasUsedBefore) {
  const BuyerKeys one(KeyOf('1'));
  const BuyerKeys two = *one.Rotated(KeyOf('2'), kNowMs, kNowMs - kHourMs);
  const BuyerKeys erased = *two.Erased(1, kNowMs + 2 * kHourMs);
  EXPECT_TRUE(one.Continues(one));
  EXPECT_TRUE(two.Continues(one));
  EXPECT_TRUE(erased.Continues(two));
  EXPECT_TRUE(erased.Continues(one));
  EXPECT_FALSE(one.Continues(two));
  EXPECT_FALSE(two.Continues(erased));
  EXPECT_FALSE(BuyerKeys(KeyOf('2')).Continues(one));
  const BuyerKeys later = *one.Rotated(KeyOf('2'), kNowMs + 1, kNowMs - kHourMs);
  EXPECT_FALSE(later.Continues(two));
}

TEST(BuyerKeys, RefusesAnythingElseAndRepeatsNoKey) {
  const std::string key = HexOf('a');
  const std::string first = R"({"epoch":1,"from_ms":0,"key":")" + key + R"("})";
  const std::string digest = R"("digest":")" + HexOf('b') + R"(")";
  const std::string table[] = {
      "{}",
      R"({"epochs":[]})",
      R"({"epochs":[)" + first + R"(],"more":1})",
      R"({"epochs":[{"epoch":1,"from_ms":1,"key":")" + key + R"("}]})",
      R"({"epochs":[{"epoch":2,"from_ms":0,"key":")" + key + R"("}]})",
      R"({"epochs":[{"epoch":1,"from_ms":-1,"key":")" + key + R"("}]})",
      R"({"epochs":[{"epoch":1,"from_ms":0,"key":")" + key + R"(","note":1}]})",
      R"({"epochs":[{"epoch":1,"from_ms":0,"key":")" + key.substr(1) + R"("}]})",
      R"({"epochs":[{"epoch":1,"from_ms":0}]})",
      R"({"epochs":[{"epoch":1,"from_ms":0,)" + digest + R"(,"erased_ms":5}]})",
      R"({"epochs":[{"epoch":1,"from_ms":0,)" + digest + R"(,"key":")" + key + R"("}]})",
      R"({"epochs":[)" + first + "," + first + "]}",
      R"({"epochs":[)" + first + R"(,{"epoch":2,"from_ms":0,"key":")" + HexOf('c') + R"("}]})",
      R"({"epochs":[)" + first + R"(,{"epoch":2,"from_ms":9,"key":")" + key + R"("}]})",
      "{" + key,
      key + key,
      std::string(kBuyerKeysBytes + 1, ' '),
  };
  for (const std::string& text : table) {
    const absl::StatusOr<BuyerKeys> keys = BuyerKeys::FromText(text);
    ASSERT_FALSE(keys.ok()) << text;
    EXPECT_THAT(std::string(keys.status().message()), Not(HasSubstr(key.substr(0, 8)))) << text;
  }
}

}  // namespace
}  // namespace jembatan::identity
