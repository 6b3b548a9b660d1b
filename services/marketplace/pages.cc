#include "services/marketplace/pages.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <initializer_list>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/text.h"

namespace jembatan::marketplace {
namespace {

constexpr std::string_view kFrame = R"html(<!doctype html>
<html lang="id">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{heading}</title>
<link rel="stylesheet" href="/assets/checkout.css">
{script}</head>
<body>
<header class="brand">
<svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor"
 d="M12 2 4 5v6c0 5 3.4 9.3 8 11 4.6-1.7 8-6 8-11V5zm-1.2 14-4-4 1.5-1.5 2.5 2.5 5-5L17.3 9.5z"/>
</svg>
<p>{brand}</p></header>
<main>
<div class="head" data-tone="{tone}">{steps}
<h1>{heading}</h1>
<p class="en" lang="en">{english}</p>
{clock}</div>
{content}</main>
</body>
</html>
)html";

constexpr std::string_view kBrand = R"html(diproses oleh <b>{name}</b>
<span class="en" lang="en">processed by {name}</span>)html";

constexpr std::string_view kNoBrand = R"html(<b>Lokapasar</b>
<span class="en" lang="en">Marketplace</span>)html";

constexpr std::string_view kSteps = R"html(
<ol class="steps" aria-label="Langkah">
<li{order}>Pesan <span class="en" lang="en">Order</span></li>
<li{pay}>Bayar <span class="en" lang="en">Pay</span></li>
<li{invoice}>Faktur <span class="en" lang="en">Invoice</span></li>
</ol>)html";

constexpr std::string_view kClock =
    R"html(<p class="clock" id="clock"><span>Bayar dalam
<span class="en" lang="en">time left to pay</span></span>
<b id="remaining" role="timer" data-ms="{ms}">{remaining}</b></p>
<progress id="left" max="{hold}" value="{ms}" aria-label="Sisa waktu bayar"></progress>
<p class="unseen" role="status" id="notice" data-soon="Sisa satu menit untuk membayar"></p>
)html";

constexpr std::string_view kOrder = R"html(<section class="card" aria-label="Rincian">
<h2>{title}</h2>
<dl>
<div><dt>Penjual <span class="en" lang="en">Seller</span></dt><dd>{seller}</dd></div>
<div><dt>Jumlah <span class="en" lang="en">Quantity</span></dt><dd>{quantity}</dd></div>
<div><dt>Harga satuan <span class="en" lang="en">Unit price</span></dt><dd>{price}</dd></div>
{more}<div class="total"><dt>Total</dt><dd>{total}</dd></div>
</dl>
</section>
)html";

constexpr std::string_view kNumber =
    R"html(<div><dt>Nomor pesanan <span class="en" lang="en">Order number</span></dt>
<dd>{order_id}</dd></div>
)html";

constexpr std::string_view kPaidAt =
    R"html(<div><dt>Dibayar <span class="en" lang="en">Paid</span></dt><dd>{time}</dd></div>
)html";

constexpr std::string_view kOrderForm = R"html(<form method="post" action="{path}">
<button type="submit">Pesan <span class="en" lang="en">Order</span></button>
<p class="note">Belum ada pesanan sebelum Anda menekan tombol ini.
<span class="en" lang="en">Nothing is ordered before you press this button.</span></p>
</form>
)html";

constexpr std::string_view kPayForm = R"html(<form method="post" action="{pay_path}">
<button type="submit">Bayar {total} (simulasi)
<span class="en" lang="en">Pay {total} (simulated)</span></button>
<p class="note">Pembayaran contoh: tidak ada uang yang berpindah.
<span class="en" lang="en">A sample payment: no money moves.</span></p>
</form>
)html";

constexpr std::string_view kVoucher =
    R"html(<div><dt>Voucher {voucher}</dt><dd>−{discount}</dd></div>
)html";

