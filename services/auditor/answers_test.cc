#include "services/auditor/answers.h"

#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include <simdjson.h>

#include "libs/ledger/checkpoint.h"
#include "libs/ledger_store/store.h"

namespace jembatan::auditor {
namespace {

using ledger::Hash;

const ledger::LogId kLog{"t.v1", 2};

ledger::Entry EntryAt(int64_t offset) {
  ledger::Entry entry{.offset = offset, .append_time_ms = 5'000 + offset};
  entry.digest.fill(static_cast<uint8_t>(offset));
  return entry;
}

class AnswersTest : public testing::Test {
 protected:
  AnswersTest() : folder_(testing::TempDir() + "/answers_test") {
    std::filesystem::remove_all(folder_);
    store_ = *ledger_store::Store::Open(folder_);
    EXPECT_TRUE(store_->Begin(kLog, 10).ok());
    answers_ = *Answers::Open(folder_, signer_.verifier().text());
  }
  ~AnswersTest() override {
    answers_.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Every second offset, as in a compacted topic.
  void Append(int64_t first, int count) {
    for (int i = 0; i < count; ++i) {
      const ledger::Entry entry = EntryAt(first + 2 * i);
      ASSERT_TRUE(store_->Append(kLog, {&entry, 1}).ok());
    }
    ASSERT_TRUE(store_->Seal(1, signer_).ok());
  }
  std::string Ask(const std::string& target) {
    runtime::AdminResponse response = answers_->Answer(target);
    EXPECT_EQ(response.status, 200) << target << ": " << response.body;
    return response.body;
  }
  ledger::Checkpoint LastCheckpoint() {
    const std::string note = Ask("/checkpoint");
    const auto text = signer_.verifier().Open(note);
    EXPECT_TRUE(text.ok()) << text.status();
    return *ledger::ParseCheckpoint(*text);
  }
  simdjson::dom::element Json(const std::string& target) {
    simdjson::dom::element json;
    EXPECT_FALSE(parser_.parse(Ask(target)).get(json));
    return json;
  }
  static std::string Text(simdjson::dom::element json, const char* name) {
    return std::string(std::string_view(json[name]));
  }
  static std::vector<Hash> Hashes(simdjson::dom::element json) {
    std::vector<Hash> hashes;
    for (simdjson::dom::element text : json["proof"]) {
      hashes.push_back(*ledger::ParseHash(std::string_view(text)));
    }
    return hashes;
  }

  const std::string folder_;
  const ledger::NoteSigner signer_ = *ledger::NoteSigner::Generate("auditor.example");
  std::unique_ptr<ledger_store::Store> store_;
  std::unique_ptr<Answers> answers_;
  simdjson::dom::parser parser_;
  ledger::Hasher hasher_;
};

TEST_F(AnswersTest, ARecordIsProvenUpToTheCheckpoint) {
  Append(10, 5);
  Append(20, 6);
  EXPECT_EQ(Ask("/verifier"), signer_.verifier().text() + "\n");
  const ledger::Checkpoint checkpoint = LastCheckpoint();
  EXPECT_EQ(checkpoint.size, 2u);

  simdjson::dom::element json = Json("/seal");
  const std::string seal_text = Text(json, "seal");
  EXPECT_TRUE(ledger::VerifyInclusion(hasher_, 1, 2, hasher_.Leaf(seal_text), Hashes(json),
                                      checkpoint.root));
  const auto seal = ledger::ParseSeal(seal_text);
  ASSERT_TRUE(seal.ok()) << seal.status();
  const ledger::Head* head = ledger::HeadOf(*seal, kLog);
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->size, 11u);

  json = Json("/log/inclusion?topic=t.v1&partition=2&offset=24");
  EXPECT_EQ(uint64_t(json["index"]), 7u);
  EXPECT_EQ(int64_t(json["append_time_ms"]), 5'024);
  EXPECT_EQ(Text(json, "root"), ledger::HashText(head->root));
  ledger::LeafMaker maker(kLog);
  EXPECT_TRUE(ledger::VerifyInclusion(hasher_, 7, head->size, hasher_.Leaf(maker.Make(EntryAt(24))),
                                      Hashes(json), head->root));
}

TEST_F(AnswersTest, FormerCheckpointsAreTheBeginningOfTheLast) {
  Append(10, 3);
  const ledger::Checkpoint first = LastCheckpoint();
  const std::string root_of_3 = Text(Json("/log/root?topic=t.v1&partition=2&size=3"), "root");
  Append(16, 4);
  Append(24, 1);
  const ledger::Checkpoint last = LastCheckpoint();
  EXPECT_TRUE(ledger::VerifyConsistency(hasher_, 1, 3, first.root, last.root,
                                        Hashes(Json("/seals/consistency?from=1&to=3"))));
  EXPECT_EQ(Text(Json("/log/root?topic=t.v1&partition=2&size=3"), "root"), root_of_3);
  const std::string root_of_8 = Text(Json("/log/root?topic=t.v1&partition=2&size=8"), "root");
  EXPECT_TRUE(ledger::VerifyConsistency(
      hasher_, 3, 8, *ledger::ParseHash(root_of_3), *ledger::ParseHash(root_of_8),
      Hashes(Json("/log/consistency?topic=t.v1&partition=2&from=3&to=8"))));
  // An old seal tells its own checkpoint.
  EXPECT_EQ(*ledger::ParseCheckpoint(
                *signer_.verifier().Open(Text(Json("/seal?number=0"), "checkpoint"))),
            first);
}

TEST_F(AnswersTest, Refused) {
  EXPECT_EQ(answers_->Answer("/checkpoint").status, 404);
  Append(10, 3);
  const struct {
    int status;
    std::string target;
  } kRows[] = {
      {404, "/seal?number=1"},
      {400, "/seal?number=x"},
      {400, "/seal?number=-1"},
      {400, "/seal?n=1"},
      {400, "/seal?number"},
      {400, "/seal?number=0&number=0"},
      {400, "/checkpoint?x=1"},
      {400, "/seals/consistency?from=1"},
      {400, "/seals/consistency?from=1&to=0"},
      {409, "/seals/consistency?from=1&to=2"},
      {400, "/log/root?topic=t.v1&partition=2"},
      {400, "/log/root?topic=../t&partition=2&size=1"},
      {400, "/log/root?topic=t.v1&partition=99999999999&size=1"},
      {404, "/log/root?topic=t.v2&partition=2&size=1"},
      {409, "/log/root?topic=t.v1&partition=2&size=4"},
      {404, "/log/inclusion?topic=t.v1&partition=2&offset=11"},
      {409, "/log/inclusion?topic=t.v1&partition=2&offset=16"},
      {409, "/log/inclusion?topic=t.v1&partition=2&offset=14&size=2"},
      {400, "/log/consistency?topic=t.v1&partition=2&from=3&to=2"},
      {409, "/log/consistency?topic=t.v1&partition=2&from=3&to=4"},
  };
  for (const auto& row : kRows) {
    const runtime::AdminResponse response = answers_->Answer(row.target);
    EXPECT_EQ(response.status, row.status) << row.target << ": " << response.body;
  }
}

TEST_F(AnswersTest, WhatIsDamagedIsNotProven) {
  Append(10, 3);
  std::filesystem::resize_file(folder_ + "/t.v1-2/00000000000000000000.segment", 288 + 2 * 52);
  EXPECT_EQ(answers_->Answer("/log/inclusion?topic=t.v1&partition=2&offset=10").status, 500);
  EXPECT_EQ(answers_->Answer("/checkpoint").status, 200);
}

}  // namespace
}  // namespace jembatan::auditor
