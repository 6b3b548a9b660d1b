#include "libs/offers/catalogue.h"

#include "gtest/gtest.h"

#include "libs/offers/limits.h"

namespace jembatan::offers {
namespace {

using goods::Goods;

class CatalogueTest : public ::testing::Test {
 protected:
  CatalogueTest() { catalogue_.Begin(); }

  static std::string NoteBy(const ledger::NoteSigner& signer, const std::string& marketplace_id,
                            const std::string& offer_id, int64_t issued_ms,
                            const std::string& origin) {
    return signer.Sign(*goods::WriteAttestation({.marketplace_id = marketplace_id,
                                                 .offer_id = offer_id,
                                                 .issued_ms = issued_ms,
                                                 .goods = {.origin_country = origin}}));
  }
  std::string Note(int64_t issued_ms, const std::string& origin) const {
    return NoteBy(toko_, "toko", "kopi", issued_ms, origin);
  }
  static std::string Value(const std::string& note, const std::string& marketplace_id = "toko",
                           int64_t amount_minor = 100) {
    crossing::v1::Offer offer;
    offer.set_offer_id("kopi");
    offer.set_marketplace_id(marketplace_id);
    offer.set_title("Kopi Gayo");
    offer.mutable_price()->set_currency("IDR");
    offer.mutable_price()->set_amount_minor(amount_minor);
    offer.set_attestation(note);
    return offer.SerializeAsString();
  }
  std::string Origin() const {
    const OfferPtr offer = catalogue_.Find("kopi");
    if (offer == nullptr) return "not on offer";
    return offer->goods == nullptr ? "not attested" : offer->goods->origin_country;
  }

  const ledger::NoteSigner toko_ = *ledger::NoteSigner::Generate("toko");
  const ledger::NoteSigner lain_ = *ledger::NoteSigner::Generate("lain");
  const ledger::NoteSigner forger_ = *ledger::NoteSigner::Generate("toko");
  Catalogue catalogue_{
      *goods::NoteKeys::Parse(toko_.verifier().text() + "\n" + lain_.verifier().text())};
};

TEST_F(CatalogueTest, TellsWhatTheLastRecordSays) {
  Catalogue::Read read = catalogue_.Apply("kopi", Value(Note(5, "ID")));
  EXPECT_EQ(read.refused + read.note_refused, "");
  EXPECT_EQ(read.offer->told.title(), "Kopi Gayo");
  EXPECT_EQ(read.offer->told.attestation(), "") << "kept once, not twice";
  EXPECT_EQ(Origin(), "ID");
  catalogue_.Apply("kopi", Value(Note(5, "ID"), "toko", 200));
  EXPECT_EQ(catalogue_.Find("kopi")->told.price().amount_minor(), 200);
  EXPECT_EQ(Origin(), "ID");
  catalogue_.Apply("kopi", Value(Note(6, "CN")));
  EXPECT_EQ(Origin(), "CN");
  EXPECT_EQ(catalogue_.Apply("kopi", "").offer, nullptr);
  EXPECT_EQ(Origin(), "not on offer");
}

TEST_F(CatalogueTest, AForgedNoteChangesNothingThatIsAttested) {
  catalogue_.Apply("kopi", Value(Note(5, "ID")));
  const struct {
    const char* what;
    std::string value;
  } cases[] = {
      {"a forger's key", Value(NoteBy(forger_, "toko", "kopi", 9, "CN"))},
      {"another marketplace's key", Value(NoteBy(lain_, "toko", "kopi", 9, "CN"))},
      {"of another offer", Value(NoteBy(toko_, "toko", "teh", 9, "CN"))},
      {"of another marketplace", Value(NoteBy(toko_, "lain", "kopi", 9, "CN"))},
      {"an old one written again", Value(Note(4, "CN"))},
      {"another one of the same instant", Value(Note(5, "CN"))},
      {"none", Value("")},
      {"no note at all", Value("origin CN")},
  };
  for (const auto& c : cases) {
    const Catalogue::Read read = catalogue_.Apply("kopi", c.value);
    EXPECT_EQ(read.refused, "") << c.what;
    EXPECT_NE(read.note_refused, "") << c.what;
    EXPECT_EQ(Origin(), "ID") << c.what;
  }
}

TEST_F(CatalogueTest, AnOfferMovesOnlyToAMarketplaceThatAttestsIt) {
  catalogue_.Apply("kopi", Value(Note(5, "ID")));
  EXPECT_EQ(catalogue_.Apply("kopi", Value("", "lain")).refused, "the offer is attested by toko");
  EXPECT_EQ(catalogue_.Apply("kopi", Value(Note(9, "CN"), "lain")).refused,
            "the offer is attested by toko");
  EXPECT_EQ(Origin(), "ID");
  EXPECT_EQ(catalogue_.Find("kopi")->told.marketplace_id(), "toko");
  const std::string note = NoteBy(lain_, "lain", "kopi", 1, "MY");
  EXPECT_EQ(catalogue_.Apply("kopi", Value(note, "lain")).refused, "");
  EXPECT_EQ(Origin(), "MY");
}

TEST_F(CatalogueTest, WithoutKeysNothingIsAttested) {
  Catalogue blind{goods::NoteKeys()};
  const Catalogue::Read read = blind.Apply("kopi", Value(Note(5, "ID")));
  EXPECT_EQ(read.refused + read.note_refused, "");
  EXPECT_EQ(read.offer->goods, nullptr);
}

TEST_F(CatalogueTest, WhatAReadingDoesNotRepeatIsForgottenAtItsEnd) {
  catalogue_.Apply("kopi", Value(Note(5, "ID")));
  EXPECT_FALSE(catalogue_.complete());
  EXPECT_TRUE(catalogue_.Complete().empty());
  EXPECT_TRUE(catalogue_.complete());
  catalogue_.Begin();
  EXPECT_EQ(Origin(), "ID");
  catalogue_.Apply("kopi", Value(Note(4, "CN")));
  EXPECT_EQ(Origin(), "ID") << "reading anew forgets nothing that was issued later";
  EXPECT_TRUE(catalogue_.Complete().empty());
  catalogue_.Begin();
  EXPECT_EQ(catalogue_.Complete(), std::vector<std::string>{"kopi"});
  EXPECT_EQ(Origin(), "not on offer");
}

TEST_F(CatalogueTest, WhatIsNoOfferIsRefusedAndChangesNothing) {
  catalogue_.Apply("kopi", Value(Note(5, "ID")));
  const auto with = [&](auto change) {
    crossing::v1::Offer offer;
    offer.ParseFromString(Value(""));
    change(offer);
    return offer.SerializeAsString();
  };
  const std::string bad[] = {
      "\xff\xff",
      std::string(kRecordBytes + 1, 'a'),
      with([](auto& offer) { offer.set_offer_id("teh"); }),
      with([](auto& offer) { offer.set_marketplace_id(""); }),
      with([](auto& offer) { offer.set_seller_id(std::string(65, 's')); }),
      with([](auto& offer) { offer.set_title(std::string(kTitleBytes + 1, 't')); }),
      with([](auto& offer) { offer.set_price_version(std::string(65, 'v')); }),
      with([](auto& offer) { offer.mutable_price()->set_amount_minor(0); }),
      with([](auto& offer) { offer.clear_price(); }),
  };
  for (const std::string& value : bad) {
    EXPECT_NE(catalogue_.Apply("kopi", value).refused, "") << value.substr(0, 100);
    EXPECT_EQ(Origin(), "ID");
  }
}

}  // namespace
}  // namespace jembatan::offers
