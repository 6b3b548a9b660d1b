// evidence and verify as they are called: on a cluster in this process, with a ledger on the disk.

#include <chrono>
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
#include "libs/evidence/limits.h"
#include "libs/evidence/testing/house.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/produce.h"
#include "libs/ledger_store/store.h"
#include "services/ctl/command.h"
#include "services/ctl/times.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

using evidence::testing::House;
using evidence::testing::Tap;
using testing::HasSubstr;

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

Ran Ctl(std::vector<std::string> arguments) {
  std::ostringstream out;
  std::ostringstream err;
  Ran ran;
  ran.status = RunCommand(std::move(arguments), out, err);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

class Evidence : public testing::Test {
 protected:
  Evidence() : folder_(testing::TempDir() + "/ctl_evidence_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Evidence() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void WriteFile(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
  }

  // A bundle of a house in memory, as a file.
  std::string MakeBundle() {
    house_.Trade(20);
    house_.Seal(evidence::testing::kToMs + evidence::kTailMs);
    const std::string bytes = evidence::Pack(house_.Bundle()).value();
    WriteFile("bundle.zip", bytes);
    WriteFile("verifier", house_.auditor().text() + "\n");
    return bytes;
  }

  const std::string folder_;
  House house_;
};

TEST_F(Evidence, ABundleThatHoldsIsTold) {
  MakeBundle();
  const Ran pinned = Ctl({"verify", Path("bundle.zip"), "--key=" + Path("verifier")});
  EXPECT_EQ(pinned.status, 0) << pinned.out << pinned.err;
  EXPECT_THAT(pinned.out, HasSubstr("PASS  Permendag 31/2023 art. 21(3)"));
  EXPECT_THAT(pinned.out, HasSubstr("----  Permendag 31/2023 art. 19"));
  EXPECT_THAT(pinned.out, HasSubstr("verify: records=41 seals=1 passed=9 failed=0 not_judged=3"));
  const Ran own = Ctl({"verify", Path("bundle.zip")});
  EXPECT_EQ(own.status, 0);
  const size_t hash = own.out.find("SHA-256 ");
  ASSERT_NE(hash, std::string::npos) << own.out;
  const std::string key_hash = own.out.substr(hash + 8, 64);
  EXPECT_EQ(Ctl({"verify", Path("bundle.zip"), "--key-hash=" + key_hash}).status, 0);
}

TEST_F(Evidence, ABundleThatDoesNotHoldIsExitStatusOne) {
  std::string bytes = MakeBundle();
  EXPECT_EQ(Ctl({"verify", Path("bundle.zip"), "--key_hash=" + std::string(64, '0')}).status, 1);
  WriteFile("other", House().auditor().text());
  EXPECT_EQ(Ctl({"verify", Path("bundle.zip"), "--key=" + Path("other")}).status, 1);
  const size_t place = bytes.find("gateway-0");
  bytes[place] = 'G';
  WriteFile("changed.zip", bytes);
  const Ran changed = Ctl({"verify", Path("changed.zip"), "--key=" + Path("verifier")});
  EXPECT_EQ(changed.status, 1);
  EXPECT_THAT(changed.out, HasSubstr("jembatan.intents.v1/0 record 0: it is not what was sealed"));
  bytes.resize(bytes.size() / 2);
  WriteFile("half.zip", bytes);
  EXPECT_EQ(Ctl({"verify", Path("half.zip")}).status, 1);
}

TEST_F(Evidence, BadUsageIsExitStatusTwo) {
  MakeBundle();
  EXPECT_EQ(Ctl({"verify"}).status, 2);
  EXPECT_EQ(Ctl({"verify", Path("none.zip")}).status, 2);
  EXPECT_EQ(Ctl({"verify", Path("bundle.zip"), "--key=" + Path("bundle.zip")}).status, 2);
  EXPECT_EQ(Ctl({"evidence", "--out=x"}).status, 2);
  EXPECT_EQ(Ctl({"evidence", "--ledger=" + folder_}).status, 2);
  EXPECT_EQ(Ctl({"evidence", "subject", "--ledger=" + folder_, "--out=x"}).status, 2);
}

// With topics and a ledger of its own.
class EvidenceOfTopics : public Evidence {
 protected:
  void SetUp() override {
    auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(2));
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    WriteFile("verifier", signer_.verifier().text() + "\n");
  }

  void Produce(const std::string& topic, int32_t partition, const std::string& key,
               const std::string& value) {
    kafka::testing::Produce(cluster_->bootstrap(), topic, partition, key, value);
  }

  // A tap that is ordered.
  void Buy(uint64_t number, int32_t partition) {
    const Tap tap{.number = number, .at_ms = base::WallMs(), .buyer = number};
    const auto intent = tap.Intent();
    Produce(kafka::kIntentsTopic, partition, intent.offer_id(), intent.SerializeAsString());
    crossing::v1::OutcomeRecord record;
    record.set_marketplace_id(evidence::testing::kMarketplace);
    *record.mutable_outcome() = tap.Ordered(bought_[partition]++);
    Produce(kafka::kOutcomesTopic, partition, intent.offer_id(), record.SerializeAsString());
  }

  // As an auditor does: everything that the topics hold goes into the ledger.
  void Seal() {
    auto store = ledger_store::Store::Open(Path("ledger"));
    ASSERT_TRUE(store.ok()) << store.status();
    ledger::Hasher hasher;
    for (const kafka::TopicSpec& topic : kafka::JembatanTopics(2)) {
      for (int32_t partition = 0; partition < topic.partitions; ++partition) {
        if (!(*store)->NextOffset({topic.name, partition})) {
          ASSERT_TRUE((*store)->Begin({topic.name, partition}, 0).ok());
        }
      }
      const TopicScan scan{.cluster = {.brokers = cluster_->bootstrap()},
                           .topic = topic.name,
                           .partitions = topic.partitions};
      const absl::Status scanned = ScanTopic(scan, [&](const kafka::Record& record) {
        const ledger::LogId log{topic.name, record.partition};
        if (record.offset < *(*store)->NextOffset(log)) return;
        const ledger::Entry entry{record.offset, record.append_time_ms,
                                  ledger::DigestOf(hasher, record.key, record.value)};
        EXPECT_TRUE((*store)->Append(log, {&entry, 1}).ok());
      });
      ASSERT_TRUE(scanned.ok()) << scanned;
    }
    ASSERT_TRUE((*store)->Seal(base::WallMs(), signer_).ok());
  }

  std::vector<std::string> Arguments(std::vector<std::string> more) const {
    more.insert(more.end(), {"--brokers=" + cluster_->bootstrap(), "--ledger=" + Path("ledger"),
                             "--key=" + Path("verifier"), "--out=" + Path("made.zip")});
    return more;
  }
  Ran VerifyMade() const { return Ctl({"verify", Path("made.zip"), "--key=" + Path("verifier")}); }
  evidence::Files Made() const {
    evidence::Faults faults;
    return evidence::Unpack(*base::ReadWholeFile(Path("made.zip"), size_t{1} << 20), &faults)
        .value();
  }

  const ledger::NoteSigner signer_ = *ledger::NoteSigner::Generate("auditor.test");
  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  int64_t bought_[2] = {};
};

