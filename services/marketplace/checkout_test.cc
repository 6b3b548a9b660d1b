#include "services/marketplace/checkout.h"

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
        "data-ms=\"885000\"", "diproses oleh <b>Tokopedia (contoh)</b>", "Bayar (simulasi)"}) {
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

}  // namespace
}  // namespace jembatan::marketplace
