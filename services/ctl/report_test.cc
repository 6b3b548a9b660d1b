// report beli-lokal as it is called: on a cluster in this process, and on a bundle.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/clock.h"
#include "libs/base/file.h"
#include "libs/base/text.h"
#include "libs/evidence/archive.h"
#include "libs/evidence/bundle.h"
#include "libs/evidence/limits.h"
#include "libs/evidence/testing/house.h"
#include "libs/evidence/verify.h"
#include "libs/goods/attestation.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/produce.h"
#include "services/ctl/command.h"

namespace jembatan::ctl {
namespace {

using evidence::testing::House;
using evidence::testing::kMarketplace;
using evidence::testing::Tap;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class BeliLokal : public testing::Test {
 protected:
  BeliLokal() : folder_(testing::TempDir() + "/ctl_report_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    WriteFile("goods.keys", marketplace_.verifier().text() + "\n");
  }
  ~BeliLokal() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void WriteFile(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
  }
  std::string Content(const std::string& name) const {
    return base::ReadWholeFile(Path(name), size_t{1} << 20).value();
  }

  int Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"report", "beli-lokal"});
    std::ostringstream out;
    std::ostringstream err;
    const int status = RunCommand(std::move(arguments), out, err);
    out_ = out.str();
    err_ = err.str();
    return status;
  }

  // Kopi, of a small seller, made here.
  std::string Offer(int64_t issued_ms) const {
    crossing::v1::Offer offer;
    offer.set_offer_id("kopi");
    offer.set_marketplace_id(kMarketplace);
    offer.mutable_price()->set_currency("IDR");
    offer.mutable_price()->set_amount_minor(2'500'000);
    offer.set_attestation(marketplace_.Sign(
        *goods::WriteAttestation({.marketplace_id = kMarketplace,
                                  .offer_id = "kopi",
                                  .issued_ms = issued_ms,
                                  .goods = {.origin_country = "ID",
                                            .seller_tier = goods::Goods::SellerTier::kUmkm,
                                            .local = true}})));
    return offer.SerializeAsString();
  }

  const std::string folder_;
  const ledger::NoteSigner marketplace_ = *ledger::NoteSigner::Generate(kMarketplace);
  std::string out_;
  std::string err_;
};

TEST_F(BeliLokal, BadUsageIsOneLineAndExitStatusTwo) {
  const std::string keys = "--goods_keys=" + Path("goods.keys");
  WriteFile("bad.keys", "no key\n");
  WriteFile("trail.zip", "no ZIP file");
  const std::string from = "--from=2026-12-12T00:00:00+07:00";
  const std::string to = "--to=2026-12-13T00:00:00+07:00";
  const std::vector<std::string> kBad[] = {
      {},
      {from, keys},
      {from, to},
      {"--from=midnight", to, keys},
      {from, "--to=2026-12-11T17:00:00Z", keys},
      {from, to, "--goods_keys=" + Path("bad.keys")},
      {from, to, "--goods_keys=" + Path("none")},
      {from, to, keys, "--language=nl"},
      {from, to, keys, "--csv=" + Path("a"), "--html=" + Path("a")},
      {"--bundle=" + Path("trail.zip")},
      {"--bundle=" + Path("trail.zip"), from},
      {"--bundle=" + Path("none.zip")},
  };
  for (const std::vector<std::string>& arguments : kBad) {
    EXPECT_EQ(Run(arguments), 2) << testing::PrintToString(arguments) << err_;
    EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
    EXPECT_EQ(out_, "");
  }
  WriteFile("there.csv", "mine");
  EXPECT_EQ(Run({from, to, keys, "--csv=" + Path("there.csv")}), 1);
  EXPECT_THAT(err_, HasSubstr("exists and is left as it is"));
  EXPECT_EQ(Content("there.csv"), "mine");
}

