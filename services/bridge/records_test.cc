#include "services/bridge/records.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

#include "libs/base/testing/plant_unknown_fields.h"
#include "services/bridge/testing/core_driver.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::PurchaseIntent;

struct Case {
  const char* name;
  void (*spoil)(PurchaseIntent& intent);
  bool has_key;
};

TEST(CheckIntent, WhatIsWrongAndWhetherItsBuyerCanBeTold) {
  const Case cases[] = {
      {"id is text", [](PurchaseIntent& i) { i.set_intent_id("one"); }, false},
      {"id is a UUIDv4",
       [](PurchaseIntent& i) { i.set_intent_id("2f5e8b9a-3c4d-4e5f-8a9b-0c1d2e3f4a5b"); }, false},
      {"buyer is short", [](PurchaseIntent& i) { i.set_buyer_ref("b"); }, false},
      {"fingerprint is short", [](PurchaseIntent& i) { i.set_fingerprint("f"); }, true},
      {"no offer", [](PurchaseIntent& i) { i.clear_offer_id(); }, true},
      {"offer is not the key", [](PurchaseIntent& i) { i.set_offer_id("offer-2"); }, true},
      {"no quantity", [](PurchaseIntent& i) { i.set_quantity(0); }, true},
      {"quantity over the bound", [](PurchaseIntent& i) { i.set_quantity(100); }, true},
      {"no deadline", [](PurchaseIntent& i) { i.clear_deadline(); }, true},
      {"deadline is a millisecond late",
       [](PurchaseIntent& i) { base::SetMs(base::ToMs(i.deadline()) + 1, i.mutable_deadline()); },
       true},
  };
  CoreDriver driver;
  for (const Case& c : cases) {
    PurchaseIntent intent = driver.NewIntent(1);
    std::optional<IntentKey> key;
    EXPECT_EQ(CheckIntent(intent, "offer-1", &key), "");
    EXPECT_TRUE(key.has_value());
    c.spoil(intent);
    EXPECT_NE(CheckIntent(intent, "offer-1", &key), "") << c.name;
    EXPECT_EQ(key.has_value(), c.has_key) << c.name;
  }
}

TEST(UnknownFieldsIn, AnIntentAndAllWithinIt) {
  PurchaseIntent intent = CoreDriver().NewIntent(1);
  EXPECT_EQ(UnknownFieldsIn(intent), 0u);
  const uint64_t planted = base::PlantUnknownFields(&intent, "CANARY");
  EXPECT_EQ(UnknownFieldsIn(intent), planted);
}

TEST(FinalRecord, HoldsTheOutcomesBytesAsTheyAre) {
  crossing::v1::Outcome outcome;
  outcome.set_intent_id("id");
  outcome.set_order_id(std::string(300, 'o'));
  std::string bytes = outcome.SerializeAsString();
  std::string record = FinalRecord({"toko", "bridge-1"}, 77, bytes);
  EXPECT_NE(record.find(bytes), std::string::npos);
  crossing::v1::OutcomeRecord parsed = CoreDriver::Parse(record);
  EXPECT_EQ(parsed.token(), 77u);
  EXPECT_EQ(parsed.marketplace_id(), "toko");
  EXPECT_EQ(parsed.written_by(), "bridge-1");
  EXPECT_EQ(parsed.outcome().SerializeAsString(), bytes);
}

}  // namespace
}  // namespace jembatan::bridge
