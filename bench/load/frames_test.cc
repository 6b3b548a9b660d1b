#include "bench/load/frames.h"

#include <string>

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "libs/intent/limits.h"

namespace jembatan::load {
namespace {

const OfferOnSale kBatik{
    .offer_id = "batik-mega-mendung", .amount_minor = 18'500'000, .price_version = "v1"};

base::Uuid Id(int i) {
  return base::Uuid::MakeV7(1'800'000'000'000 + i, 5, static_cast<uint64_t>(i));
}

class FramesTest : public testing::TestWithParam<Encoding> {
 protected:
  intake::v1::ClientFrame Parsed(const std::string& bytes) const {
    intake::v1::ClientFrame frame;
    if (GetParam() == Encoding::kProto) {
      EXPECT_TRUE(frame.ParseFromString(bytes));
    } else {
      EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(bytes, &frame).ok()) << bytes;
    }
    return frame;
  }
};

TEST_P(FramesTest, CarriesIntentsAndWatches) {
  FrameWriter writer(GetParam());
  IntentTemplate shape(GetParam(), kBatik, 2, "ruang \"1\"", "kreator-7");
  EXPECT_TRUE(writer.empty());
  writer.AddIntent(shape, Id(1));
  writer.AddRoom("ruang \"1\"");
  writer.AddWatch(Id(3));
  writer.AddIntent(shape, Id(2));
  intake::v1::ClientFrame frame = Parsed(writer.Take());
  EXPECT_TRUE(writer.empty());
  ASSERT_EQ(frame.intents_size(), 2);
  EXPECT_EQ(frame.intents(0).intent_id(), Id(1).ToString());
  const intake::v1::Intent& intent = frame.intents(1);
  EXPECT_EQ(intent.intent_id(), Id(2).ToString());
  EXPECT_EQ(intent.offer_id(), kBatik.offer_id);
  EXPECT_EQ(intent.quantity(), 2u);
  EXPECT_EQ(intent.price_seen().currency(), "IDR");
  EXPECT_EQ(intent.price_seen().amount_minor(), kBatik.amount_minor);
  EXPECT_EQ(intent.price_version(), "v1");
  EXPECT_EQ(intent.room_id(), "ruang \"1\"");
  EXPECT_EQ(intent.attribution(), "kreator-7");
  ASSERT_EQ(frame.watch_intent_ids_size(), 1);
  EXPECT_EQ(frame.watch_intent_ids(0), Id(3).ToString());
  ASSERT_EQ(frame.watch_room_ids_size(), 1);
  EXPECT_EQ(frame.watch_room_ids(0), "ruang \"1\"");
}

TEST_P(FramesTest, SplitsAtTheContractsBounds) {
  FrameWriter writer(GetParam());
  IntentTemplate shape(GetParam(), kBatik, 1, "");
  constexpr int kCount = 600;
  for (int i = 0; i < kCount; ++i) writer.AddIntent(shape, Id(i));
  int seen = 0;
  while (!writer.empty()) {
    std::string bytes = writer.Take();
    EXPECT_LE(bytes.size(), intent::kFrameBytes);
    intake::v1::ClientFrame frame = Parsed(bytes);
    EXPECT_LE(static_cast<size_t>(frame.intents_size()), intent::kIntentsPerFrame);
    for (const intake::v1::Intent& intent : frame.intents()) {
      EXPECT_EQ(intent.intent_id(), Id(seen++).ToString());
    }
  }
  EXPECT_EQ(seen, kCount);
}

TEST_P(FramesTest, LongOffersFitTheLengthPrefix) {
  OfferOnSale offer{.offer_id = std::string(64, 'x'),
                    .amount_minor = 1'000'000'000'000'000,
                    .price_version = std::string(64, 'y')};
  FrameWriter writer(GetParam());
  writer.AddIntent(IntentTemplate(GetParam(), offer, 99, ""), Id(1));
  EXPECT_EQ(Parsed(writer.Take()).intents(0).price_version(), offer.price_version);
}

TEST_P(FramesTest, ReadsServerFrames) {
  intake::v1::ServerFrame sent;
  sent.add_receipts()->set_intent_id(Id(1).ToString());
  sent.add_outcomes()->set_order_id("O-1");
  std::string bytes;
  if (GetParam() == Encoding::kProto) {
    bytes = sent.SerializeAsString();
  } else {
    ASSERT_TRUE(google::protobuf::util::MessageToJsonString(sent, &bytes).ok());
  }
  FrameReader reader(GetParam());
  const intake::v1::ServerFrame* frame = nullptr;
  ASSERT_TRUE(reader.Read(bytes, &frame).ok());
  EXPECT_EQ(frame->receipts(0).intent_id(), Id(1).ToString());
  EXPECT_EQ(frame->outcomes(0).order_id(), "O-1");
  EXPECT_FALSE(reader.Read("\xff\xff", &frame).ok());
}

INSTANTIATE_TEST_SUITE_P(Encodings, FramesTest, testing::Values(Encoding::kProto, Encoding::kJson));

}  // namespace
}  // namespace jembatan::load
