#include "services/marketplace/decide.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "libs/base/status.h"
#include "services/marketplace/limits.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;

constexpr int64_t kNowMs = 1'780'000'000'000;
const std::string kIntent = base::Uuid::MakeV7(kNowMs, 1, 2).ToString();
const std::string kBuyer(32, 'b');
const std::string kFingerprint(32, 'f');
const std::string kOtherFingerprint(32, 'g');

Offer SomeOffer() {
  Offer offer;
  offer.offer_id = "kopi-1";
  offer.title = "Kopi Gayo";
  offer.price = {"IDR", 2'500'000};
  offer.price_version = "3";
  offer.stock = 10;
  offer.sold = 5;
  offer.initial_stock = 15;
  return offer;
}

Order SomeOrder() {
  Order order;
  order.intent_id = kIntent;
  order.buyer_ref = kBuyer;
  order.offer_id = "kopi-1";
  order.quantity = 2;
  order.price_seen = {"IDR", 2'500'000};
  order.price_version = "3";
  order.fingerprint = kFingerprint;
  order.deadline_ms = kNowMs + 1'000;
  return order;
}

struct Case {
  const char* name;
  std::function<void(Order&, Offer&, Facts&)> change;
  State state;
  Reason reason;
};

// One thing changed at a time, just inside and just outside each bound.
std::vector<Case> BoundCases() {
  constexpr State kOrdered = OrderResult::STATE_ORDERED;
  constexpr State kRejected = OrderResult::STATE_REJECTED;
  constexpr State kExpired = OrderResult::STATE_EXPIRED;
  using O = Order;
  using F = Offer;
  using X = Facts;
  return {
      {"nothing wrong", [](O&, F&, X&) {}, kOrdered, orders::v1::REASON_UNSPECIFIED},
      {"no price version", [](O& o, F&, X&) { o.price_version = ""; }, kOrdered,
       orders::v1::REASON_UNSPECIFIED},
      {"at the deadline", [](O& o, F&, X&) { o.deadline_ms = kNowMs; }, kOrdered,
       orders::v1::REASON_UNSPECIFIED},
      {"past the deadline", [](O& o, F&, X&) { o.deadline_ms = kNowMs - 1; }, kExpired,
       orders::v1::REASON_DEADLINE_PASSED},
      {"no deadline", [](O& o, F&, X&) { o.deadline_ms = 0; }, kRejected,
       orders::v1::REASON_MALFORMED},
      {"no quantity", [](O& o, F&, X&) { o.quantity = 0; }, kRejected,
       orders::v1::REASON_MALFORMED},
      {"bad offer id", [](O& o, F&, X&) { o.offer_id = "kopi 1"; }, kRejected,
       orders::v1::REASON_MALFORMED},
      {"no fingerprint", [](O& o, F&, X&) { o.fingerprint = ""; }, kRejected,
       orders::v1::REASON_MALFORMED},
      {"short fingerprint", [](O& o, F&, X&) { o.fingerprint = "f"; }, kRejected,
       orders::v1::REASON_MALFORMED},
      {"no price", [](O& o, F&, X&) { o.price_seen = {}; }, kRejected,
       orders::v1::REASON_MALFORMED},
      {"too many of one", [](O& o, F&, X&) { o.quantity = 100; }, kRejected,
       orders::v1::REASON_QUANTITY_EXCEEDED},
      {"unknown offer", [](O&, F&, X& x) { x.offer = nullptr; }, kRejected,
       orders::v1::REASON_ITEM_UNAVAILABLE},
      {"just before the sale", [](O&, F& f, X&) { f.sale_starts_ms = kNowMs + 1; }, kRejected,
       orders::v1::REASON_FLASH_NOT_STARTED},
      {"the sale opens now", [](O&, F& f, X&) { f.sale_starts_ms = kNowMs; }, kOrdered,
       orders::v1::REASON_UNSPECIFIED},
      {"the sale closes now", [](O&, F& f, X&) { f.sale_ends_ms = kNowMs; }, kRejected,
       orders::v1::REASON_FLASH_ENDED},
      {"other amount", [](O& o, F&, X&) { o.price_seen.amount_minor = 1; }, kRejected,
       orders::v1::REASON_PRICE_CHANGED},
      {"other currency", [](O& o, F&, X&) { o.price_seen.currency = "USD"; }, kRejected,
       orders::v1::REASON_PRICE_CHANGED},
      {"other price version", [](O& o, F&, X&) { o.price_version = "2"; }, kRejected,
       orders::v1::REASON_PRICE_CHANGED},
      {"buyer's limit just reached", [](O&, F& f, X& x) { f.buyer_limit = 3, x.buyer_total = 1; },
       kOrdered, orders::v1::REASON_UNSPECIFIED},
      {"buyer's limit passed", [](O&, F& f, X& x) { f.buyer_limit = 3, x.buyer_total = 2; },
       kRejected, orders::v1::REASON_BUYER_LIMIT_TOTAL},
      {"total limit just reached", [](O&, F& f, X&) { f.total_limit = 7; }, kOrdered,
       orders::v1::REASON_UNSPECIFIED},
      {"total limit passed", [](O&, F& f, X&) { f.total_limit = 6; }, kRejected,
       orders::v1::REASON_CAMPAIGN_LIMIT_REACHED},
      {"just what one order may hold", [](O&, F& f, X&) { f.order_limit = 2; }, kOrdered,
       orders::v1::REASON_UNSPECIFIED},
      {"more than one order may hold", [](O&, F& f, X&) { f.order_limit = 1; }, kRejected,
       orders::v1::REASON_QUANTITY_EXCEEDED},
      {"the last units", [](O&, F& f, X&) { f.stock = 2; }, kOrdered,
       orders::v1::REASON_UNSPECIFIED},
      {"one unit short", [](O&, F& f, X&) { f.stock = 1; }, kRejected,
       orders::v1::REASON_OUT_OF_STOCK},
  };
}

