#include "services/bridge/relay.h"

#include "gtest/gtest.h"

#include "services/bridge/limits.h"

namespace jembatan::bridge {
namespace {

crossing::v1::Offer Offer(const std::string& offer_id, uint64_t sold = 0) {
  crossing::v1::Offer offer;
  offer.set_offer_id(offer_id);
  offer.set_marketplace_id("toko");
  offer.set_title("Kopi");
  offer.mutable_price()->set_currency("IDR");
  offer.mutable_price()->set_amount_minor(100);
  offer.set_sold(sold);
  return offer;
}

// A relay, the topic it writes into, and the time.
class RelayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    relay_.Start();
    relay_.OnTopicComplete();
  }
  void Watch(const std::vector<crossing::v1::Offer>& offers) {
    relay_.OnWatchBegun();
    for (const auto& offer : offers) relay_.OnOffer(offer, now_ms_);
    relay_.OnAllTold(now_ms_);
  }
  void ReadBack(const OfferRelay::Write& write) {
    relay_.OnRecord(write.offer_id, write.value, write.value.empty() ? "" : "toko", now_ms_);
  }
  // Writes what is due and reads it back: "id=sold", "id=none" for a withdrawal.
  std::string Round() {
    std::string told;
    for (const OfferRelay::Write& write : relay_.Due(now_ms_)) {
      crossing::v1::Offer offer;
      offer.ParseFromString(write.value);
      told += write.offer_id + "=" + (write.value.empty() ? "none" : std::to_string(offer.sold())) +
              " ";
      ReadBack(write);
    }
    return told;
  }

  OfferRelay relay_{"toko"};
  int64_t now_ms_ = 1'000'000;
};

TEST_F(RelayTest, WritesWhatTheTopicDoesNotSayYet) {
  Watch({Offer("kopi"), Offer("teh")});
  EXPECT_FALSE(relay_.settled());
  EXPECT_EQ(Round(), "kopi=0 teh=0 ");
  EXPECT_TRUE(relay_.settled());
  EXPECT_EQ(Round(), "");
  relay_.OnOffer(Offer("kopi", 0), now_ms_);
  EXPECT_EQ(Round(), "") << "nothing has changed";
  now_ms_ += kRelayIntervalMs;
  relay_.OnOffer(Offer("kopi", 3), now_ms_);
  EXPECT_EQ(Round(), "kopi=3 ");
}

TEST_F(RelayTest, AnOfferThatChangesAllTheTimeIsWrittenAtIntervals) {
  Watch({Offer("kopi")});
  std::string told = Round();
  for (uint64_t sold = 1; sold <= 10; ++sold) {
    now_ms_ += kRelayIntervalMs / 5;
    relay_.OnOffer(Offer("kopi", sold), now_ms_);
    told += Round();
  }
  EXPECT_EQ(told, "kopi=0 kopi=5 kopi=10 ");
}

TEST_F(RelayTest, NothingIsWrittenBeforeBothSidesAreKnown) {
  OfferRelay relay("toko");
  relay.OnOffer(Offer("kopi"), now_ms_);
  relay.OnAllTold(now_ms_);
  relay.OnTopicComplete();
  EXPECT_TRUE(relay.Due(now_ms_).empty()) << "it does not relay";
  relay.Start();
  relay.OnWatchBegun();
  relay.OnOffer(Offer("kopi"), now_ms_);
  EXPECT_TRUE(relay.Due(now_ms_).empty()) << "the marketplace has not told all";
  relay.OnAllTold(now_ms_);
  EXPECT_EQ(relay.Due(now_ms_).size(), 1u);
}

TEST_F(RelayTest, WhatIsNotOnOfferAnyMoreIsWithdrawn) {
  relay_.OnRecord("basi", Offer("basi").SerializeAsString(), "toko", now_ms_);
  Watch({Offer("kopi")});
  EXPECT_EQ(Round(), "basi=none kopi=0 ") << "found in the topic, and nobody sells it";
  relay_.OnWatchEnded();
  now_ms_ += kRelayIntervalMs;
  relay_.OnWatchBegun();
  EXPECT_EQ(Round(), "") << "it may yet be told";
  relay_.OnAllTold(now_ms_);
  EXPECT_EQ(Round(), "kopi=none ");
}

