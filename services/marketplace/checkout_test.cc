#include "services/marketplace/checkout.h"

#include "libs/base/timestamp.h"
#include "libs/identity/permalink.h"
#include "services/marketplace/testing.h"

namespace jembatan::marketplace {
namespace {

class CheckoutTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = *Store::Open(file_.options(), clock_.get());
    checkout_.emplace(*store_, "Tokopedia (contoh)");
    Offer offer = testing::MakeOffer("kopi", 5);
    offer.title = "Kopi <b>Gayo</b>";
    ASSERT_TRUE(store_->LoadOffers({offer}).ok());
    testing::TestOrder order(1, 1, "kopi");
    order.quantity = 2;
    const Order view = order.view();
    result_ = store_->Place(testing::Token(1), {&view, 1})->results[0];
    page_ = PathOf(result_.continue_url);
  }
  static std::string PathOf(const std::string& url) {
    return url.substr(url.find('/', std::string("http://").size()));
  }
  std::string Get(const std::string& target) { return checkout_->Handle("GET", target).body; }
  static bool Has(const std::string& body, const std::string& text) {
    return body.find(text) != std::string::npos;
  }

  testing::TempDatabase file_;
  testing::TestClock clock_;
  std::unique_ptr<Store> store_;
  std::optional<Checkout> checkout_;
  Result result_;
  std::string page_;
};

TEST_F(CheckoutTest, ShowsWhatIsBoughtAndHowLongItIsHeld) {
  clock_.now_ms += 15'000;
  const WebResponse response = checkout_->Handle("GET", page_);
  EXPECT_EQ(response.status, 200u);
  for (const char* text :
       {"Kopi &lt;b&gt;Gayo&lt;/b&gt;", "Rp 25.000", "Rp 50.000", "T-0000000001", "14:45",
        "data-ms=\"885000\"", "max=\"900000\"", "diproses oleh <b>Tokopedia (contoh)</b>",
        "Bayar Rp 50.000 (simulasi)"}) {
    EXPECT_TRUE(Has(response.body, text)) << text << " is missing in " << response.body;
  }
  EXPECT_TRUE(Has(response.body, "action=\"" + page_ + "\""));
}

TEST_F(CheckoutTest, PayingLeadsBackToThePageAndToTheInvoice) {
  const WebResponse paid = checkout_->Handle("POST", page_);
  EXPECT_EQ(paid.status, 303u);
  EXPECT_EQ(paid.location, page_);
  const std::string page = Get(page_);
  EXPECT_TRUE(Has(page, "Pembayaran diterima"));
  EXPECT_FALSE(Has(page, "<form"));
  const std::string invoice = PathOf(store_->View(result_.order_id)->result.invoice_url);
  EXPECT_TRUE(Has(page, "href=\"http://127.0.0.1:1" + invoice + "\""));
  EXPECT_TRUE(Has(Get(invoice), "Faktur T-0000000001"));
  // A second time changes nothing.
  EXPECT_EQ(checkout_->Handle("POST", page_).status, 303u);
  EXPECT_TRUE(Has(Get(page_), "Pembayaran diterima"));
}

TEST_F(CheckoutTest, CancellingGivesTheGoodsBackAndEndsTheOrder) {
  const std::string cancel = page_ + "&batal=1";
  EXPECT_TRUE(Has(Get(page_), "action=\"" + page_ + "&amp;batal=1\""));
  // Only a form cancels.
  EXPECT_TRUE(Has(Get(cancel), "Selesaikan pembayaran"));
  const WebResponse cancelled = checkout_->Handle("POST", cancel);
  EXPECT_EQ(cancelled.status, 303u);
  EXPECT_EQ(cancelled.location, page_);
  const std::string page = Get(page_);
  EXPECT_TRUE(Has(page, "Pesanan dibatalkan"));
  EXPECT_FALSE(Has(page, "<form"));
  EXPECT_EQ(store_->feed().Find("kopi")->stock, 5);
  // Neither paying nor cancelling it again changes anything.
  EXPECT_EQ(checkout_->Handle("POST", page_).status, 303u);
  EXPECT_EQ(checkout_->Handle("POST", cancel).status, 303u);
  EXPECT_TRUE(Has(Get(page_), "Pesanan dibatalkan"));
  EXPECT_EQ(store_->feed().Find("kopi")->stock, 5);
}

