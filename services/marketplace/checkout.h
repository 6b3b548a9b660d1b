#pragma once

// Checkout: what the marketplace's public pages answer, without HTTP's wire: a request in, a
// response out. A link signed by the bridge (/beli/...) shows what would be ordered, and orders it
// when the buyer says so, under the intent's own id: once, however often the form is sent. On an
// order's page its buyer pays or cancels; it opens only with the key of its link. Everything else
// is 404, so that nobody learns which orders exist.
//
// Owned by the service; the store must outlive it. Thread-safe.

#include <memory>
#include <string>
#include <string_view>

#include "libs/identity/token.h"
#include "services/marketplace/pages.h"
#include "services/marketplace/store.h"

namespace jembatan::marketplace {

struct WebResponse {
  unsigned status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::string body;
  // With 303 and 405.
  std::string location;
  std::string allow;
};

class Checkout {
 public:
  // link_keys: whose links are opened; null: nobody's.
  Checkout(Store& store, std::string marketplace_name,
           std::shared_ptr<const identity::KeySet> link_keys = nullptr);

  // target is path and query; a body is not looked at. HEAD is answered as GET: the caller leaves
  // the body out.
  WebResponse Handle(std::string_view method, std::string_view target);

 private:
  WebResponse Linked(std::string_view payload, std::string_view target, std::string_view query,
                     bool order);
  // The page of an order by its canonical path, or what one of its forms does to it.
  WebResponse Order(std::string_view order_id, const std::string& path);
  WebResponse Act(std::string_view order_id, const std::string& path, bool cancel);
  WebResponse Invoice(std::string_view order_id);
  OrderPage ToPage(const Store::Visit& visit) const;

  Store& store_;
  const std::string marketplace_name_;
  const std::shared_ptr<const identity::KeySet> link_keys_;
};

// A plain page for an error.
WebResponse ErrorResponse(unsigned status);

}  // namespace jembatan::marketplace
