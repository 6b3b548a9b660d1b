#include "services/marketplace/checkout.h"

#include <algorithm>
#include <utility>

#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/identity/permalink.h"
#include "services/marketplace/wire.h"

namespace jembatan::marketplace {
namespace {

constexpr std::string_view kCheckoutPrefix = "/checkout/";
constexpr std::string_view kInvoicePrefix = "/invoice/";
constexpr std::string_view kLinkPrefix = "/beli/";
// What the form that cancels an order appends to its page's path.
constexpr std::string_view kCancels = "&batal=";

struct Target {
  std::string_view path;
  std::string_view query;
};

Target Split(std::string_view target) {
  const size_t question = target.find('?');
  if (question == std::string_view::npos) return {target, {}};
  return {target.substr(0, question), target.substr(question + 1)};
}

// The value of a parameter whose name is given with its "="; others may be appended on the way.
std::string_view ValueIn(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.starts_with(name)) return pair.substr(name.size());
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

// Carried by every link.
std::string_view KeyIn(std::string_view query) { return ValueIn(query, "k="); }

WebResponse NotAllowed(std::string allow) {
  WebResponse response = ErrorResponse(405);
  response.allow = std::move(allow);
  return response;
}

WebResponse Asset(std::string_view text, std::string content_type) {
  WebResponse response;
  response.body = text;
  response.content_type = std::move(content_type);
  return response;
}

WebResponse StoreError(const absl::Status& status) {
  if (absl::IsNotFound(status)) return ErrorResponse(404);
  base::Log(base::Level::kWarn, "checkout_failed", {{"cause", base::ToString(status)}});
  return ErrorResponse(503);
}

}  // namespace

Checkout::Checkout(Store& store, std::string marketplace_name,
                   std::shared_ptr<const identity::KeySet> link_keys)
    : store_(store),
      marketplace_name_(std::move(marketplace_name)),
      link_keys_(std::move(link_keys)) {}

WebResponse Checkout::Handle(std::string_view method, std::string_view target) {
  const Target parts = Split(target);
  const bool reads = method == "GET" || method == "HEAD";
  if (parts.path == "/assets/checkout.css") {
    return reads ? Asset(StyleSheet(), "text/css; charset=utf-8") : NotAllowed("GET, HEAD");
  }
  if (parts.path == "/assets/checkout.js") {
    return reads ? Asset(Script(), "text/javascript; charset=utf-8") : NotAllowed("GET, HEAD");
  }
  if (parts.path.starts_with(kLinkPrefix)) {
    if (!reads && method != "POST") return NotAllowed("GET, HEAD, POST");
    return Linked(parts.path.substr(kLinkPrefix.size()), target, parts.query, !reads);
  }
  if (parts.path.starts_with(kCheckoutPrefix)) {
    if (!reads && method != "POST") return NotAllowed("GET, HEAD, POST");
    const std::string_view order_id = parts.path.substr(kCheckoutPrefix.size());
    const std::string_view key = KeyIn(parts.query);
    if (!store_.links().IsCheckoutKey(order_id, key)) return ErrorResponse(404);
    const std::string path = std::string(parts.path) + "?k=" + std::string(key);
    if (reads) return Order(order_id, path);
    return Act(order_id, path, !ValueIn(parts.query, kCancels.substr(1)).empty());
  }
  if (parts.path.starts_with(kInvoicePrefix)) {
    if (!reads) return NotAllowed("GET, HEAD");
    const std::string_view order_id = parts.path.substr(kInvoicePrefix.size());
    if (!store_.links().IsInvoiceKey(order_id, KeyIn(parts.query))) return ErrorResponse(404);
    return Invoice(order_id);
  }
  return ErrorResponse(404);
}

// Only a form orders: whoever merely opens the link, as a preview does, changes nothing.
WebResponse Checkout::Linked(std::string_view payload, std::string_view target,
                             std::string_view query, bool order) {
  if (link_keys_ == nullptr) return ErrorResponse(404);
  const auto link = identity::ReadPermalink(payload, query, *link_keys_, store_.clock_ms());
  if (absl::IsDeadlineExceeded(link.status())) return ErrorResponse(410);
  orders::v1::Order wire;
  if (!link.ok() || !wire.ParseFromString(link->payload)) return ErrorResponse(404);
  marketplace::Order wanted = FromWire(wire);
  // The intent's deadline is that of server-to-server orders; here the link's own counts.
  wanted.deadline_ms = link->expires_ms;
  if (order) {
    const absl::StatusOr<Result> placed = store_.PlaceAtPage(wanted);
    if (!placed.ok()) return StoreError(placed.status());
    if (placed->state != orders::v1::OrderResult::STATE_ORDERED) return ErrorResponse(409);
    WebResponse response = ErrorResponse(303);
    response.location = placed->continue_url;
    return response;
  }
  const OfferFeed::OfferPtr offer = store_.feed().Find(std::string(wanted.offer_id));
  if (offer == nullptr) return ErrorResponse(409);
  OrderPage page;
  page.marketplace_name = marketplace_name_;
  page.title = offer->title;
  page.seller_id = offer->seller_id;
  page.quantity = wanted.quantity;
  page.price = wanted.price_seen;
  page.pay_path = target;
  WebResponse response;
  response.body = ConfirmPage(page);
  return response;
}

WebResponse Checkout::Act(std::string_view order_id, const std::string& path, bool cancel) {
  const absl::StatusOr<Store::Visit> visit =
      cancel ? store_.Withdraw(order_id) : store_.Pay(order_id);
  if (!visit.ok()) return StoreError(visit.status());
  // The page again, so that going back or reloading sends no form a second time.
  WebResponse response = ErrorResponse(303);
  response.location = path;
  return response;
}

WebResponse Checkout::Order(std::string_view order_id, const std::string& path) {
  const absl::StatusOr<Store::Visit> visit = store_.View(order_id);
  if (!visit.ok()) return StoreError(visit.status());
  OrderPage page = ToPage(*visit);
  page.pay_path = path;
  page.cancel_path = path + std::string(kCancels) + "1";
  WebResponse response;
  switch (visit->result.payment) {
    case Payment::kUnpaid:
      response.body = UnpaidPage(page);
      return response;
    case Payment::kPaid:
      response.body = PaidPage(page);
      return response;
    case Payment::kCancelled:
      response.body = CancelledPage(page);
      return response;
    case Payment::kWithdrawn:
      response.body = WithdrawnPage(page);
      return response;
    case Payment::kNone:
      break;
  }
  return ErrorResponse(404);
}

WebResponse Checkout::Invoice(std::string_view order_id) {
  const absl::StatusOr<Store::Visit> visit = store_.View(order_id);
  if (!visit.ok()) return StoreError(visit.status());
  if (visit->result.payment != Payment::kPaid) return ErrorResponse(404);
  WebResponse response;
  response.body = InvoicePage(ToPage(*visit));
  return response;
}

OrderPage Checkout::ToPage(const Store::Visit& visit) const {
  const Result& result = visit.result;
  OrderPage page;
  page.marketplace_name = marketplace_name_;
  page.order_id = result.order_id;
  page.quantity = result.quantity;
  page.price = result.price;
  page.voucher_ref = visit.taken.voucher_ref;
  page.discount_minor = visit.taken.discount_minor;
  page.hold_ms = result.hold_expires_ms - result.decided_ms;
  page.remaining_ms = result.hold_expires_ms - visit.now_ms;
  page.paid_ms = visit.paid_ms;
  page.invoice_url = result.invoice_url;
  page.title = result.offer_id;
  if (const OfferFeed::OfferPtr offer = store_.feed().Find(result.offer_id); offer != nullptr) {
    page.title = offer->title;
    page.seller_id = offer->seller_id;
  }
  return page;
}

WebResponse ErrorResponse(unsigned status) {
  WebResponse response;
  response.status = status;
  switch (status) {
    case 303:
      response.body = MessagePage("Sebentar", "One moment");
      break;
    case 404:
      response.body = MessagePage("Halaman tidak ditemukan", "Page not found");
      break;
    case 409:
      response.body = MessagePage("Pesanan tidak dapat dibuat", "The order cannot be placed");
      break;
    case 410:
      response.body = MessagePage("Tautan ini sudah tidak berlaku", "This link has expired");
      break;
    case 503:
      response.body = MessagePage("Coba lagi sebentar lagi", "Please try again in a moment");
      break;
    default:
      response.body =
          MessagePage("Permintaan tidak dapat diproses", "The request cannot be served");
  }
  return response;
}

}  // namespace jembatan::marketplace