constexpr std::string_view kCancelForm = R"html(<form method="post" action="{cancel_path}">
<button type="submit" class="quiet">Batalkan pesanan
<span class="en" lang="en">Cancel the order</span></button>
</form>
)html";

constexpr std::string_view kInvoiceLink = R"html(<p><a class="button" href="{url}">Lihat faktur
<span class="en" lang="en">View invoice</span></a></p>
)html";

constexpr std::string_view kPrint =
    R"html(<p class="paid"><b>LUNAS</b> <span lang="en">PAID</span></p>
<button type="button" class="quiet" id="print">Cetak atau simpan
<span class="en" lang="en">Print or save</span></button>
)html";

constexpr std::string_view kReleased =
    R"html(<p class="note">Barang dilepas kembali untuk pembeli lain dan tidak
ada yang ditagih. Anda boleh membelinya lagi dari siaran.
<span class="en" lang="en">The goods were released to other buyers and nothing was charged.
You may buy them again from the stream.</span></p>
)html";

constexpr std::string_view kScriptTag = "<script src=\"/assets/checkout.js\" defer></script>\n";

using Values = std::initializer_list<std::pair<std::string_view, std::string>>;

// Replaces each {name}; the values must be escaped already.
std::string Fill(std::string_view form, Values values) {
  std::string text;
  while (true) {
    const size_t open = form.find('{');
    if (open == std::string_view::npos) break;
    const size_t close = form.find('}', open);
    JEMB_CHECK(close != std::string_view::npos);
    const std::string_view name = form.substr(open + 1, close - open - 1);
    const auto value = std::find_if(values.begin(), values.end(),
                                    [name](const auto& pair) { return pair.first == name; });
    JEMB_CHECK(value != values.end());
    text += form.substr(0, open);
    text += value->second;
    form.remove_prefix(close + 1);
  }
  text += form;
  return text;
}

// What stands around a page's content.
struct Frame {
  std::string_view heading;
  std::string_view english;
  // How it looks at first sight: wait, done, gone or plain.
  std::string_view tone = "plain";
  // 1 to 3: the step under way; 0: none.
  int step = 0;
  // Empty: a page that belongs to no order.
  std::string_view marketplace_name;
  // Whether it needs the script.
  bool lively = false;
};

std::string Steps(int now) {
  if (now == 0) return {};
  const auto mark = [now](int step) {
    if (step < now) return std::string(" data-past");
    return std::string(step == now ? " aria-current=\"step\"" : "");
  };
  return Fill(kSteps, {{"order", mark(1)}, {"pay", mark(2)}, {"invoice", mark(3)}});
}

std::string Page(const Frame& frame, std::string content, std::string clock = {}) {
  std::string brand(kNoBrand);
  if (!frame.marketplace_name.empty()) {
    brand = Fill(kBrand, {{"name", Escape(frame.marketplace_name)}});
  }
  return Fill(kFrame, {{"heading", Escape(frame.heading)},
                       {"english", Escape(frame.english)},
                       {"tone", std::string(frame.tone)},
                       {"steps", Steps(frame.step)},
                       {"brand", std::move(brand)},
                       {"clock", std::move(clock)},
                       {"content", std::move(content)},
                       {"script", std::string(frame.lively ? kScriptTag : "")}});
}

std::string TotalText(const OrderPage& page) {
  return Escape(base::MoneyText(page.price.currency,
                                page.price.amount_minor * page.quantity - page.discount_minor));
}

std::string VoucherRow(const OrderPage& page) {
  if (page.voucher_ref.empty()) return {};
  return Fill(kVoucher,
              {{"voucher", Escape(page.voucher_ref)},
               {"discount", Escape(base::MoneyText(page.price.currency, page.discount_minor))}});
}