TEST_F(EvidenceOfTopics, TheBundleOfATimeHolds) {
  for (uint64_t i = 1; i <= 8; ++i) Buy(i, static_cast<int32_t>(i % 2));
  Seal();
  const Ran made = Ctl(Arguments({"evidence", "--from=2026-01-01T00:00:00Z",
                                  "--url_hosts=" + std::string(evidence::testing::kHost)}));
  ASSERT_EQ(made.status, 0) << made.err;
  const Ran verified = VerifyMade();
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  EXPECT_THAT(Made().at("figures.txt"), HasSubstr("all.intents=8\nall.ordered=8\n"));
  // What is there is left as it is.
  EXPECT_EQ(Ctl(Arguments({"evidence", "--from=2026-01-01T00:00:00Z"})).status, 1);
}

TEST_F(EvidenceOfTopics, ATimeThatIsNotSealedMakesNoBundle) {
  Buy(1, 0);
  Seal();
  const Ran ran = Ctl(Arguments({"evidence", "--to=2999-01-01T00:00:00Z"}));
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("the ledger is sealed only up to "));
}

TEST_F(EvidenceOfTopics, WhatATopicNoLongerHoldsMakesNoBundle) {
  for (uint64_t i = 1; i <= 3; ++i) Buy(i, 0);
  Seal();
  cluster_->DeleteRecords(kafka::kIntentsTopic, 0, 1);
  const Ran ran = Ctl(Arguments({"evidence"}));
  EXPECT_EQ(ran.status, 1) << ran.out;
  EXPECT_FALSE(std::filesystem::exists(Path("made.zip")));
}

TEST_F(EvidenceOfTopics, ASubjectsTrailShowsNobodyElse) {
  for (uint64_t i = 1; i <= 6; ++i) Buy(i, static_cast<int32_t>(i % 2));
  Seal();
  const std::string buyer = Tap{.buyer = 3}.buyer_ref();
  const Ran made = Ctl(Arguments({"evidence", "subject", "--buyer-ref=" + base::Hex(buyer)}));
  ASSERT_EQ(made.status, 0) << made.err;
  const Ran verified = VerifyMade();
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("verify: records=2 "));
  for (const auto& [name, content] : Made()) {
    for (const uint64_t other : {1, 2, 4, 5, 6}) {
      EXPECT_EQ(content.find(Tap{.buyer = other}.buyer_ref()), std::string::npos) << name;
    }
  }
}

}  // namespace
}  // namespace jembatan::ctl
