#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <boost/asio/io_context.hpp>

#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"
#include "libs/policy/testing.h"
#include "services/ctl/command.h"
#include "services/ctl/controls.h"
#include "services/ctl/controls_topic.h"
#include "services/ctl/goods_file.h"
#include "services/ctl/policy_replay.h"

namespace jembatan::ctl {
namespace {

using crossing::v1::Outcome;
using policy::testing::kConsent;
using policy::testing::PolicyOf;
using policy::testing::RuleText;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kId[] = "01a20d62-9d1c-7781-b3fd-95f74c7c085d";
constexpr int64_t kAppendMs = 1'795'000'000'000;  // 2026-11-18

std::string Intent(char buyer, const std::string& offer, bool consent = true) {
  crossing::v1::PurchaseIntent intent;
  intent.set_intent_id(kId);
  intent.set_buyer_ref(std::string(32, buyer));
  intent.set_fingerprint(std::string(32, 'f'));
  intent.set_offer_id(offer);
  intent.set_marketplace_id("toko");
  intent.set_consent_given(consent);
  base::SetMs(kAppendMs + 120'000, intent.mutable_deadline());
  return intent.SerializeAsString();
}

std::string Final(char buyer, Outcome::State state, crossing::v1::Reason reason = {},
                  const char* refused_by = nullptr, uint64_t token = 7) {
  crossing::v1::OutcomeRecord record;
  record.set_token(token);
  record.set_marketplace_id("toko");
  Outcome* outcome = record.mutable_outcome();
  outcome->set_intent_id(kId);
  outcome->set_buyer_ref(std::string(32, buyer));
  outcome->set_fingerprint(std::string(32, 'f'));
  outcome->set_state(state);
  outcome->set_reason(reason);
  outcome->set_refused_by_policy(refused_by != nullptr);
  outcome->set_policy_rule(refused_by != nullptr ? refused_by : "consent");
  return record.SerializeAsString();
}

std::string Open(uint64_t token) {
  crossing::v1::OutcomeRecord record;
  record.set_token(token);
  record.set_marketplace_id("toko");
  record.mutable_open();
  return record.SerializeAsString();
}

const char kGoods[] = R"([
  {"offer_id": "kopi", "origin_country": "ID", "ships_from": "home"},
  {"offer_id": "kaos", "origin_country": "CN", "ships_from": "abroad", "hs_code": "61091010",
   "fob_currency": "USD", "fob_minor": 500, "seller_licence": "L-1", "licence_expires_ms": 9}])";

std::string Border() {
  return RuleText("border", "cross_border", "minimum_fob_usd_minor = 10000\npositive_list = []");
}

// --- Replay
// ---------------------------------------------------------------------------------------

class Replaying : public testing::Test {
 protected:
  void Bring(char buyer, const std::string& offer, bool consent = true, int64_t after_ms = 0) {
    EXPECT_TRUE(
        replay_.AddIntent(0, offset_++, kAppendMs + after_ms, Intent(buyer, offer, consent)).ok());
  }

