// What a marketplace attests about goods, from its signature to a bridge's decision: through the
// offers topic, past whoever writes something else into it.

#include <algorithm>
#include <string>

#include "gtest/gtest.h"

#include "jembatan/crossing/v1/crossing.pb.h"
#include "libs/base/clock.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/controls/statement.h"
#include "libs/goods/attestation.h"
#include "libs/kafka/config.h"
#include "libs/ledger/note.h"
#include "libs/policy/testing.h"
#include "tests/pipeline/callers_grpc.h"
#include "tests/pipeline/house.h"
#include "tests/pipeline/patience.h"
#include "tests/pipeline/topic_reader.h"
#include "tests/pipeline/viewer.h"

namespace jembatan::pipeline {
namespace {

using crossing::v1::Control;
using intake::v1::Outcome;
using intake::v1::Reason;
using intake::v1::Receipt;

const std::string& Law() {
  static const std::string kLaw =
      policy::testing::kConsent +
      policy::testing::RuleText("licence", "seller_licence", "sellers = \"all\"") +
      policy::testing::RuleText("border", "cross_border",
                                "minimum_fob_usd_minor = 10000\npositive_list = []");
  return kLaw;
}

constexpr char kFromHome[] =
    R"("origin_country":"ID","ships_from":"home","seller_licence":"NIB 1","local":true)";
constexpr char kFromAbroad[] =
    R"("origin_country":"CN","ships_from":"abroad","fob_currency":"USD","fob_minor":1250,)"
    R"("seller_licence":"CN 7")";

class GoodsTest : public ::testing::Test {
 protected:
  GoodsTest()
      : house_({{"kopi", 1'000, kFromHome, "toko-kopi"},
                {"teh", 1'000, kFromHome, "toko-teh"},
                {"kaos", 1'000, kFromAbroad},
                {"gelas", 1'000}},
               {.policy = Law()}) {}

  void Open(int bridges) {
    const absl::Status started = house_.Start(bridges);
    ASSERT_TRUE(started.ok()) << started;
    viewer_ = std::make_unique<Viewer>(loop_, house_.gateway(0).port(), house_.TokenOf("ani"),
                                       intent::Encoding::kProto);
    topic_ = std::make_unique<TopicReader>(house_.brokers(), kafka::kOffersTopic, kPartitions);
    for (size_t bridge = 0; bridge < static_cast<size_t>(bridges); ++bridge) {
      ASSERT_TRUE(AwaitMetric(bridge, "jembatan_bridge_offers 4"));
    }
  }

  // "ORDERED", or the reason why not.
  std::string Buy(const std::string& offer_id) {
    const intake::v1::Intent intent = TapOn(offer_id);
    viewer_->Tap(intent);
    const auto receipt = viewer_->AwaitReceipt(intent.intent_id());
    if (!receipt) return "no receipt";
    if (receipt->status() == Receipt::STATUS_REFUSED) {
      return "refused: " + intake::v1::Reason_Name(receipt->reason());
    }
    const auto outcome = viewer_->AwaitOutcome(intent.intent_id());
    if (!outcome) return "no outcome";
    if (outcome->state() == Outcome::STATE_ORDERED) return "ORDERED";
    return intake::v1::Reason_Name(outcome->reason());
  }

  // The offer's record in the topic that is wanted; nothing: it did not come.
  std::optional<crossing::v1::Offer> AwaitRecord(
      const std::string& offer_id,
      const std::function<bool(const LogRecord&, const crossing::v1::Offer&)>& wanted) {
    crossing::v1::Offer offer;
    const auto record = topic_->Await([&](const LogRecord& each) {
      return each.key == offer_id && offer.ParseFromString(each.value) && wanted(each, offer);
    });
    return record ? std::optional(offer) : std::nullopt;
  }

  bool AwaitMetric(size_t bridge, const std::string& line) {
    return Eventually(
        [&] { return house_.BridgeMetrics(bridge).find("\n" + line + "\n") != std::string::npos; });
  }

  void Order(Control control) {
    control.set_version(1);
    control.set_why("a test");
    base::SetMs(base::WallMs(), control.mutable_issued_at());
    const std::string value = control.SerializeAsString();
    const auto put = PutRecord(house_.brokers(), kafka::kControlsTopic, 0,
                               controls::RecordKey(control, value), value);
    ASSERT_TRUE(put.ok()) << put.status();
  }

  House house_;
  ViewerLoop loop_;
  std::unique_ptr<Viewer> viewer_;
  std::unique_ptr<TopicReader> topic_;
};

TEST_F(GoodsTest, ABridgeDecidesByWhatTheMarketplaceAttests) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/1));
  EXPECT_EQ(Buy("kopi"), "ORDERED");
  EXPECT_EQ(Buy("kaos"), "REASON_CROSS_BORDER_BELOW_MINIMUM");
  EXPECT_EQ(Buy("gelas"), "REASON_SELLER_NOT_LICENSED") << "nothing is known of its goods";

  orders::v1::LoadOffersRequest change;
  orders::v1::Offer* kaos = change.add_offers();
  kaos->set_offer_id("kaos");
  kaos->set_title("Kaos");
  kaos->set_seller_id("toko");
  kaos->mutable_price()->set_currency("IDR");
  kaos->mutable_price()->set_amount_minor(kPriceMinor);
  kaos->set_stock(1'000);
  orders::v1::Goods* goods = change.add_goods();
  goods->set_offer_id("kaos");
  goods->set_origin_country("CN");
  goods->set_ships_from(orders::v1::Goods::SHIPS_FROM_ABROAD);
  goods->set_seller_licence("CN 7");
  goods->mutable_fob()->set_currency("USD");
  goods->mutable_fob()->set_amount_minor(10'000);
  const absl::Status loaded = LoadOffers(house_.operator_port(), change);
  ASSERT_TRUE(loaded.ok()) << loaded;
  ASSERT_TRUE(AwaitRecord("kaos", [](const LogRecord&, const crossing::v1::Offer& offer) {
    return offer.attestation().find("\nfob USD 10000\n") != std::string::npos;
  }));
  EXPECT_TRUE(Eventually([&] { return Buy("kaos") == "ORDERED"; }));
  const auto sold = AwaitRecord(
      "kopi", [](const LogRecord&, const crossing::v1::Offer& offer) { return offer.sold() == 1; });
  ASSERT_TRUE(sold.has_value()) << "orders are told, units are not";
  EXPECT_EQ(sold->stock(), crossing::v1::Offer::STOCK_OPEN);
}

TEST_F(GoodsTest, AForgedNoteChangesNothingAndIsPutRight) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/1));
  const auto genuine = AwaitRecord("kaos", [](const LogRecord&, const crossing::v1::Offer& each) {
    return !each.attestation().empty();
  });
  ASSERT_TRUE(genuine.has_value());
  EXPECT_EQ(Buy("kaos"), "REASON_CROSS_BORDER_BELOW_MINIMUM");

  const auto forger = ledger::NoteSigner::Generate(kMarketplaceId);
  ASSERT_TRUE(forger.ok());
  crossing::v1::Offer forged = *genuine;
  forged.set_attestation(
      forger->Sign(*goods::WriteAttestation({.marketplace_id = kMarketplaceId,
                                             .offer_id = "kaos",
                                             .issued_ms = base::WallMs() + 1'000'000,
                                             .goods = {.origin_country = "ID",
                                                       .ships_from = goods::Goods::ShipsFrom::kHome,
                                                       .seller_licence = "NIB 1"}})));
  const int32_t partition = kafka::PartitionOf("kaos", kPartitions);
  const auto put = PutRecord(house_.brokers(), kafka::kOffersTopic, partition, "kaos",
                             forged.SerializeAsString());
  ASSERT_TRUE(put.ok()) << put.status();
  ASSERT_TRUE(AwaitMetric(0, "jembatan_bridge_offers_refused_total{what=\"note\"} 1"));
  EXPECT_EQ(Buy("kaos"), "REASON_CROSS_BORDER_BELOW_MINIMUM");
  const auto mended = AwaitRecord("kaos", [&](const LogRecord& each, const crossing::v1::Offer&) {
    return each.offset > *put;
  });
  ASSERT_TRUE(mended.has_value());
  EXPECT_EQ(mended->attestation(), genuine->attestation());
}

TEST_F(GoodsTest, AHaltOfASellerStopsItsOffersAlone) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/1));
  EXPECT_EQ(Buy("kopi"), "ORDERED");
  Control halt;
  halt.mutable_halt()->set_scope(crossing::v1::Halt::SCOPE_SELLER);
  halt.mutable_halt()->set_id("toko-kopi");
  halt.mutable_halt()->set_halted(true);
  ASSERT_NO_FATAL_FAILURE(Order(halt));
  EXPECT_TRUE(Eventually([&] { return Buy("kopi") == "refused: REASON_SALES_HALTED"; }));
  EXPECT_EQ(Buy("teh"), "ORDERED");
}

TEST_F(GoodsTest, APolicyThatOperatorsOrderHoldsAtEveryBridge) {
  ASSERT_NO_FATAL_FAILURE(Open(/*bridges=*/2));
  EXPECT_EQ(Buy("kaos"), "REASON_CROSS_BORDER_BELOW_MINIMUM");
  Control order;
  order.mutable_policy()->set_text(policy::testing::kConsent);
  const std::string version = policy::testing::PolicyOf("")->version;
  order.mutable_policy()->set_version(version);
  ASSERT_NO_FATAL_FAILURE(Order(order));
  for (size_t bridge : {0, 1}) {
    EXPECT_TRUE(AwaitMetric(
        bridge, "jembatan_bridge_policy_in_force{version=\"" + base::Hex(version) + "\"} 1"));
  }
  EXPECT_EQ(Buy("kaos"), "ORDERED");
}

}  // namespace
}  // namespace jembatan::pipeline
