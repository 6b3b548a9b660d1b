#include "services/gateway/buyer_keys_file.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace jembatan::gateway {
namespace {

using identity::BuyerKey;
using identity::BuyerKeys;

constexpr int64_t kNowMs = 1'800'000'000'000;
constexpr int64_t kHourMs = 3'600'000;

BuyerKey KeyOf(char digit) { return *BuyerKey::FromHex(std::string(64, digit)); }
BuyerKeys TwoEpochs() {
  return *BuyerKeys(KeyOf('1')).Rotated(KeyOf('2'), kNowMs + kHourMs, kNowMs);
}

class BuyerKeysFileTest : public ::testing::Test {
 protected:
  BuyerKeysFileTest() : file_(Path()) { Write(BuyerKeys(KeyOf('1')).ToJson()); }

  static std::string Path() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    return ::testing::TempDir() + "/buyer-keys-" + info->name();
  }
  static void Write(const std::string& text) { std::ofstream(Path()) << text; }

  BuyerKeysFile file_;
};

TEST_F(BuyerKeysFileTest, ARotationIsReadAndAnUnchangedFileChangesNothing) {
  ASSERT_TRUE(file_.Load(kNowMs).ok());
  const auto first = file_.current();
  EXPECT_FALSE(file_.Reload(kNowMs + 5'000));
  EXPECT_EQ(file_.current(), first);
  Write(TwoEpochs().ToJson());
  EXPECT_TRUE(file_.Reload(kNowMs + 10'000));
  EXPECT_EQ(*file_.current(), TwoEpochs());
  // An hour after its end the first epoch is forgotten, without a change of the file.
  EXPECT_FALSE(file_.Reload(kNowMs + 2 * kHourMs - 1));
  EXPECT_TRUE(file_.Reload(kNowMs + 2 * kHourMs));
  EXPECT_EQ(file_.current()->epochs().size(), 1u);
  Write(TwoEpochs().Erased(1, kNowMs + 3 * kHourMs)->ToJson());
  EXPECT_FALSE(file_.Reload(kNowMs + 3 * kHourMs));
}

TEST_F(BuyerKeysFileTest, WhatCannotBeReadAgainIsStaleAfterAMinute) {
  ASSERT_TRUE(file_.Load(kNowMs).ok());
  const auto first = file_.current();
  for (const std::string& bad : {std::string(), std::string("{"), BuyerKeys(KeyOf('2')).ToJson()}) {
    Write(bad);
    EXPECT_FALSE(file_.Reload(kNowMs + identity::kBuyerKeysStaleMs - 1)) << bad;
    EXPECT_EQ(file_.current(), first);
  }
  EXPECT_TRUE(file_.Reload(kNowMs + identity::kBuyerKeysStaleMs));
  EXPECT_EQ(file_.current(), nullptr);
  EXPECT_FALSE(file_.Reload(kNowMs + 2 * identity::kBuyerKeysStaleMs));
  Write(TwoEpochs().ToJson());
  EXPECT_TRUE(file_.Reload(kNowMs + 3 * identity::kBuyerKeysStaleMs));
  ASSERT_NE(file_.current(), nullptr);
}

TEST_F(BuyerKeysFileTest, TheFirstReadingSaysWhatIsWrong) {
  Write("{");
  EXPECT_FALSE(file_.Load(kNowMs).ok());
  BuyerKeysFile absent("/absent/buyer.key");
  EXPECT_FALSE(absent.Load(kNowMs).ok());
}

}  // namespace
}  // namespace jembatan::gateway