// The order of checks: of two things wrong the earlier one is told.
std::vector<Case> OrderCases() {
  constexpr State kRejected = OrderResult::STATE_REJECTED;
  constexpr State kExpired = OrderResult::STATE_EXPIRED;
  using O = Order;
  using F = Offer;
  using X = Facts;
  return {
      {"malformed before late", [](O& o, F&, X&) { o.quantity = 0, o.deadline_ms = 1; }, kRejected,
       orders::v1::REASON_MALFORMED},
      {"late before quantity", [](O& o, F&, X&) { o.quantity = 100, o.deadline_ms = 1; }, kExpired,
       orders::v1::REASON_DEADLINE_PASSED},
      {"quantity before offer", [](O& o, F&, X& x) { o.quantity = 100, x.offer = nullptr; },
       kRejected, orders::v1::REASON_QUANTITY_EXCEEDED},
      {"window before price",
       [](O& o, F& f, X&) { f.sale_ends_ms = 1, o.price_seen.amount_minor = 1; }, kRejected,
       orders::v1::REASON_FLASH_ENDED},
      {"price before limit",
       [](O& o, F& f, X&) { f.buyer_limit = 1, o.price_seen.amount_minor = 1; }, kRejected,
       orders::v1::REASON_PRICE_CHANGED},
      {"buyer before campaign", [](O&, F& f, X&) { f.buyer_limit = 1, f.total_limit = 1; },
       kRejected, orders::v1::REASON_BUYER_LIMIT_TOTAL},
      {"campaign before stock", [](O&, F& f, X&) { f.total_limit = 1, f.stock = 0; }, kRejected,
       orders::v1::REASON_CAMPAIGN_LIMIT_REACHED},
  };
}

TEST(DecideTest, ByTable) {
  std::vector<Case> cases = BoundCases();
  for (Case& c : OrderCases()) cases.push_back(std::move(c));
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Order order = SomeOrder();
    Offer offer = SomeOffer();
    Facts facts;
    facts.offer = &offer;
    facts.now_ms = kNowMs;
    facts.hold_ms = 900'000;
    c.change(order, offer, facts);
    const Decision decision = Decide(order, facts);
    EXPECT_EQ(decision.result.state, c.state);
    EXPECT_EQ(decision.result.reason, c.reason);
    EXPECT_TRUE(decision.remember);
    EXPECT_EQ(decision.result.decided_ms, kNowMs);
    const bool ordered = c.state == OrderResult::STATE_ORDERED;
    EXPECT_EQ(decision.result.hold_expires_ms, ordered ? kNowMs + 900'000 : 0);
    EXPECT_EQ(decision.result.payment, ordered ? Payment::kUnpaid : Payment::kNone);
  }
}

