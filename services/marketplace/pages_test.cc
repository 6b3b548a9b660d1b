#include "services/marketplace/pages.h"

#include "gtest/gtest.h"

namespace jembatan::marketplace {
namespace {

TEST(PagesTest, TimeLeftIsRoundedUpAndNeverNegative) {
  EXPECT_EQ(FormatRemaining(900'000), "15:00");
  EXPECT_EQ(FormatRemaining(1), "00:01");
  EXPECT_EQ(FormatRemaining(0), "00:00");
  EXPECT_EQ(FormatRemaining(-5'000), "00:00");
  EXPECT_EQ(FormatRemaining(6'000'000), "100:00");
}

TEST(PagesTest, TimesAreInJakarta) {
  // 2026-12-11T17:00:00Z.
  EXPECT_EQ(FormatTime(1'797'008'400'000), "2026-12-12 00:00 WIB");
}

TEST(PagesTest, EveryValueIsEscaped) {
  const std::string evil = "<script>alert('{title}\"&')</script>";
  OrderPage page;
  page.marketplace_name = page.order_id = page.title = page.seller_id = evil;
  page.pay_path = page.cancel_path = page.invoice_url = page.price.currency = evil;
  page.voucher_ref = evil;
  page.quantity = 1;
  for (const std::string& html :
       {UnpaidPage(page), PaidPage(page), CancelledPage(page), WithdrawnPage(page),
        InvoicePage(page), MessagePage(evil, evil)}) {
    EXPECT_EQ(html.find("<script>"), std::string::npos) << html;
    EXPECT_EQ(html.find("alert('"), std::string::npos) << html;
    EXPECT_NE(html.find("&lt;script&gt;alert(&#39;{title}&quot;&amp;&#39;)"), std::string::npos);
  }
}

TEST(PagesTest, AVoucherIsARowOfItsOwnAndOffTheTotal) {
  OrderPage page;
  page.price = {"IDR", 2'500'000};
  page.quantity = 2;
  EXPECT_EQ(UnpaidPage(page).find("Voucher"), std::string::npos);
  page.voucher_ref = "hemat";
  page.discount_minor = 1'000'000;
  const std::string html = UnpaidPage(page);
  EXPECT_NE(html.find("Voucher hemat</dt><dd>−Rp 10.000</dd>"), std::string::npos) << html;
  EXPECT_NE(html.find("Bayar Rp 40.000 (simulasi)"), std::string::npos) << html;
}

TEST(PagesTest, NothingComesFromElsewhereAndNothingIsInline) {
  OrderPage page;
  page.pay_path = "/checkout/T-0000000001?k=a";
  page.invoice_url = "/invoice/T-0000000001?k=a";
  for (const std::string& html : {UnpaidPage(page), PaidPage(page), CancelledPage(page)}) {
    EXPECT_EQ(html.find("http"), std::string::npos);
    EXPECT_EQ(html.find("style="), std::string::npos);
    EXPECT_EQ(html.find("onclick"), std::string::npos);
  }
  EXPECT_EQ(StyleSheet().find("url("), std::string_view::npos);
  EXPECT_EQ(Script().find("fetch"), std::string_view::npos);
}

}  // namespace
}  // namespace jembatan::marketplace