// A bridge that was frozen, or somebody else, writes what is not so.
TEST_F(RelayTest, WhatOthersWriteIsPutRight) {
  Watch({Offer("kopi", 5)});
  Round();
  now_ms_ += kRelayIntervalMs;
  relay_.OnRecord("kopi", Offer("kopi", 2).SerializeAsString(), "toko", now_ms_);
  EXPECT_EQ(Round(), "kopi=5 ");
  now_ms_ += kRelayIntervalMs;
  relay_.OnRecord("kopi", "rubbish", "toko", now_ms_);
  EXPECT_EQ(Round(), "kopi=5 ");
  now_ms_ += kRelayIntervalMs;
  relay_.OnRecord("kopi", "", "", now_ms_);
  EXPECT_EQ(Round(), "kopi=5 ");
  EXPECT_EQ(relay_.in_flight(), 0u);
}

TEST_F(RelayTest, TwoRelaysDoNotFight) {
  OfferRelay other("toko");
  other.Start();
  other.OnTopicComplete();
  other.OnWatchBegun();
  other.OnOffer(Offer("kopi"), now_ms_);
  other.OnAllTold(now_ms_);
  Watch({Offer("kopi")});
  size_t records = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<OfferRelay::Write> writes = relay_.Due(now_ms_);
    for (auto& write : other.Due(now_ms_)) writes.push_back(write);
    for (const auto& write : writes) {
      ++records;
      ReadBack(write);
      other.OnRecord(write.offer_id, write.value, "toko", now_ms_);
    }
    now_ms_ += kRelayIntervalMs;
  }
  EXPECT_EQ(records, 2u);
}

TEST_F(RelayTest, AnotherMarketplacesOfferIsLeftAlone) {
  crossing::v1::Offer theirs = Offer("kopi");
  theirs.set_marketplace_id("lain");
  relay_.OnRecord("kopi", theirs.SerializeAsString(), "lain", now_ms_);
  Watch({Offer("kopi")});
  EXPECT_EQ(Round(), "");
  EXPECT_EQ(relay_.untold(), 1u);
  relay_.OnRecord("kopi", "", "", now_ms_);
  EXPECT_EQ(Round(), "kopi=0 ");
  relay_.OnRecord("teh", theirs.SerializeAsString(), "lain", now_ms_);
  relay_.OnWatchEnded();
  Watch({Offer("kopi")});
  EXPECT_EQ(Round(), "") << "nor withdrawn";
}

TEST_F(RelayTest, WhatWasLostIsWrittenAgain) {
  Watch({Offer("kopi")});
  EXPECT_EQ(relay_.Due(now_ms_).size(), 1u);
  EXPECT_EQ(Round(), "") << "it is under way";
  relay_.OnLost("kopi", now_ms_);
  EXPECT_EQ(Round(), "") << "it rests";
  now_ms_ += kRelayIntervalMs;
  EXPECT_EQ(Round(), "kopi=0 ");
  relay_.OnLost("kopi", now_ms_);
  EXPECT_EQ(Round(), "") << "read back before its delivery failed";
}

TEST_F(RelayTest, OnlySoManyAreUnderWay) {
  std::vector<crossing::v1::Offer> offers;
  for (size_t i = 0; i < kRelayWritesMax + 7; ++i) offers.push_back(Offer(std::to_string(i)));
  Watch(offers);
  std::vector<OfferRelay::Write> writes = relay_.Due(now_ms_);
  EXPECT_EQ(writes.size(), kRelayWritesMax);
  EXPECT_TRUE(relay_.Due(now_ms_).empty());
  for (const auto& write : writes) ReadBack(write);
  EXPECT_EQ(relay_.Due(now_ms_).size(), 7u);
}

TEST_F(RelayTest, WhoStopsForgetsWhatTheMarketplaceTold) {
  Watch({Offer("kopi"), Offer("teh")});
  EXPECT_EQ(relay_.Due(now_ms_).size(), 2u);
  ReadBack({"kopi", Offer("kopi").SerializeAsString()});
  relay_.Stop();
  EXPECT_EQ(Round(), "");
  EXPECT_EQ(relay_.in_flight(), 0u);
  now_ms_ += kRelayIntervalMs;
  relay_.OnRecord("kopi", Offer("kopi", 9).SerializeAsString(), "toko", now_ms_);
  EXPECT_EQ(Round(), "") << "the successor's business";
  relay_.Start();
  Watch({Offer("kopi", 9), Offer("teh")});
  EXPECT_EQ(Round(), "teh=0 ");
}

TEST_F(RelayTest, WhatReadersWouldRefuseIsNotWritten) {
  crossing::v1::Offer bad = Offer("kopi");
  bad.mutable_price()->set_amount_minor(0);
  Watch({bad});
  EXPECT_EQ(Round(), "");
  EXPECT_EQ(relay_.untold(), 1u);
}

}  // namespace
}  // namespace jembatan::bridge
