#include "services/ctl/command.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/base/clock.h"
#include "libs/base/file.h"
#include "libs/base/text.h"
#include "libs/identity/buyer_keys.h"
#include "libs/identity/token.h"
#include "services/ctl/files.h"

namespace jembatan::ctl {
namespace {

using testing::HasSubstr;

constexpr char kId[] = "018f3c5e-7a00-7abc-8def-0123456789ab";

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

// A folder that goes with the test.
class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    std::string pattern = testing::TempDir() + "ctl-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~CommandTest() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void MakeKeys() {
    ASSERT_EQ(Ctl({"token", "keygen", "--key=" + Path("key"), "--jwks=" + Path("jwks")}).status, 0);
  }

  std::string folder_;
};

TEST_F(CommandTest, EveryCommandAboutKafkaRefusesABadFileOfProperties) {
  std::ofstream(Path("kafka")) << "security.protocol=SASL_SSL\nacks=0\n";
  const std::vector<std::string> commands[] = {
      {"topics", "create"},
      {"topics", "check"},
      {"topics", "dump", "--topic=intents", "--out=" + Path("out")},
      {"deadletters", "list"},
      {"controls", "list"},
      {"halt", "--why=x"},
      {"policy", "replay"},
  };
  for (std::vector<std::string> command : commands) {
    command.push_back("--kafka_config=" + Path("kafka"));
    const Ran ran = Ctl(command);
    EXPECT_EQ(ran.status, 2) << command[0];
    EXPECT_THAT(ran.err, HasSubstr(Path("kafka") + ":2: acks is set by Jembatan itself"))
        << command[0];
  }
}

TEST_F(CommandTest, BadUsageIsOneLineAndStatusTwo) {
  const std::vector<std::string> table[] = {
      {},
      {"nonsense"},
      {"topics"},
      {"topics", "drop"},
      {"topics", "create", "--partitions=0"},
      {"topics", "create", "--partitions=many"},
      {"topics", "check", "--profile=test"},
      {"topics", "check", "--unknown=1"},
      {"offers", "load"},
      {"offers", "load", Path("absent"), "--target=127.0.0.1:1"},
      {"offers", "list", "--timeout-ms=0"},
      {"rooms"},
      {"rooms", "open"},
      {"rooms", "pin", "--room=r"},
      {"rooms", "list", "--key=" + Path("absent")},
      {"token"},
      {"token", "--key=k"},
      {"token", "--key=" + Path("absent"), "--viewer=v"},
      {"token", "--key=k", "--viewer=v", "--ttl-s=0"},
      {"token", "--key=k", "--viewer=v", "--consent=perhaps"},
      {"token", "keygen", "--algorithm=rsa", "--key=k", "--jwks=j"},
      {"token", "keygen", "--key=k"},
      {"buyer-keys"},
      {"buyer-keys", "create"},
      {"buyer-keys", "erase", "--file=k"},
      {"buyer-keys", "list", "--file=" + Path("absent")},
      {"data-sharing", "--language=jv"},
      {"reasons", "--format=xml"},
      {"intent", "--offer=kopi"},
      {"intent", "--offer=kopi", "--amount-minor=1", "--quantity=100"},
      {"intent", "--offer=kopi", "--amount-minor=1", "--intent=7"},
      {"outcome", "--intent=7", "--offer=kopi", "--token=t"},
      {"tap", "--offer=kopi"},
      {"tap", "--offer=kopi", "--amount-minor=1", "--token=t", "--intent=7"},
      {"tap", "--offer=kopi", "--amount-minor=1", "--gateway=127.0.0.1:1"},
      {"outcome", "--offer=kopi"},
      {"outcome", "--offer=kopi", "--intent", kId},
      {"orders", "show"},
      {"orders", "show", "--intent=7"},
      {"orders", "show", "--intent", kId, "--admin=https://a"},
  };
  for (const std::vector<std::string>& arguments : table) {
    std::string shown;
    for (const std::string& argument : arguments) shown += argument + " ";
    SCOPED_TRACE(shown);
    Ran ran = Ctl(arguments);
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.err, testing::StartsWith("jembatan-ctl: "));
    EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(CommandTest, FailureIsOneLineAndStatusOne) {
  MakeKeys();
  std::ofstream(Path("empty")) << "[]";
  const std::vector<std::string> table[] = {
      {"offers", "load", Path("empty"), "--target=127.0.0.1:1"},
      {"offers", "list", "--target=127.0.0.1:1", "--timeout_ms=300"},
      {"token", "--key=" + Path("jwks"), "--viewer=v"},
      {"token", "keygen", "--key=" + Path("key"), "--jwks=" + Path("other")},
      {"token", "keygen", "--key=" + Path("other"), "--jwks=" + Path("jwks")},
      {"buyer-keys", "create", "--file=" + Path("key")},
      {"outcome", "--intent", kId, "--offer=kopi", "--token=t", "--gateway=127.0.0.1:1"},
      {"tap", "--offer=kopi", "--amount-minor=1", "--token=t", "--gateway=127.0.0.1:1"},
      {"orders", "show", "--intent", kId, "--admin=http://127.0.0.1:1"},
  };
  for (const std::vector<std::string>& arguments : table) {
    std::string shown;
    for (const std::string& argument : arguments) shown += argument + " ";
    SCOPED_TRACE(shown);
    Ran ran = Ctl(arguments);
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.err, testing::StartsWith("jembatan-ctl: "));
    EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << ran.err;
    EXPECT_EQ(ran.out, "");
  }
  // A half-made pair leaves nothing behind.
  EXPECT_FALSE(std::filesystem::exists(Path("other")));
}

