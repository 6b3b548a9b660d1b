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
<meta name="robots" content="noindex">
<title>{heading}</title>
<link rel="stylesheet" href="/assets/checkout.css">
{script}</head>
<body>
<main>
<h1>{heading}</h1>
<p class="en" lang="en">{english}</p>
{content}</main>
</body>
</html>
)html";

constexpr std::string_view kOrder = R"html(<p class="label">diproses oleh <b>{name}</b>
<span class="en" lang="en">processed by {name}</span></p>
<dl>
<dt>Barang <span class="en" lang="en">Item</span></dt><dd>{title}</dd>
<dt>Penjual <span class="en" lang="en">Seller</span></dt><dd>{seller}</dd>
<dt>Jumlah <span class="en" lang="en">Quantity</span></dt><dd>{quantity}</dd>
<dt>Harga satuan <span class="en" lang="en">Unit price</span></dt><dd>{price}</dd>
<dt>Total</dt><dd><b>{total}</b></dd>
{number}</dl>
)html";

constexpr std::string_view kNumber =
    R"html(<dt>Nomor pesanan <span class="en" lang="en">Order number</span></dt><dd>{order_id}</dd>
)html";

constexpr std::string_view kOrderForm = R"html(<form method="post" action="{path}">
<button type="submit">Pesan</button>
<p class="en" lang="en">Order</p>
</form>
)html";

constexpr std::string_view kPay = R"html(<p class="clock">Bayar dalam
<time id="remaining" data-ms="{ms}">{remaining}</time>
<span class="en" lang="en">time left to pay</span></p>
<form method="post" action="{pay_path}">
<button type="submit">Bayar (simulasi)</button>
<p class="en" lang="en">Pay (simulated: no money moves)</p>
</form>
)html";

constexpr std::string_view kInvoiceLink = R"html(<p><a class="button" href="{url}">Lihat faktur</a>
<span class="en" lang="en">View invoice</span></p>
)html";

constexpr std::string_view kPaidAt = R"html(<dl>
<dt>Dibayar <span class="en" lang="en">Paid</span></dt><dd>{time}</dd>
</dl>
)html";

constexpr std::string_view kScriptTag = "<script src=\"/assets/checkout.js\" defer></script>\n";

constexpr std::string_view kStyle = R"css(:root { color-scheme: light dark; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 28rem; margin: 0 auto; padding: 1.25rem; }
h1 { font-size: 1.4rem; margin: 0; }
dl { margin: 1rem 0; }
dt { font-size: .875rem; opacity: .8; }
dd { margin: 0 0 .75rem; overflow-wrap: anywhere; }
.en { display: block; font-size: .8125rem; opacity: .75; margin: 0; }
dt .en { display: inline; }
.label { border: 1px solid; border-radius: .5rem; padding: .5rem .75rem; }
.clock time { font-size: 1.5rem; font-variant-numeric: tabular-nums; }
button, .button { display: block; width: 100%; padding: .875rem; border: 0; border-radius: .5rem;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none;
  background: #03722d; color: #fff; cursor: pointer; }
button:focus-visible, .button:focus-visible { outline: 3px solid; outline-offset: 2px; }
)css";

// Counts from the time left that the server told: a phone's clock may be wrong.
constexpr std::string_view kScript = R"js("use strict";
(() => {
  const clock = document.getElementById("remaining");
  if (!clock) return;
  const start = performance.now();
  const total = Number(clock.dataset.ms);
  const timer = setInterval(() => {
    const left = Math.ceil((total - (performance.now() - start)) / 1000);
    if (left <= 0) {
      clearInterval(timer);
      setTimeout(() => location.reload(), 1000);
      return;
    }
    const seconds = String(left % 60).padStart(2, "0");
    clock.textContent = String(Math.floor(left / 60)).padStart(2, "0") + ":" + seconds;
  }, 250);
})();
)js";

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

std::string Frame(std::string_view heading, std::string_view english, std::string content,
                  std::string_view script = {}) {
  return Fill(kFrame, {{"heading", Escape(heading)},
                       {"english", Escape(english)},
                       {"content", std::move(content)},
                       {"script", std::string(script)}});
}

std::string OrderPart(const OrderPage& page) {
  const Money total{page.price.currency, page.price.amount_minor * page.quantity};
  std::string number;
  if (!page.order_id.empty()) number = Fill(kNumber, {{"order_id", Escape(page.order_id)}});
  return Fill(kOrder,
              {{"name", Escape(page.marketplace_name)},
               {"title", Escape(page.title)},
               {"seller", Escape(page.seller_id)},
               {"quantity", std::to_string(page.quantity)},
               {"price", Escape(base::MoneyText(page.price.currency, page.price.amount_minor))},
               {"total", Escape(base::MoneyText(total.currency, total.amount_minor))},
               {"number", std::move(number)}});
}

// Groups of three digits with points between, as in Indonesia.
std::string TwoDigits(int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

}  // namespace

std::string ConfirmPage(const OrderPage& page) {
  return Frame("Periksa pesanan Anda", "Check your order; nothing is ordered yet",
               OrderPart(page) + Fill(kOrderForm, {{"path", Escape(page.pay_path)}}));
}

std::string UnpaidPage(const OrderPage& page) {
  return Frame("Selesaikan pembayaran", "Complete your payment",
               OrderPart(page) + Fill(kPay, {{"ms", std::to_string(page.remaining_ms)},
                                             {"remaining", FormatRemaining(page.remaining_ms)},
                                             {"pay_path", Escape(page.pay_path)}}),
               kScriptTag);
}

std::string PaidPage(const OrderPage& page) {
  return Frame("Pembayaran diterima", "Payment received",
               OrderPart(page) + Fill(kInvoiceLink, {{"url", Escape(page.invoice_url)}}));
}

std::string CancelledPage(const OrderPage& page) {
  return Frame("Waktu pembayaran habis",
               "The time to pay has run out; the order was cancelled and nothing was charged",
               OrderPart(page));
}

std::string InvoicePage(const OrderPage& page) {
  return Frame("Faktur " + page.order_id, "Invoice",
               OrderPart(page) + Fill(kPaidAt, {{"time", FormatTime(page.paid_ms)}}));
}

std::string MessagePage(std::string_view indonesian, std::string_view english) {
  return Frame(indonesian, english, {});
}

std::string_view StyleSheet() { return kStyle; }

std::string_view Script() { return kScript; }

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