TEST_F(CheckoutTest, WhatIsPaidIsNotCancelled) {
  checkout_->Handle("POST", page_);
  EXPECT_EQ(checkout_->Handle("POST", page_ + "&batal=1").status, 303u);
  EXPECT_TRUE(Has(Get(page_), "Pembayaran diterima"));
}

TEST_F(CheckoutTest, NoInvoiceBeforePayment) {
  const std::string invoice = PathOf(store_->links().Invoice(result_.order_id));
  EXPECT_EQ(checkout_->Handle("GET", invoice).status, 404u);
}

TEST_F(CheckoutTest, AfterTheHoldThereIsNoPaying) {
  clock_.now_ms = result_.hold_expires_ms;
  EXPECT_EQ(checkout_->Handle("POST", page_).status, 303u);
  const std::string page = Get(page_);
  EXPECT_TRUE(Has(page, "Waktu pembayaran habis"));
  EXPECT_FALSE(Has(page, "<form"));
  EXPECT_EQ(store_->feed().Find("kopi")->stock, 5);
}

TEST_F(CheckoutTest, WithoutTheRightKeyThereIsNothing) {
  const std::string key = page_.substr(page_.find("?k=") + 3);
  std::string forged = page_;
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  for (const std::string& target :
       {std::string("/checkout/T-0000000001"), std::string("/checkout/T-0000000001?k="), forged,
        "/checkout/T-0000000002?k=" + key, "/invoice/T-0000000001?k=" + key, page_ + "x",
        std::string("/"), std::string("/checkout/"), std::string("/assets/other.js"),
        std::string("")}) {
    const WebResponse response = checkout_->Handle("GET", target);
    EXPECT_EQ(response.status, 404u) << target;
    EXPECT_FALSE(Has(response.body, "Kopi")) << target;
  }
  EXPECT_EQ(checkout_->Handle("POST", forged).status, 404u);
  EXPECT_EQ(store_->View(result_.order_id)->result.payment, Payment::kUnpaid);
  // A parameter that something on the way has appended does no harm.
  EXPECT_EQ(checkout_->Handle("GET", page_ + "&utm=1").status, 200u);
}

TEST_F(CheckoutTest, MethodsByTable) {
  const struct {
    const char* method;
    std::string target;
    unsigned status;
    const char* allow;
  } cases[] = {
      {"HEAD", page_, 200, ""},
      {"PUT", page_, 405, "GET, HEAD, POST"},
      {"DELETE", "/checkout/whatever", 405, "GET, HEAD, POST"},
      {"POST", "/invoice/T-0000000001", 405, "GET, HEAD"},
      {"POST", "/assets/checkout.css", 405, "GET, HEAD"},
      {"GET", "/assets/checkout.css", 200, ""},
      {"HEAD", "/assets/checkout.js", 200, ""},
      {"POST", "/", 404, ""},
  };
  for (const auto& c : cases) {
    const WebResponse response = checkout_->Handle(c.method, c.target);
    EXPECT_EQ(response.status, c.status) << c.method << " " << c.target;
    EXPECT_EQ(response.allow, c.allow) << c.method << " " << c.target;
  }
}

// --- Links that the bridge signs

class LinkedTest : public CheckoutTest {
 protected:
  void SetUp() override {
    CheckoutTest::SetUp();
    auto keys = identity::KeySet::FromJwks(signer_.jwks());
    checkout_.emplace(*store_, "Tokopedia (contoh)",
                      std::make_shared<const identity::KeySet>(*std::move(keys)));
  }
  // Of a second tap by another buyer.
  std::string Link(uint32_t quantity = 2) const {
    testing::TestOrder order(7, 8, "kopi");
    const Order view = order.view();
    orders::v1::Order wire;
    wire.set_intent_id(std::string(view.intent_id));
    wire.set_buyer_ref(std::string(view.buyer_ref));
    wire.set_offer_id("kopi");
    wire.set_quantity(quantity);
    wire.mutable_price_seen()->set_currency("IDR");
    wire.mutable_price_seen()->set_amount_minor(2'500'000);
    wire.set_fingerprint(std::string(view.fingerprint));
    base::SetMs(view.deadline_ms, wire.mutable_deadline());
    return PathOf(*identity::MakePermalink("http://127.0.0.1:1/beli", wire.SerializeAsString(),
                                           testing::kNowMs + kLinkMs, signer_));
  }

