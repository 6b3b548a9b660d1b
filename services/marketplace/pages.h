#pragma once

// The marketplace's own pages as text: Indonesian first, English beside it, sized for a phone, no
// resource from elsewhere. Everything that is filled in is escaped here. Pure; any thread.

#include <string>
#include <string_view>

#include "services/marketplace/order.h"

namespace jembatan::marketplace {

struct OrderPage {
  // Who processes the order.
  std::string marketplace_name;
  std::string order_id;
  std::string title;
  std::string seller_id;
  uint32_t quantity = 0;
  Money price;
  // Off the total, by a voucher; empty: none was used.
  std::string voucher_ref;
  int64_t discount_minor = 0;
  // How long the goods are held in all, and how much of it is left, in milliseconds.
  int64_t hold_ms = 0;
  int64_t remaining_ms = 0;
  int64_t paid_ms = 0;
  // Where the forms are sent to, and the invoice once there is one.
  std::string pay_path;
  std::string cancel_path;
  std::string invoice_url;
};

// Before anything is ordered: what would be, and a form that orders it, sent to pay_path. It has no
// order number yet.
std::string ConfirmPage(const OrderPage& page);
std::string UnpaidPage(const OrderPage& page);
std::string PaidPage(const OrderPage& page);
// Its hold ran out.
std::string CancelledPage(const OrderPage& page);
// Its buyer cancelled it.
std::string WithdrawnPage(const OrderPage& page);
std::string InvoicePage(const OrderPage& page);
// A page with one sentence in both languages.
std::string MessagePage(std::string_view indonesian, std::string_view english);

// What the pages share (page_assets.cc).
std::string_view StyleSheet();
std::string_view Script();

// & < > " ' as entities.
std::string Escape(std::string_view text);
// "12:05" for minutes and seconds left, rounded up.
std::string FormatRemaining(int64_t remaining_ms);
// "2026-12-12 00:00 WIB".
std::string FormatTime(int64_t unix_ms);

}  // namespace jembatan::marketplace