  int64_t offset_ = 0;
  const std::shared_ptr<const policy::Policy> policy_ = PolicyOf(Border());
  const GoodsByOffer goods_ = *ParseGoodsFile(kGoods);
  PolicyReplay replay_{*policy_, goods_, {.from_ms = kAppendMs, .to_ms = kAppendMs + 1'000}};
};

TEST_F(Replaying, TellsWhatWouldHaveBeenDecided) {
  Bring('a', "kopi");
  Bring('b', "kaos");
  Bring('c', "kaos");
  Bring('d', "kopi", /*consent=*/false);
  Bring('e', "unknown");
  replay_.AddOutcome(0, Open(7));
  replay_.AddOutcome(0, Final('a', Outcome::STATE_ORDERED));
  replay_.AddOutcome(0, Final('b', Outcome::STATE_ORDERED));
  replay_.AddOutcome(0, Final('c', Outcome::STATE_REJECTED, crossing::v1::REASON_OUT_OF_STOCK));
  replay_.AddOutcome(
      0, Final('d', Outcome::STATE_REJECTED, crossing::v1::REASON_CONSENT_NOT_GIVEN, "consent"));
  const std::string report = replay_.Report();
  const auto row = [](const char* count, std::string then, const char* now) {
    then.resize(56, ' ');
    return std::string("        ") + count + " " + then + " " + now + "\n";
  };
  EXPECT_THAT(report, HasSubstr(row("1  ", "ORDERED", "may pass")));
  EXPECT_THAT(report,
              HasSubstr(row("1 *", "ORDERED", "REJECTED CROSS_BORDER_BELOW_MINIMUM by border")));
  EXPECT_THAT(report, HasSubstr(row("1 *", "REJECTED OUT_OF_STOCK",
                                    "REJECTED CROSS_BORDER_BELOW_MINIMUM by border")));
  EXPECT_THAT(report, HasSubstr(row("1  ", "REJECTED CONSENT_NOT_GIVEN by consent",
                                    "REJECTED CONSENT_NOT_GIVEN by consent")));
  EXPECT_THAT(report, HasSubstr(row("1  ", "no outcome yet", "REJECTED ORIGIN_MISSING by border")));
  EXPECT_THAT(report,
              HasSubstr("policy " + base::Hex(policy_->version) + ": intents=5 differ=2\n"));
}

TEST_F(Replaying, ARefusalThatThePolicyWouldNotHaveMadeDiffersToo) {
  Bring('a', "kopi");
  replay_.AddOutcome(
      0, Final('a', Outcome::STATE_REJECTED, crossing::v1::REASON_ROLLOUT_EXCLUDED, "trial"));
  EXPECT_THAT(replay_.Report(), HasSubstr("intents=1 differ=1\n"));
}

TEST_F(Replaying, CountsTheFirstCopyThatIsNotVoidInTheTime) {
  Bring('a', "kopi", true, -1);
  Bring('b', "kopi", true, 1'000);
  Bring('c', "kopi");
  Bring('c', "kopi", true, 5);
  EXPECT_TRUE(replay_.AddIntent(0, 9, kAppendMs, "\xff").ok());
  EXPECT_EQ(replay_.intents(), 1u);
  PolicyReplay always(*policy_, goods_, {});
  EXPECT_TRUE(always.AddIntent(0, 1, kAppendMs + 120'001, Intent('a', "kopi")).ok());
  EXPECT_EQ(always.intents(), 0u) << "it came after its deadline";
}

TEST_F(Replaying, TheFirstValidFinalStands) {
  Bring('a', "kopi");
  replay_.AddOutcome(0, Open(7));
  replay_.AddOutcome(0, Final('a', Outcome::STATE_EXPIRED, {}, nullptr, /*token=*/6));
  replay_.AddOutcome(0, Final('a', Outcome::STATE_UNCONFIRMED));
  replay_.AddOutcome(0, Final('a', Outcome::STATE_ORDERED));
  replay_.AddOutcome(0, Final('a', Outcome::STATE_EXPIRED));
  EXPECT_THAT(replay_.Report(), HasSubstr(" ORDERED "));
}

TEST_F(Replaying, ExplainsEveryRule) {
  PolicyReplay one(*policy_, goods_, {.intent_id = kId});
  ASSERT_TRUE(one.AddIntent(3, 17, kAppendMs, Intent('a', "kaos")).ok());
  one.AddOutcome(3, Final('a', Outcome::STATE_ORDERED));
  const std::string text = one.Explanation();
  EXPECT_THAT(text, StartsWith("intent " + std::string(kId) +
                               " of buyer 6161616161616161, appended 2026-11-18T"));
  EXPECT_THAT(text, HasSubstr(" at 3/17\n"));
  EXPECT_THAT(text, HasSubstr("origin CN, ships from abroad, HS 61091010, FOB USD 500"));
  EXPECT_THAT(text, HasSubstr("  consent                      lets it pass "));
  EXPECT_THAT(text,
              HasSubstr("  border                       refuses: CROSS_BORDER_BELOW_MINIMUM "));
  EXPECT_THAT(text, HasSubstr("this policy:  REJECTED CROSS_BORDER_BELOW_MINIMUM by border ("));
  EXPECT_THAT(text, HasSubstr("decided:      ORDERED; rule consent (no policy named)\n"));
}

// --- Goods
// ----------------------------------------------------------------------------------------

TEST(GoodsFile, WhatIsWrongIsRefused) {
  const std::pair<const char*, const char*> kBad[] = {
      {"{}", "not a JSON array"},
      {"[1]", "offer 1: not an object with an offer_id"},
      {R"([{"offer_id": ""}])", "offer 1: not an object with an offer_id"},
      {R"([{"offer_id": "a"}, {"offer_id": "a"}])", "offer 2: told twice"},
      {R"([{"offer_id": "a", "ships_from": "moon"}])",
       "offer 1: bad or unknown key \"ships_from\""},
      {R"([{"offer_id": "a", "fob_minor": 1.5}])", "offer 1: bad or unknown key \"fob_minor\""},
      {R"([{"offer_id": "a", "fob_minor": -1}])", "offer 1: bad or unknown key \"fob_minor\""},
      {R"([{"offer_id": "a", "name": "x"}])", "offer 1: bad or unknown key \"name\""},
  };
  for (const auto& [json, error] : kBad) {
    EXPECT_EQ(base::Std(ParseGoodsFile(json).status().message()), error) << json;
  }
}

// --- The command line
// -----------------------------------------------------------------------------

class PolicyCommand : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/policy_command";
    std::filesystem::create_directories(folder_);
    Write("good.toml", kConsent + Border());
    Write("bad.toml", kConsent + RuleText("border", "cross_border", "minimum_fob_usd_minor = 0"));
    Write("goods.json", kGoods);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  int Run(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    arguments.insert(arguments.begin(), "policy");
    int status = RunCommand(std::move(arguments), out, err);
    out_ = out.str();
    err_ = err.str();
    return status;
  }

  std::string folder_;
  std::string out_;
  std::string err_;
};

TEST_F(PolicyCommand, CheckTellsTheVersionOrTheFault) {
  EXPECT_EQ(Run({"check", Path("good.toml")}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("cross_border    border "));
  EXPECT_THAT(
      out_, HasSubstr("rules=2 rates=0 version=" + base::Hex(PolicyOf(Border())->version) + "\n"));
  EXPECT_EQ(Run({"check", Path("bad.toml")}), 2);
  EXPECT_THAT(err_, HasSubstr(Path("bad.toml") + ":12: minimum_fob_usd_minor: must be"));
  EXPECT_EQ(Run({"check", Path("none.toml")}), 2);
}

TEST_F(PolicyCommand, ApplyReplacesTheFileOrLeavesItAsItWas) {
  Write("in-force.toml", kConsent);
  EXPECT_EQ(Run({"apply", Path("bad.toml"), "--to-file", Path("in-force.toml")}), 2);
  EXPECT_EQ(Read("in-force.toml"), kConsent);
  EXPECT_EQ(Run({"apply", Path("good.toml"), "--to-file", Path("in-force.toml")}), 0) << err_;
  EXPECT_EQ(Read("in-force.toml"), Read("good.toml"));
  EXPECT_FALSE(std::filesystem::exists(Path("in-force.toml.new")));
  EXPECT_EQ(Run({"apply", Path("good.toml"), "--to-file", Path("nowhere/in-force.toml")}), 1);
}

TEST_F(PolicyCommand, ApplyOrdersAPolicyForEveryBridge) {
  auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(2));
  ASSERT_TRUE(cluster.ok());
  const std::string brokers = (*cluster)->bootstrap();
  const ControlsAccess access{.cluster = {.brokers = brokers}};
  EXPECT_EQ(Run({"apply", Path("good.toml"), "--brokers", brokers}), 2) << "nobody says why";
  EXPECT_EQ(Run({"apply", Path("bad.toml"), "--brokers", brokers, "--why", "uji"}), 2);
  EXPECT_EQ(Run({"apply", Path("good.toml"), "--brokers", brokers, "--why", "uji"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("policy version 1 at offset 0"));
  const auto in_force = ReadControls(access);
  ASSERT_TRUE(in_force.ok()) << in_force.status();
  ASSERT_NE(in_force->policy(), nullptr);
  EXPECT_EQ(in_force->policy()->version, PolicyOf(Border())->version);
  EXPECT_THAT(Describe(in_force->List().front(), kAppendMs),
              HasSubstr(base::Hex(in_force->policy()->version)));
}

TEST_F(PolicyCommand, ReplayWantsATimeThatIsOne) {
  const std::vector<std::string> replay = {"replay", "--with", Path("good.toml"), "--from"};
  auto with = [&](const char* from, const char* to) {
    std::vector<std::string> arguments = replay;
    arguments.insert(arguments.end(), {from, "--to", to});
    return arguments;
  };
  EXPECT_EQ(Run(with("yesterday", "2026-11-25T00:00:00Z")), 2);
  EXPECT_THAT(err_, HasSubstr("--from: write it like"));
  EXPECT_EQ(Run(with("2026-11-25T00:00:00Z", "2026-11-25T07:00:00+07:00")), 2);
  EXPECT_THAT(err_, HasSubstr("--to is not after --from"));
}

TEST_F(PolicyCommand, ExplainAndReplayReadTheLog) {
  auto cluster = kafka::testing::MockCluster::Create(1, kafka::JembatanTopics(2));
  ASSERT_TRUE(cluster.ok());
  boost::asio::io_context context;
  size_t delivered = 0;
  auto producer =
      kafka::Producer::Create({.cluster = {.brokers = (*cluster)->bootstrap()}}, context,
                              [&](auto deliveries) { delivered += deliveries.size(); });
  ASSERT_TRUE(producer.ok());
  // The in-process Kafka stamps records with the present: let the deadline lie far ahead.
  crossing::v1::PurchaseIntent intent;
  ASSERT_TRUE(intent.ParseFromString(Intent('a', "kaos")));
  base::SetMs(int64_t{4'000'000'000'000}, intent.mutable_deadline());
  const std::string value = intent.SerializeAsString();
  ASSERT_TRUE((*producer)->Produce(kafka::kIntentsTopic, 1, "kaos", value, 1).ok());
  const std::string final = Final('a', Outcome::STATE_ORDERED);
  ASSERT_TRUE((*producer)->Produce(kafka::kOutcomesTopic, 1, "kaos", final, 2).ok());
  ASSERT_TRUE(kafka::testing::RunUntil(context, [&] { return delivered == 2; }));
  const std::vector<std::string> log = {
      "--brokers", (*cluster)->bootstrap(), "--partitions", "2",
      "--goods",   Path("goods.json"),      "--with",       Path("good.toml")};
  auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), log.begin(), log.end());
    return arguments;
  };
  EXPECT_EQ(Run(with({"explain", "--intent", kId})), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("REJECTED CROSS_BORDER_BELOW_MINIMUM by border"));
  EXPECT_EQ(Run(with({"replay", "--from", "2020-01-01T00:00:00Z", "--to", "2090-01-01T00:00:00Z"})),
            0)
      << err_;
  EXPECT_THAT(out_, HasSubstr("intents=1 differ=1\n"));
  EXPECT_EQ(Run(with({"explain", "--intent", "01a20d62-9d1c-7781-b3fd-000000000000"})), 1);
  EXPECT_THAT(err_, HasSubstr("the log holds no intent"));
}

}  // namespace
}  // namespace jembatan::ctl