TEST_F(BeliLokal, ABundleGivesItsOwnTime) {
  House house;
  house.Put({std::string(evidence::kOffers), 0}, "kopi", Offer(evidence::testing::kFromMs - 60'000),
            evidence::testing::kFromMs - 1'000);
  house.Trade(20);
  house.Seal(evidence::testing::kToMs + evidence::kTailMs);
  evidence::Files files = house.Bare();
  files[std::string(evidence::kGoodsKeysName)] = marketplace_.verifier().text() + "\n";
  ASSERT_TRUE(evidence::Complete(house.TheScope(), house.auditor(), &files).ok());
  std::string bytes = evidence::Pack(files).value();
  WriteFile("bundle.zip", bytes);
  EXPECT_EQ(Run({"--bundle=" + Path("bundle.zip"), "--language=en"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("From 2026-11-27 10:00:00 WIB\n"));
  EXPECT_THAT(out_, HasSubstr("Reckoned from records that an auditor has sealed"));
  EXPECT_THAT(out_, ContainsRegex("\n  made in Indonesia +20 +100\\.0 % +20 +Rp 500,000 "));
  bytes[bytes.find("gateway-0")] = 'G';
  WriteFile("changed.zip", bytes);
  EXPECT_EQ(Run({"--bundle=" + Path("changed.zip")}), 1);
  EXPECT_THAT(err_, HasSubstr("the bundle does not hold: "));
}

// With topics of its own.
class BeliLokalOfTopics : public BeliLokal {
 protected:
  void SetUp() override {
    auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(2));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
  }

  void Produce(const std::string& topic, int32_t partition, const std::string& key,
               const std::string& value) {
    kafka::testing::Produce(cluster_->bootstrap(), topic, partition, key, value);
  }

  void Buy(uint64_t number, int32_t partition, const std::string& creator) {
    const Tap tap{.number = number, .at_ms = base::WallMs(), .buyer = number};
    auto intent = tap.Intent();
    intent.set_attribution(creator);
    Produce(kafka::kIntentsTopic, partition, intent.offer_id(), intent.SerializeAsString());
    crossing::v1::OutcomeRecord record;
    record.set_marketplace_id(kMarketplace);
    *record.mutable_outcome() = tap.Ordered(bought_[partition]++);
    Produce(kafka::kOutcomesTopic, partition, intent.offer_id(), record.SerializeAsString());
    told_.push_back(tap);
  }

  std::vector<std::string> Arguments(std::vector<std::string> more) const {
    more.insert(more.end(), {"--brokers=" + cluster_->bootstrap(), "--partitions=2",
                             "--goods_keys=" + Path("goods.keys")});
    return more;
  }

  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  std::vector<Tap> told_;
  int64_t bought_[2] = {};
};

TEST_F(BeliLokalOfTopics, TellsTheFiguresThriceAndNoBuyer) {
  Produce(kafka::kOffersTopic, 0, "kopi", Offer(base::WallMs() - 60'000));
  for (uint64_t i = 1; i <= 12; ++i) Buy(i, static_cast<int32_t>(i % 2), "kreator-sari");
  ASSERT_EQ(Run(Arguments({"--from=2026-01-01T00:00:00Z", "--to=2090-01-01T00:00:00Z",
                           "--csv=" + Path("made.csv"), "--html=" + Path("made.html")})),
            0)
      << err_;
  EXPECT_THAT(out_, ContainsRegex("\n  Beli Lokal +12 +100,0 % +12 +Rp 300\\.000 "));
  EXPECT_THAT(out_, ContainsRegex("\n  kreator-sari +12 "));
  EXPECT_THAT(out_, HasSubstr("HTML  " + Path("made.html") + "\n"));
  EXPECT_THAT(Content("made.csv"), HasSubstr("\r\nbeli_lokal,yes,orders,count,12\r\n"));
  EXPECT_THAT(Content("made.html"), HasSubstr("<dd>Rp 300.000</dd>"));
  const std::string all = out_ + Content("made.csv") + Content("made.html");
  for (const Tap& tap : told_) {
    for (const std::string& secret : {tap.id(), tap.buyer_ref(), base::Hex(tap.buyer_ref()),
                                      "T-" + std::to_string(tap.number)}) {
      EXPECT_THAT(all, Not(HasSubstr(secret)));
    }
  }
}

TEST_F(BeliLokalOfTopics, AnEmptyTimeIsAnEmptyReport) {
  Produce(kafka::kOffersTopic, 0, "kopi", Offer(base::WallMs() - 60'000));
  Buy(1, 0, "");
  EXPECT_EQ(Run(Arguments({"--from=2020-01-01T00:00:00Z", "--to=2020-01-02T00:00:00Z",
                           "--html=" + Path("empty.html")})),
            0)
      << err_;
  EXPECT_THAT(out_, HasSubstr("Tidak ada pesanan"));
  EXPECT_THAT(Content("empty.html"), HasSubstr("Tidak ada pesanan"));
}

}  // namespace
}  // namespace jembatan::ctl