  static constexpr int64_t kLinkMs = 900'000;
  const identity::Signer signer_ =
      *identity::Signer::Generate(identity::Algorithm::kEdDsa, "links-1");
};

TEST_F(LinkedTest, LookingOrdersNothing) {
  const WebResponse response = checkout_->Handle("GET", Link());
  EXPECT_EQ(response.status, 200u);
  for (const char* text : {"Kopi &lt;b&gt;Gayo&lt;/b&gt;", "Rp 50.000",
                           "<button type=\"submit\">Pesan <span", "nothing is ordered yet"}) {
    EXPECT_TRUE(Has(response.body, text)) << text << " is missing in " << response.body;
  }
  EXPECT_FALSE(Has(response.body, "Nomor pesanan"));
  EXPECT_EQ(store_->feed().Find("kopi")->stock, 3);
}

TEST_F(LinkedTest, TheFormOrdersOnceUnderTheIntentsId) {
  const WebResponse placed = checkout_->Handle("POST", Link());
  EXPECT_EQ(placed.status, 303u);
  EXPECT_TRUE(Has(Get(PathOf(placed.location)), "Selesaikan pembayaran"));
  EXPECT_EQ(store_->feed().Find("kopi")->stock, 1);
  EXPECT_EQ(checkout_->Handle("POST", Link()).location, placed.location);
  EXPECT_EQ(store_->feed().Find("kopi")->stock, 1);
  // The bridge asks, and is told what the page decided.
  testing::TestOrder order(7, 8, "kopi");
  const Key key = order.view().key();
  const auto found = store_->Get(testing::Token(2), {&key, 1});
  ASSERT_TRUE(found.ok() && found->results[0].has_value());
  EXPECT_EQ(found->results[0]->state, orders::v1::OrderResult::STATE_ORDERED);
}

// A server-to-server order has its deadline; the page is the buyer's own, and has the link's.
TEST_F(LinkedTest, TheLinkOutlivesTheIntentAndThenExpires) {
  clock_.now_ms = testing::kNowMs + kLinkMs - 1;
  EXPECT_EQ(checkout_->Handle("GET", Link()).status, 200u);
  clock_.now_ms = testing::kNowMs + kLinkMs;
  EXPECT_EQ(checkout_->Handle("GET", Link()).status, 410u);
  EXPECT_EQ(checkout_->Handle("POST", Link()).status, 410u);
  EXPECT_EQ(store_->feed().Find("kopi")->sold, 2);
}

TEST_F(LinkedTest, WhatCannotBeHadIsToldAndStaysSo) {
  EXPECT_EQ(checkout_->Handle("POST", Link(4)).status, 409u);
  EXPECT_EQ(checkout_->Handle("POST", Link(4)).status, 409u);
  EXPECT_EQ(store_->feed().Find("kopi")->sold, 2);
}

TEST_F(LinkedTest, AForgedLinkOpensNothing) {
  std::string forged = Link();
  forged[10] = forged[10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(checkout_->Handle("GET", forged).status, 404u);
  EXPECT_EQ(checkout_->Handle("POST", forged).status, 404u);
  EXPECT_EQ(checkout_->Handle("POST", "/beli/").status, 404u);
  EXPECT_EQ(checkout_->Handle("PUT", Link()).status, 405u);
  Checkout without_keys(*store_, "Tokopedia (contoh)");
  EXPECT_EQ(without_keys.Handle("GET", Link()).status, 404u);
}

}  // namespace
}  // namespace jembatan::marketplace