// A campaign and a voucher with everything right, changed one thing at a time.
struct PromotionCase {
  const char* name;
  std::function<void(Campaign&, Voucher&, Facts&)> change;
  Reason reason;
};

std::vector<PromotionCase> PromotionCases() {
  using C = Campaign;
  using V = Voucher;
  using X = Facts;
  return {
      {"nothing wrong", [](C&, V&, X&) {}, orders::v1::REASON_UNSPECIFIED},
      {"campaign just before", [](C& c, V&, X&) { c.starts_ms = kNowMs + 1; },
       orders::v1::REASON_FLASH_NOT_STARTED},
      {"campaign opens now", [](C& c, V&, X&) { c.starts_ms = kNowMs; },
       orders::v1::REASON_UNSPECIFIED},
      {"campaign closes now", [](C& c, V&, X&) { c.ends_ms = kNowMs; },
       orders::v1::REASON_FLASH_ENDED},
      {"campaign's buyer limit reached",
       [](C& c, V&, X& x) { c.buyer_limit = 3, x.campaign_units = 1; },
       orders::v1::REASON_UNSPECIFIED},
      {"campaign's buyer limit passed",
       [](C& c, V&, X& x) { c.buyer_limit = 3, x.campaign_units = 2; },
       orders::v1::REASON_BUYER_LIMIT_TOTAL},
      {"campaign's total reached", [](C& c, V&, X&) { c.total_limit = 10, c.sold = 8; },
       orders::v1::REASON_UNSPECIFIED},
      {"campaign's total passed", [](C& c, V&, X&) { c.total_limit = 10, c.sold = 9; },
       orders::v1::REASON_CAMPAIGN_LIMIT_REACHED},
      {"unknown voucher", [](C&, V&, X& x) { x.voucher = nullptr; },
       orders::v1::REASON_VOUCHER_INVALID},
      {"voucher of another offer", [](C&, V& v, X&) { v.offer_id = "teh"; },
       orders::v1::REASON_VOUCHER_INVALID},
      {"voucher of another campaign", [](C&, V& v, X&) { v.campaign_id = "1111"; },
       orders::v1::REASON_VOUCHER_INVALID},
      {"voucher in another currency", [](C&, V& v, X&) { v.amount.currency = "USD"; },
       orders::v1::REASON_VOUCHER_INVALID},
      {"voucher too early", [](C&, V& v, X&) { v.starts_ms = kNowMs + 1; },
       orders::v1::REASON_VOUCHER_INVALID},
      {"voucher too late", [](C&, V& v, X&) { v.ends_ms = kNowMs; },
       orders::v1::REASON_VOUCHER_INVALID},
      {"voucher's last use", [](C&, V& v, X&) { v.uses = 5, v.used = 4; },
       orders::v1::REASON_UNSPECIFIED},
      {"voucher used up", [](C&, V& v, X&) { v.uses = 5, v.used = 5; },
       orders::v1::REASON_VOUCHER_INVALID},
      {"buyer's last use", [](C&, V& v, X& x) { v.buyer_uses = 2, x.voucher_uses = 1; },
       orders::v1::REASON_UNSPECIFIED},
      {"buyer used it up", [](C&, V& v, X& x) { v.buyer_uses = 2, x.voucher_uses = 2; },
       orders::v1::REASON_VOUCHER_INVALID},
  };
}

