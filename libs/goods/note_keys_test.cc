#include "libs/goods/note_keys.h"

#include "gtest/gtest.h"

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/limits.h"

namespace jembatan::goods {
namespace {

ledger::NoteSigner SignerOf(const char* name) { return *ledger::NoteSigner::Generate(name); }

std::string NoteBy(const ledger::NoteSigner& signer, const std::string& marketplace_id = "toko",
                   const std::string& offer_id = "kopi") {
  return signer.Sign(*WriteAttestation({.marketplace_id = marketplace_id,
                                        .offer_id = offer_id,
                                        .issued_ms = 7,
                                        .goods = {.origin_country = "ID", .local = true}}));
}

class NoteKeysTest : public ::testing::Test {
 protected:
  std::string WhyNot(const std::string& note, const std::string& marketplace_id = "toko",
                     std::string_view offer_id = "kopi") const {
    return base::ToString(keys_.Open(note, marketplace_id, offer_id).status());
  }

  const ledger::NoteSigner toko_ = SignerOf("toko");
  const ledger::NoteSigner next_ = SignerOf("toko");
  const ledger::NoteSigner lain_ = SignerOf("lain");
  const NoteKeys keys_ = *NoteKeys::Parse("# kunci\n" + toko_.verifier().text() + "\n\n" +
                                          lain_.verifier().text() + "\n" + next_.verifier().text());
};

TEST_F(NoteKeysTest, EachKeyOfTheMarketplaceIsBelieved) {
  for (const ledger::NoteSigner* signer : {&toko_, &next_}) {
    const auto read = keys_.Open(NoteBy(*signer), "toko", "kopi");
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->goods.origin_country, "ID");
    EXPECT_EQ(read->issued_ms, 7);
    EXPECT_TRUE(read->goods.local);
  }
}

TEST_F(NoteKeysTest, NobodyElsesNoteIsBelieved) {
  EXPECT_TRUE(WhyNot(NoteBy(SignerOf("toko"))).starts_with("UNAUTHENTICATED")) << "a forger's key";
  EXPECT_TRUE(WhyNot(NoteBy(lain_)).starts_with("UNAUTHENTICATED")) << "another marketplace's";
  EXPECT_TRUE(WhyNot(NoteBy(toko_), "asing").starts_with("UNAUTHENTICATED"));
  EXPECT_TRUE(WhyNot("").starts_with("INVALID_ARGUMENT"));
  EXPECT_TRUE(WhyNot(std::string(kNoteBytes + 1, 'a')).starts_with("INVALID_ARGUMENT"));
  std::string changed = NoteBy(toko_);
  changed.replace(changed.find("origin ID"), 9, "origin CN");
  EXPECT_TRUE(WhyNot(changed).starts_with("UNAUTHENTICATED"));
  EXPECT_TRUE(NoteKeys().empty());
  EXPECT_FALSE(NoteKeys().Open(NoteBy(toko_), "toko", "kopi").ok());
}

TEST_F(NoteKeysTest, ANoteSpeaksOfItsOfferOnly) {
  EXPECT_EQ(WhyNot(NoteBy(toko_), "toko", "teh"),
            "INVALID_ARGUMENT: the note speaks of another offer");
  EXPECT_EQ(WhyNot(NoteBy(toko_, "lain")), "INVALID_ARGUMENT: the note speaks of another offer");
  EXPECT_TRUE(WhyNot(toko_.Sign("something else\n")).starts_with("INVALID_ARGUMENT: line 1"));
}

TEST_F(NoteKeysTest, ABadFileIsRefusedWithItsLine) {
  const std::string good = toko_.verifier().text() + "\n";
  EXPECT_TRUE(NoteKeys::Parse("").ok());
  EXPECT_TRUE(base::Std(NoteKeys::Parse(good + "toko+1+x\n").status().message())
                  .starts_with("line 2: not a verifier key"));
  EXPECT_EQ(base::Std(NoteKeys::Parse(SignerOf("a/b").verifier().text()).status().message()),
            "line 1: the key's name is no marketplace's id");
  std::string many;
  for (size_t i = 0; i <= kKeysMax; ++i) many += good;
  EXPECT_EQ(base::Std(NoteKeys::Parse(many).status().message()), "line 257: too many keys");
}

}  // namespace
}  // namespace jembatan::goods