TEST_F(CommandTest, HelpIsNoError) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"topics", "create", "--help"}, {"token", "--help"}}) {
    Ran ran = Ctl(arguments);
    EXPECT_EQ(ran.status, 0);
    EXPECT_THAT(ran.out, HasSubstr("jembatan-ctl"));
  }
}

TEST_F(CommandTest, TokensVerifyAgainstTheirKeys) {
  for (const char* algorithm : {"eddsa", "es256"}) {
    SCOPED_TRACE(algorithm);
    std::string key = Path(std::string(algorithm) + ".pem");
    std::string jwks = Path(std::string(algorithm) + ".json");
    Ran made = Ctl({"token", "keygen", "--algorithm", algorithm, "--key", key, "--jwks", jwks});
    ASSERT_EQ(made.status, 0) << made.err;
    struct stat info{};
    ASSERT_EQ(stat(key.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);

    Ran ran = Ctl({"token", "--key", key, "--viewer=siti", "--ttl-s=60", "--consent-version=7"});
    ASSERT_EQ(ran.status, 0) << ran.err;
    ASSERT_TRUE(ran.out.ends_with('\n'));
    ran.out.pop_back();
    absl::StatusOr<identity::KeySet> keys =
        identity::KeySet::FromJwks(*base::ReadWholeFile(jwks, kFileBytes));
    ASSERT_TRUE(keys.ok()) << keys.status();
    const int64_t now = base::WallMs();
    absl::StatusOr<identity::Viewer> viewer =
        keys->Verify(ran.out, "https://app.example", "jembatan", now);
    ASSERT_TRUE(viewer.ok()) << viewer.status();
    EXPECT_EQ(viewer->id, "siti");
    EXPECT_EQ(viewer->region, "ID");
    EXPECT_TRUE(viewer->shop_consent);
    EXPECT_EQ(viewer->consent_version, "7");
    EXPECT_NEAR(static_cast<double>(viewer->expires_ms - now), 60'000, 5'000);
  }
}

TEST_F(CommandTest, ATokenMayLackConsent) {
  MakeKeys();
  Ran ran = Ctl({"token", "--key=" + Path("key"), "--viewer=siti", "--consent=false"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  ran.out.pop_back();
  absl::StatusOr<identity::KeySet> keys =
      identity::KeySet::FromJwks(*base::ReadWholeFile(Path("jwks"), kFileBytes));
  absl::StatusOr<identity::Viewer> viewer =
      keys->Verify(ran.out, "https://app.example", "jembatan", base::WallMs());
  ASSERT_TRUE(viewer.ok()) << viewer.status();
  EXPECT_FALSE(viewer->shop_consent);
}

TEST_F(CommandTest, ATokenMayBeABackEnds) {
  MakeKeys();
  Ran ran = Ctl({"token", "--key=" + Path("key"), "--viewer=app", "--manages-rooms"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  ran.out.pop_back();
  absl::StatusOr<identity::KeySet> keys =
      identity::KeySet::FromJwks(*base::ReadWholeFile(Path("jwks"), kFileBytes));
  absl::StatusOr<identity::Viewer> viewer =
      keys->Verify(ran.out, "https://app.example", "jembatan", base::WallMs());
  ASSERT_TRUE(viewer.ok()) << viewer.status();
  EXPECT_TRUE(viewer->manages_rooms);
  EXPECT_FALSE(viewer->shop_consent);
}

TEST_F(CommandTest, DataSharingPrintsTheAnnexInTheLanguageAskedFor) {
  const std::string both = Ctl({"data-sharing"}).out;
  const std::string indonesian = Ctl({"data-sharing", "--language=id"}).out;
  const std::string english = Ctl({"data-sharing", "--language=en"}).out;
  EXPECT_THAT(indonesian, testing::StartsWith("# Lampiran"));
  EXPECT_THAT(english, testing::StartsWith("# Data-sharing annex"));
  EXPECT_THAT(both, testing::HasSubstr(indonesian));
}

TEST_F(CommandTest, BuyerKeysAreFreshAndPrivate) {
  ASSERT_EQ(Ctl({"buyer-keys", "create", "--file=" + Path("a")}).status, 0);
  ASSERT_EQ(Ctl({"buyer-keys", "create", "--file=" + Path("b")}).status, 0);
  const auto keys = identity::BuyerKeys::FromText(*base::ReadWholeFile(Path("a"), kFileBytes));
  const auto others = identity::BuyerKeys::FromText(*base::ReadWholeFile(Path("b"), kFileBytes));
  ASSERT_TRUE(keys.ok() && others.ok());
  EXPECT_NE(keys->epochs()[0].digest, others->epochs()[0].digest);
  struct stat info{};
  ASSERT_EQ(stat(Path("a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(CommandTest, BuyerKeysAreRotatedAndNeverShown) {
  const std::string file = "--file=" + Path("keys");
  ASSERT_EQ(Ctl({"buyer-keys", "create", file}).status, 0);
  EXPECT_EQ(Ctl({"buyer-keys", "rotate", file, "--in-s=599"}).status, 1);
  EXPECT_THAT(Ctl({"buyer-keys", "rotate", file}).out, testing::StartsWith("epoch 2 from_ms="));
  const std::string text = *base::ReadWholeFile(Path("keys"), kFileBytes);
  const auto keys = identity::BuyerKeys::FromText(text);
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->epochs().size(), 2u);
  const std::string listed = Ctl({"buyer-keys", "list", file}).out;
  EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), 2);
  for (const identity::BuyerEpoch& epoch : keys->epochs()) {
    EXPECT_THAT(listed, testing::Not(testing::HasSubstr(base::Hex(epoch.key->bytes()))));
    EXPECT_THAT(listed, testing::HasSubstr(epoch.digest.substr(0, 16)));
  }
  // Neither is over.
  EXPECT_EQ(Ctl({"buyer-keys", "erase", file, "--epoch=1"}).status, 1);
  EXPECT_EQ(Ctl({"buyer-keys", "erase", file, "--epoch=2"}).status, 1);
  EXPECT_EQ(*base::ReadWholeFile(Path("keys"), kFileBytes), text);
}

TEST_F(CommandTest, AnErasedKeyIsRecordedAndGone) {
  const std::string file = "--file=" + Path("keys");
  const int64_t day_ms = 24LL * 3600 * 1000;
  const int64_t now_ms = base::WallMs();
  const identity::BuyerKey first = *identity::BuyerKey::Random();
  const identity::BuyerKeys keys = *identity::BuyerKeys(first).Rotated(
      *identity::BuyerKey::Random(), now_ms - day_ms, now_ms - 2 * day_ms);
  std::ofstream(Path("keys")) << keys.ToJson();
  EXPECT_THAT(Ctl({"buyer-keys", "erase", file, "--epoch=1"}).out,
              testing::HasSubstr(" erased_ms="));
  EXPECT_THAT(*base::ReadWholeFile(Path("keys"), kFileBytes),
              testing::Not(testing::HasSubstr(base::Hex(first.bytes()))));
  EXPECT_THAT(Ctl({"buyer-keys", "list", file}).out,
              testing::HasSubstr(keys.epochs()[0].digest.substr(0, 16) + " erased_ms="));
}

TEST_F(CommandTest, FlagsTakeDashesAndUnderscores) {
  EXPECT_EQ(Flag("key"), "--key");
  EXPECT_EQ(Flag("ttl_s"), "--ttl_s,--ttl-s");
  EXPECT_EQ(Ctl({"intent", "--offer=kopi", "--amount-minor=5"}).status, 0);
  EXPECT_EQ(Ctl({"intent", "--offer=kopi", "--amount_minor=5"}).status, 0);
}

}  // namespace
}  // namespace jembatan::ctl
