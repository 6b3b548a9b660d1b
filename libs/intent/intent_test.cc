#include "libs/intent/intent.h"

#include <functional>
#include <string>

#include "gtest/gtest.h"

#include "libs/base/text.h"

namespace jembatan::intent {
namespace {

using intake::v1::Intent;
using intake::v1::Reason;

constexpr int64_t kNowMs = 1'702'339'200'000;  // 2023-12-12T00:00:00Z

std::string IdAt(int64_t unix_ms) { return base::Uuid::MakeV7(unix_ms, 1, 2).ToString(); }

Intent Good() {
  Intent intent;
  intent.set_intent_id(IdAt(kNowMs - 1'000));
  intent.set_offer_id("kue-lapis:1.2_A");
  intent.set_quantity(2);
  intent.mutable_price_seen()->set_currency("IDR");
  intent.mutable_price_seen()->set_amount_minor(2'500'000);
  intent.set_price_version("v7");
  intent.set_room_id("room 1");
  intent.set_stream_position_ms(123'456);
  intent.set_campaign_id("12.12");
  intent.set_attribution("k\xc3\xa9");
  intent.set_voucher_ref("HEMAT");
  intent.mutable_client_time()->set_seconds(kNowMs / 1000);
  return intent;
}

TEST(Validate, GoodIntent) {
  base::Uuid id;
  Refusal refusal = Validate(Good(), kNowMs, &id);
  EXPECT_FALSE(refusal.refused()) << refusal.message;
  EXPECT_EQ(id.ToString(), Good().intent_id());
  EXPECT_EQ(DeadlineMs(id), kNowMs - 1'000 + kTtlMs);
}

TEST(Validate, LeastIntent) {
  Intent intent;
  intent.set_intent_id(IdAt(kNowMs));
  intent.set_offer_id("a");
  intent.set_quantity(1);
  intent.mutable_price_seen()->set_currency("IDR");
  base::Uuid id;
  EXPECT_FALSE(Validate(intent, kNowMs, &id).refused());
}

struct Row {
  std::string what;
  std::function<void(Intent&)> change;
  Reason reason;  // REASON_UNSPECIFIED: still good.
  std::string field;
};

void ExpectRow(const Row& row) {
  Intent intent = Good();
  row.change(intent);
  base::Uuid untouched{1, 2};
  base::Uuid id = untouched;
  Refusal refusal = Validate(intent, kNowMs, &id);
  EXPECT_EQ(refusal.reason, row.reason) << row.what << ": " << refusal.message;
  EXPECT_TRUE(refusal.message.starts_with(row.field)) << row.what << ": " << refusal.message;
  if (refusal.refused()) {
    EXPECT_EQ(id, untouched) << row.what;
  }
}

TEST(Validate, IdsAndOffers) {
  constexpr auto kIdInvalid = intake::v1::REASON_ID_INVALID;
  constexpr auto kMalformed = intake::v1::REASON_MALFORMED;
  constexpr auto kTooLarge = intake::v1::REASON_TOO_LARGE;
  constexpr auto kGood = intake::v1::REASON_UNSPECIFIED;
  for (const Row& row : {
           Row{"no id", [](Intent& i) { i.clear_intent_id(); }, kIdInvalid, "intent_id"},
           Row{"a v4 id",
               [](Intent& i) { i.set_intent_id("6f1c4b2e-9d3a-4c5b-8e7f-0123456789ab"); },
               kIdInvalid, "intent_id"},
           Row{"an upper-case id",
               [](Intent& i) { i.set_intent_id("018C5AEF-0000-7000-8000-00000000000A"); },
               kIdInvalid, "intent_id"},
           Row{"no offer", [](Intent& i) { i.clear_offer_id(); }, kMalformed, "offer_id"},
           Row{"offer of 64", [](Intent& i) { i.set_offer_id(std::string(64, 'a')); }, kGood, ""},
           Row{"offer of 65", [](Intent& i) { i.set_offer_id(std::string(65, 'a')); }, kTooLarge,
               "offer_id"},
           Row{"offer with a space", [](Intent& i) { i.set_offer_id("a b"); }, kMalformed,
               "offer_id"},
           Row{"offer with a slash", [](Intent& i) { i.set_offer_id("a/b"); }, kMalformed,
               "offer_id"},
           Row{"offer with a NUL", [](Intent& i) { i.set_offer_id(std::string("a\0", 2)); },
               kMalformed, "offer_id"},
           Row{"offer with a letter beyond ASCII", [](Intent& i) { i.set_offer_id("\xc3\xa9"); },
               kMalformed, "offer_id"},
       }) {
    ExpectRow(row);
  }
}

TEST(Validate, QuantityAndPrice) {
  constexpr auto kMalformed = intake::v1::REASON_MALFORMED;
  constexpr auto kGood = intake::v1::REASON_UNSPECIFIED;
  for (const Row& row : {
           Row{"no quantity", [](Intent& i) { i.clear_quantity(); }, kMalformed, "quantity"},
           Row{"1", [](Intent& i) { i.set_quantity(1); }, kGood, ""},
           Row{"99", [](Intent& i) { i.set_quantity(99); }, kGood, ""},
           Row{"100", [](Intent& i) { i.set_quantity(100); }, intake::v1::REASON_QUANTITY_EXCEEDED,
               "quantity"},
           Row{"no price", [](Intent& i) { i.clear_price_seen(); }, kMalformed, "price_seen"},
           Row{"no currency", [](Intent& i) { i.mutable_price_seen()->clear_currency(); },
               kMalformed, "price_seen.currency"},
           Row{"idr", [](Intent& i) { i.mutable_price_seen()->set_currency("idr"); }, kMalformed,
               "price_seen.currency"},
           Row{"ID", [](Intent& i) { i.mutable_price_seen()->set_currency("ID"); }, kMalformed,
               "price_seen.currency"},
           Row{"IDRX", [](Intent& i) { i.mutable_price_seen()->set_currency("IDRX"); }, kMalformed,
               "price_seen.currency"},
           Row{"free", [](Intent& i) { i.mutable_price_seen()->set_amount_minor(0); }, kGood, ""},
           Row{"-1", [](Intent& i) { i.mutable_price_seen()->set_amount_minor(-1); }, kMalformed,
               "price_seen.amount_minor"},
           Row{"10^15",
               [](Intent& i) { i.mutable_price_seen()->set_amount_minor(1'000'000'000'000'000); },
               kGood, ""},
           Row{"10^15 + 1",
               [](Intent& i) { i.mutable_price_seen()->set_amount_minor(1'000'000'000'000'001); },
               kMalformed, "price_seen.amount_minor"},
       }) {
    ExpectRow(row);
  }
}

TEST(Validate, TextsAndNumbers) {
  struct Text {
    std::string name;
    void (*set)(Intent&, const std::string&);
    size_t bound;
  };
  for (const Text& text : {
           Text{"price_version", [](Intent& i, const std::string& v) { i.set_price_version(v); },
                64},
           Text{"room_id", [](Intent& i, const std::string& v) { i.set_room_id(v); }, 64},
           Text{"campaign_id", [](Intent& i, const std::string& v) { i.set_campaign_id(v); }, 64},
           Text{"attribution", [](Intent& i, const std::string& v) { i.set_attribution(v); }, 128},
           Text{"voucher_ref", [](Intent& i, const std::string& v) { i.set_voucher_ref(v); }, 64},
       }) {
    auto expect = [&](const std::string& value, Reason reason) {
      ExpectRow({text.name + " " + value, [&](Intent& i) { text.set(i, value); }, reason,
                 reason == intake::v1::REASON_UNSPECIFIED ? "" : text.name});
    };
    expect("", intake::v1::REASON_UNSPECIFIED);
    expect(std::string(text.bound, 'x'), intake::v1::REASON_UNSPECIFIED);
    expect(std::string(text.bound + 1, 'x'), intake::v1::REASON_TOO_LARGE);
    expect("\xf0\x9f\x9b\x92 <b>\"", intake::v1::REASON_UNSPECIFIED);
    for (const char* bad :
         {"a\nb", "\x1f", "\x7f", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82"}) {
      expect(bad, intake::v1::REASON_MALFORMED);
    }
    expect(std::string(1, '\0'), intake::v1::REASON_MALFORMED);
  }
  constexpr int64_t kTenDays = 864'000'000;
  constexpr auto kMalformed = intake::v1::REASON_MALFORMED;
  constexpr auto kGood = intake::v1::REASON_UNSPECIFIED;
  for (const Row& row : {
           Row{"10 days", [](Intent& i) { i.set_stream_position_ms(kTenDays); }, kGood, ""},
           Row{"more", [](Intent& i) { i.set_stream_position_ms(kTenDays + 1); }, kMalformed,
               "stream_position_ms"},
           Row{"negative", [](Intent& i) { i.set_stream_position_ms(-1); }, kMalformed,
               "stream_position_ms"},
           Row{"bad nanos", [](Intent& i) { i.mutable_client_time()->set_nanos(-1); }, kMalformed,
               "client_time"},
           Row{"year 10000",
               [](Intent& i) { i.mutable_client_time()->set_seconds(253'402'300'800); }, kMalformed,
               "client_time"},
       }) {
    ExpectRow(row);
  }
}

TEST(Validate, Time) {
  struct Point {
    int64_t id_ms;
    Reason reason;
  };
  for (const Point& point : {
           Point{kNowMs + kFutureMs, intake::v1::REASON_UNSPECIFIED},
           Point{kNowMs + kFutureMs + 1, intake::v1::REASON_CLOCK_SKEW},
           Point{(int64_t{1} << 48) - 1, intake::v1::REASON_CLOCK_SKEW},
           Point{kNowMs - kTtlMs, intake::v1::REASON_UNSPECIFIED},
           Point{kNowMs - kTtlMs - 1, intake::v1::REASON_DEADLINE_PASSED},
           Point{0, intake::v1::REASON_DEADLINE_PASSED},
       }) {
    ExpectRow({std::to_string(point.id_ms - kNowMs),
               [&](Intent& i) { i.set_intent_id(IdAt(point.id_ms)); }, point.reason,
               point.reason == intake::v1::REASON_UNSPECIFIED ? "" : "intent_id"});
  }
}

// Every other fault is named before the time: a client must not correct its clock for a bad body.
TEST(Validate, OrderOfChecks) {
  Intent intent = Good();
  intent.set_intent_id(IdAt(0));
  intent.set_stream_position_ms(-1);
  intent.set_room_id("\n");
  intent.clear_price_seen();
  intent.set_quantity(0);
  intent.set_offer_id("");
  base::Uuid id;
  auto next = [&] { return std::string(Validate(intent, kNowMs, &id).message); };
  EXPECT_EQ(next(), "offer_id: required");
  intent.set_offer_id("a");
  EXPECT_EQ(next(), "quantity: required");
  intent.set_quantity(1);
  EXPECT_EQ(next(), "price_seen: required");
  *intent.mutable_price_seen() = Good().price_seen();
  EXPECT_EQ(next(), "room_id: control characters or not UTF-8");
  intent.set_room_id("");
  EXPECT_EQ(next(), "stream_position_ms: not within 0 to 10 days");
  intent.set_stream_position_ms(0);
  EXPECT_EQ(next(), "intent_id: its deadline has passed");
}

TEST(Fingerprint, KnownAnswers) {
  // Computed by an independent program from the rule in intent.h.
  Intent intent = Good();
  intent.set_intent_id("018c5aef-1c18-7001-8000-000000000002");
  EXPECT_EQ(base::Hex(Fingerprint(intent)),
            "e5849464140e50dabb074d62209953eba295e791df27414bd1504d544a75f2f1");
  EXPECT_EQ(base::Hex(Fingerprint(Intent())),
            "85759b3811ff7dc47b03792ac85317be51431a3f9e01dcafce317ed736a391b0");
}

TEST(Fingerprint, CoversWhatCrossesAndNothingElse) {
  const std::string original = Fingerprint(Good());
  EXPECT_EQ(original.size(), 32u);
  struct Change {
    const char* what;
    void (*change)(Intent&);
    bool covered;
  };
  for (const Change& change : {
           Change{"intent_id", [](Intent& i) { i.set_intent_id("x"); }, true},
           Change{"offer_id", [](Intent& i) { i.set_offer_id("x"); }, true},
           Change{"quantity", [](Intent& i) { i.set_quantity(3); }, true},
           Change{"currency", [](Intent& i) { i.mutable_price_seen()->set_currency("USD"); }, true},
           Change{"amount", [](Intent& i) { i.mutable_price_seen()->set_amount_minor(-1); }, true},
           Change{"price_version", [](Intent& i) { i.set_price_version("x"); }, true},
           Change{"campaign_id", [](Intent& i) { i.set_campaign_id("x"); }, true},
           Change{"attribution", [](Intent& i) { i.set_attribution("x"); }, true},
           Change{"voucher_ref", [](Intent& i) { i.set_voucher_ref("x"); }, true},
           Change{"room_id", [](Intent& i) { i.set_room_id("x"); }, false},
           Change{"stream_position_ms", [](Intent& i) { i.set_stream_position_ms(1); }, false},
           Change{"client_time", [](Intent& i) { i.clear_client_time(); }, false},
       }) {
    Intent intent = Good();
    change.change(intent);
    EXPECT_EQ(Fingerprint(intent) != original, change.covered) << change.what;
  }
  // The length prefixes keep neighbours apart.
  Intent left = Good();
  left.set_campaign_id("ab");
  left.set_attribution("c");
  Intent right = Good();
  right.set_campaign_id("a");
  right.set_attribution("bc");
  EXPECT_NE(Fingerprint(left), Fingerprint(right));
}

}  // namespace
}  // namespace jembatan::intent
