#include "libs/identity/permalink.h"

#include <string>

#include "gtest/gtest.h"

namespace jembatan::identity {
namespace {

constexpr int64_t kNowMs = 1'800'000'000'000;
constexpr char kPage[] = "https://toko.example/beli";

class PermalinkTest : public testing::Test {
 protected:
  PermalinkTest()
      : signer_(*Signer::Generate(Algorithm::kEdDsa, "links-1")),
        keys_(*KeySet::FromJwks(signer_.jwks())) {}

  std::string Make(std::string_view payload = "\x01\xff payload") {
    auto link = MakePermalink(kPage, payload, kNowMs + 5'000, signer_);
    EXPECT_TRUE(link.ok()) << link.status();
    return link.value_or("");
  }
  absl::StatusOr<Permalink> Read(const std::string& link, int64_t now_ms = kNowMs) const {
    const size_t begin = sizeof(kPage);
    const size_t question = link.find('?');
    return ReadPermalink(std::string_view(link).substr(begin, question - begin),
                         std::string_view(link).substr(question + 1), keys_, now_ms);
  }

  Signer signer_;
  KeySet keys_;
};

TEST_F(PermalinkTest, OpensUntilItExpires) {
  const std::string link = Make();
  EXPECT_TRUE(link.starts_with("https://toko.example/beli/")) << link;
  auto read = Read(link);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->payload, "\x01\xff payload");
  EXPECT_EQ(read->expires_ms, kNowMs + 5'000);
  EXPECT_TRUE(Read(link, kNowMs + 4'999).ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(Read(link, kNowMs + 5'000).status()));
  EXPECT_TRUE(Read(link + "&utm_source=app").ok()) << "appended on the way";
}

TEST_F(PermalinkTest, AnyOtherCharacterShutsIt) {
  const std::string link = Make();
  for (size_t i = sizeof(kPage); i < link.size(); ++i) {
    std::string other = link;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(absl::IsUnauthenticated(Read(other).status())) << i << " " << other;
  }
  EXPECT_FALSE(ReadPermalink("", "", keys_, kNowMs).ok());
}

TEST_F(PermalinkTest, AnotherKeyOfTheSameNameShutsIt) {
  const Signer other = *Signer::Generate(Algorithm::kEdDsa, "links-1");
  auto link = MakePermalink(kPage, "x", kNowMs + 5'000, other);
  ASSERT_TRUE(link.ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Read(*link).status()));
}

TEST_F(PermalinkTest, CarriesABoundedPayload) {
  EXPECT_FALSE(MakePermalink(kPage, "", kNowMs, signer_).ok());
  EXPECT_FALSE(
      MakePermalink(kPage, std::string(kPermalinkPayloadBytes + 1, 'x'), kNowMs, signer_).ok());
  EXPECT_TRUE(Read(Make(std::string(kPermalinkPayloadBytes, 'x'))).ok());
}

}  // namespace
}  // namespace jembatan::identity