TEST(DecideTest, PromotionsByTable) {
  for (const PromotionCase& c : PromotionCases()) {
    SCOPED_TRACE(c.name);
    Order order = SomeOrder();
    order.voucher_ref = "hemat";
    Offer offer = SomeOffer();
    offer.campaign_id = "1212";
    Campaign campaign;
    campaign.campaign_id = "1212";
    Voucher voucher;
    voucher.voucher_ref = "hemat";
    voucher.amount = {"IDR", 500'000};
    voucher.offer_id = "kopi-1";
    voucher.campaign_id = "1212";
    Facts facts;
    facts.offer = &offer;
    facts.campaign = &campaign;
    facts.voucher = &voucher;
    facts.now_ms = kNowMs;
    c.change(campaign, voucher, facts);
    const Decision decision = Decide(order, facts);
    EXPECT_EQ(decision.result.reason, c.reason);
    const bool ordered = c.reason == orders::v1::REASON_UNSPECIFIED;
    EXPECT_EQ(decision.result.state,
              ordered ? OrderResult::STATE_ORDERED : OrderResult::STATE_REJECTED);
    EXPECT_EQ(decision.discount_minor, ordered ? 500'000 : 0);
  }
}

TEST(DecideTest, AVoucherTakesNoMoreThanTheTotal) {
  Order order = SomeOrder();
  order.voucher_ref = "besar";
  const Offer offer = SomeOffer();
  Voucher voucher;
  voucher.voucher_ref = "besar";
  voucher.amount = {"IDR", 100'000'000};
  Facts facts;
  facts.offer = &offer;
  facts.voucher = &voucher;
  EXPECT_EQ(Decide(order, facts).discount_minor, 5'000'000);
}

TEST(DecideTest, WhoClickedAtTheFormerPricePaysTheLowerOne) {
  const struct {
    const char* name;
    int64_t former_minor;
    int64_t until_ms;
    const char* seen_version;
    // 0: refused.
    int64_t paid_minor;
  } cases[] = {
      {"it has risen", 2'000'000, kNowMs + 1, "2", 2'000'000},
      {"it has fallen", 3'000'000, kNowMs + 1, "2", 2'500'000},
      {"no version told", 2'000'000, kNowMs + 1, "", 2'000'000},
      {"another version", 2'000'000, kNowMs + 1, "1", 0},
      {"the grace is over", 2'000'000, kNowMs, "2", 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Order order = SomeOrder();
    order.price_seen.amount_minor = c.former_minor;
    order.price_version = c.seen_version;
    Offer offer = SomeOffer();
    offer.former = {{"IDR", c.former_minor}, "2", c.until_ms};
    Facts facts;
    facts.offer = &offer;
    facts.now_ms = kNowMs;
    const Decision decision = Decide(order, facts);
    if (c.paid_minor == 0) {
      EXPECT_EQ(decision.result.reason, orders::v1::REASON_PRICE_CHANGED);
      EXPECT_EQ(decision.result.price, offer.price);
    } else {
      EXPECT_EQ(decision.result.state, OrderResult::STATE_ORDERED);
      EXPECT_EQ(decision.result.price.amount_minor, c.paid_minor);
    }
  }
}

TEST(DecideTest, APriceChangeTellsTheCurrentPrice) {
  Order order = SomeOrder();
  order.price_seen.amount_minor = 1;
  const Offer offer = SomeOffer();
  Facts facts;
  facts.offer = &offer;
  EXPECT_EQ(Decide(order, facts).result.price, offer.price);
}

TEST(DecideTest, AnUnreadableKeyIsRefusedAndNotRemembered) {
  const std::string upper = "0197B5A0-0000-7000-8000-000000000000";
  const std::string version4 = "0197b5a0-0000-4000-8000-000000000000";
  for (const std::string_view intent_id :
       {std::string_view(), std::string_view(upper), std::string_view(version4)}) {
    Order order = SomeOrder();
    order.intent_id = intent_id;
    const Decision decision = Decide(order, {});
    EXPECT_EQ(decision.result.reason, orders::v1::REASON_MALFORMED) << intent_id;
    EXPECT_FALSE(decision.remember) << intent_id;
  }
  for (const size_t bytes : {size_t{0}, size_t{31}, size_t{33}}) {
    const std::string buyer(bytes, 'b');
    Order order = SomeOrder();
    order.buyer_ref = buyer;
    EXPECT_FALSE(Decide(order, {}).remember) << bytes;
  }
}

TEST(DecideTest, AStoredResultIsRepeatedWhateverElseChanged) {
  Result stored;
  stored.state = OrderResult::STATE_ORDERED;
  stored.order_id = "T-0000000007";
  stored.fingerprint = kFingerprint;
  stored.seq = 7;
  Order order = SomeOrder();
  order.deadline_ms = 1;
  order.quantity = 0;
  Facts facts;
  facts.stored = &stored;
  facts.now_ms = kNowMs;
  const Decision decision = Decide(order, facts);
  EXPECT_FALSE(decision.remember);
  EXPECT_TRUE(decision.result.replayed);
  Result repeated = decision.result;
  repeated.replayed = false;
  EXPECT_EQ(repeated, stored);
}

TEST(DecideTest, AnotherBodyUnderTheIdIsRefusedAndTellsWhichBodyStands) {
  Result stored;
  stored.state = OrderResult::STATE_ORDERED;
  stored.order_id = "T-0000000007";
  stored.fingerprint = kFingerprint;
  Facts facts;
  facts.stored = &stored;
  const struct {
    std::string_view fingerprint;
    Reason reason;
  } cases[] = {{kOtherFingerprint, orders::v1::REASON_ID_REUSED},
               {"", orders::v1::REASON_MALFORMED}};
  for (const auto& c : cases) {
    Order order = SomeOrder();
    order.fingerprint = c.fingerprint;
    const Decision decision = Decide(order, facts);
    EXPECT_EQ(decision.result.state, OrderResult::STATE_REJECTED);
    EXPECT_EQ(decision.result.reason, c.reason);
    EXPECT_EQ(decision.result.fingerprint, kFingerprint);
    EXPECT_EQ(decision.result.order_id, "");
    EXPECT_FALSE(decision.result.replayed);
    EXPECT_FALSE(decision.remember);
  }
}

TEST(CheckOfferTest, NamesTheOfferAndTheField) {
  const struct {
    std::function<void(Offer&)> change;
    const char* message;
  } cases[] = {
      {[](Offer& o) { o.offer_id = ""; }, "an offer_id is 1 to 64 of [A-Za-z0-9._:-]"},
      {[](Offer& o) { o.offer_id = std::string(65, 'a'); },
       "an offer_id is 1 to 64 of [A-Za-z0-9._:-]"},
      {[](Offer& o) { o.title = ""; }, "offer kopi-1: bad title"},
      {[](Offer& o) { o.title = "\xff"; }, "offer kopi-1: bad title"},
      {[](Offer& o) { o.price.currency = "idr"; }, "offer kopi-1: bad currency"},
      {[](Offer& o) { o.price.amount_minor = 0; }, "offer kopi-1: bad amount_minor"},
      {[](Offer& o) { o.stock = -1; }, "offer kopi-1: bad stock"},
      {[](Offer& o) { o.stock = kMaxStock + 1; }, "offer kopi-1: bad stock"},
      {[](Offer& o) { o.buyer_limit = int64_t{1} << 33; }, "offer kopi-1: bad buyer_limit"},
      {[](Offer& o) { o.total_limit = -1; }, "offer kopi-1: bad total_limit"},
      {[](Offer& o) { o.sale_ends_ms = -1; }, "offer kopi-1: bad sale_ends"},
  };
  EXPECT_TRUE(CheckOffer(SomeOffer()).ok());
  for (const auto& c : cases) {
    Offer offer = SomeOffer();
    c.change(offer);
    EXPECT_EQ(base::ToString(CheckOffer(offer)), std::string("INVALID_ARGUMENT: ") + c.message);
  }
}

TEST(CheckFencingTest, BoundsTheScopeAndTheToken) {
  const std::string longest(128, 't');
  const std::string too_long(129, 't');
  EXPECT_TRUE(CheckFencing({longest, 0, 0}).ok());
  EXPECT_FALSE(CheckFencing({too_long, 0, 0}).ok());
  EXPECT_FALSE(CheckFencing({"", 0, 0}).ok());
  EXPECT_TRUE(CheckFencing({"t", 0, (uint64_t{1} << 63) - 1}).ok());
  EXPECT_FALSE(CheckFencing({"t", 0, uint64_t{1} << 63}).ok());
}

}  // namespace
}  // namespace jembatan::marketplace
