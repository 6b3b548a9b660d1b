#include "libs/offers_reader/offers_reader.h"

#include <filesystem>
#include <fstream>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::offers {
namespace {

using kafka::testing::RunUntil;

constexpr int kPartitions = 2;

class OffersReaderTest : public ::testing::Test, public OffersHandler {
 protected:
  void SetUp() override {
    auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(kPartitions));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    config_.brokers = cluster_->bootstrap();
    auto producer = kafka::Producer::Create(
        {.cluster = config_}, context_,
        [this](std::span<const kafka::Delivery> done) { delivered_ += done.size(); });
    ASSERT_TRUE(producer.ok()) << producer.status();
    producer_ = *std::move(producer);
  }

  void OnOfferRecord(std::string_view offer_id, std::string_view value,
                     const OfferPtr& offer) override {
    told_ += "record:" + std::string(offer_id) + (value.empty() ? "" : "+") +
             (offer != nullptr ? "! " : " ");
  }
  void OnOffer(std::string_view offer_id, const OfferPtr& offer) override {
    told_ += std::string(offer_id) + "=";
    told_ += offer == nullptr          ? "none "
             : offer->goods == nullptr ? "unattested "
                                       : offer->goods->origin_country + " ";
  }
  void OnOffersComplete() override { told_ += "complete "; }

  void Append(const std::string& key, const std::string& value) {
    const int32_t partition = kafka::PartitionOf(key, kPartitions);
    ASSERT_TRUE(producer_->Produce(kafka::kOffersTopic, partition, key, value, 0).ok());
    const size_t wanted = delivered_ + 1;
    ASSERT_TRUE(RunUntil(context_, [&] { return delivered_ >= wanted; }));
  }
  std::string Value(const std::string& offer_id, const ledger::NoteSigner& signer,
                    int64_t issued_ms, const std::string& origin) const {
    crossing::v1::Offer offer;
    offer.set_offer_id(offer_id);
    offer.set_marketplace_id("toko");
    offer.mutable_price()->set_currency("IDR");
    offer.mutable_price()->set_amount_minor(100);
    offer.set_attestation(
        signer.Sign(*goods::WriteAttestation({.marketplace_id = "toko",
                                              .offer_id = offer_id,
                                              .issued_ms = issued_ms,
                                              .goods = {.origin_country = origin}})));
    return offer.SerializeAsString();
  }
  void StartReader() {
    reader_ = std::make_unique<OffersReader>(config_, kPartitions,
                                             *goods::NoteKeys::Parse(toko_.verifier().text()),
                                             "test", registry_, context_, this);
    ASSERT_TRUE(reader_->Start().ok());
  }
  bool Told(const std::string& what) {
    return RunUntil(context_, [&] { return told_.find(what) != std::string::npos; });
  }
  double Metric(const std::string& name, const std::string& what = {}) {
    for (const auto& family : registry_.Collect()) {
      if (family.name != "jembatan_test_" + name) continue;
      for (const prometheus::ClientMetric& metric : family.metric) {
        const bool wanted = what.empty() || metric.label.front().value == what;
        if (wanted) return metric.gauge.value + metric.counter.value;
      }
    }
    return -1;
  }

  const ledger::NoteSigner toko_ = *ledger::NoteSigner::Generate("toko");
  const ledger::NoteSigner forger_ = *ledger::NoteSigner::Generate("toko");
  prometheus::Registry registry_;
  boost::asio::io_context context_{1};
  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  kafka::ClusterConfig config_;
  std::unique_ptr<kafka::Producer> producer_;
  size_t delivered_ = 0;
  std::string told_;
  std::unique_ptr<OffersReader> reader_;
};

TEST_F(OffersReaderTest, TellsAnEmptyTopicsEndAndWhatComesLater) {
  StartReader();
  ASSERT_TRUE(Told("complete "));
  EXPECT_EQ(told_, "complete ");
  told_.clear();
  Append("kopi", Value("kopi", toko_, 1, "ID"));
  ASSERT_TRUE(Told("kopi=")) << told_;
  EXPECT_EQ(told_, "record:kopi+! kopi=ID ");
  told_.clear();
  Append("kopi", "");
  ASSERT_TRUE(Told("kopi=")) << told_;
  EXPECT_EQ(told_, "record:kopi kopi=none ");
  EXPECT_EQ(Metric("offers"), 0);
}

TEST_F(OffersReaderTest, TheEndIsThatOfAllPartitions) {
  for (const char* offer_id : {"a", "b", "c", "d"}) {
    Append(offer_id, Value(offer_id, toko_, 1, "ID"));
  }
  StartReader();
  ASSERT_TRUE(Told("complete "));
  EXPECT_TRUE(told_.ends_with("complete ")) << told_;
  for (const char* told : {"a=ID ", "b=ID ", "c=ID ", "d=ID "}) {
    EXPECT_NE(told_.find(told), std::string::npos) << told_;
  }
  EXPECT_EQ(Metric("offers"), 4);
}

TEST_F(OffersReaderTest, WhatIsForgedIsCountedAndChangesNothing) {
  StartReader();
  // The end of an empty topic is told at a time of its own, else between any two records.
  ASSERT_TRUE(Told("complete "));
  told_.clear();
  Append("kopi", Value("kopi", toko_, 5, "ID"));
  Append("kopi", Value("kopi", forger_, 9, "CN"));
  Append("kopi", "rubbish");
  Append("kopi", Value("kopi", toko_, 6, "MY"));
  ASSERT_TRUE(Told("kopi=MY "));
  EXPECT_EQ(told_,
            "record:kopi+! kopi=ID record:kopi+! kopi=ID record:kopi+! record:kopi+! kopi=MY ");
  EXPECT_EQ(Metric("offers_refused_total", "note"), 1);
  EXPECT_EQ(Metric("offers_refused_total", "record"), 1);
}

TEST(LoadNoteKeys, RefusesWhatIsNoKey) {
  const auto none = LoadNoteKeys("");
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty());
  EXPECT_FALSE(LoadNoteKeys("/nonexistent.keys").ok());
  const std::string path = std::filesystem::path(::testing::TempDir()) / "goods.keys";
  std::ofstream(path) << ledger::NoteSigner::Generate("toko")->verifier().text() << "\n";
  EXPECT_TRUE(LoadNoteKeys(path).ok());
  std::ofstream(path) << "toko\n";
  EXPECT_FALSE(LoadNoteKeys(path).ok());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace jembatan::offers