// more: further rows of the list.
std::string OrderPart(const OrderPage& page, std::string more = {}) {
  more.insert(0, VoucherRow(page));
  if (!page.order_id.empty()) more += Fill(kNumber, {{"order_id", Escape(page.order_id)}});
  return Fill(kOrder,
              {{"title", Escape(page.title)},
               {"seller", Escape(page.seller_id)},
               {"quantity", std::to_string(page.quantity)},
               {"price", Escape(base::MoneyText(page.price.currency, page.price.amount_minor))},
               {"total", TotalText(page)},
               {"more", std::move(more)}});
}

std::string TwoDigits(int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

}  // namespace

std::string ConfirmPage(const OrderPage& page) {
  const Frame frame{.heading = "Periksa pesanan Anda",
                    .english = "Check your order; nothing is ordered yet",
                    .step = 1,
                    .marketplace_name = page.marketplace_name};
  return Page(frame, OrderPart(page) + Fill(kOrderForm, {{"path", Escape(page.pay_path)}}));
}

std::string UnpaidPage(const OrderPage& page) {
  const Frame frame{.heading = "Selesaikan pembayaran",
                    .english = "Complete your payment",
                    .tone = "wait",
                    .step = 2,
                    .marketplace_name = page.marketplace_name,
                    .lively = true};
  std::string form =
      Fill(kPayForm, {{"pay_path", Escape(page.pay_path)}, {"total", TotalText(page)}});
  form += Fill(kCancelForm, {{"cancel_path", Escape(page.cancel_path)}});
  std::string clock = Fill(kClock, {{"ms", std::to_string(page.remaining_ms)},
                                    {"hold", std::to_string(page.hold_ms)},
                                    {"remaining", FormatRemaining(page.remaining_ms)}});
  return Page(frame, OrderPart(page) + form, std::move(clock));
}

std::string PaidPage(const OrderPage& page) {
  const Frame frame{.heading = "Pembayaran diterima",
                    .english = "Payment received",
                    .tone = "done",
                    .step = 3,
                    .marketplace_name = page.marketplace_name};
  return Page(frame, OrderPart(page) + Fill(kInvoiceLink, {{"url", Escape(page.invoice_url)}}));
}

std::string CancelledPage(const OrderPage& page) {
  const Frame frame{.heading = "Waktu pembayaran habis",
                    .english = "The time to pay has run out; the order was cancelled",
                    .tone = "gone",
                    .marketplace_name = page.marketplace_name};
  return Page(frame, OrderPart(page) + std::string(kReleased));
}

std::string WithdrawnPage(const OrderPage& page) {
  const Frame frame{.heading = "Pesanan dibatalkan",
                    .english = "You cancelled the order",
                    .tone = "gone",
                    .marketplace_name = page.marketplace_name};
  return Page(frame, OrderPart(page) + std::string(kReleased));
}

std::string InvoicePage(const OrderPage& page) {
  const std::string heading = "Faktur " + page.order_id;
  const Frame frame{.heading = heading,
                    .english = "Invoice",
                    .tone = "done",
                    .marketplace_name = page.marketplace_name,
                    .lively = true};
  return Page(frame, OrderPart(page, Fill(kPaidAt, {{"time", FormatTime(page.paid_ms)}})) +
                         std::string(kPrint));
}

std::string MessagePage(std::string_view indonesian, std::string_view english) {
  return Page({.heading = indonesian, .english = english}, {});
}

std::string Escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string FormatRemaining(int64_t remaining_ms) {
  const int64_t seconds = std::max<int64_t>(0, (remaining_ms + 999) / 1'000);
  return TwoDigits(seconds / 60) + ":" + TwoDigits(seconds % 60);
}

std::string FormatTime(int64_t unix_ms) {
  // Western Indonesia time has no summer time.
  const std::time_t local = static_cast<std::time_t>(unix_ms / 1'000) + 7 * 3'600;
  std::tm parts{};
  gmtime_r(&local, &parts);
  char text[32];
  const size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M WIB", &parts);
  return {text, size};
}

}  // namespace jembatan::marketplace
