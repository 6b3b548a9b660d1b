#pragma once

// Links to the marketplace's own pages. Each carries a key that only this marketplace can make, so
// that knowing an order's number opens nothing and nobody can enumerate orders. A value; pure; any
// thread.

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace jembatan::marketplace {

class Links {
 public:
  // secret is the database's own: links outlive a restart.
  Links(std::string public_url, std::string secret);

  std::string Checkout(std::string_view order_id) const;
  std::string Invoice(std::string_view order_id) const;
  bool IsCheckoutKey(std::string_view order_id, std::string_view key) const;
  bool IsInvoiceKey(std::string_view order_id, std::string_view key) const;

 private:
  std::string KeyFor(std::string_view page, std::string_view order_id) const;
  bool IsKey(std::string_view page, std::string_view order_id, std::string_view key) const;

  std::string public_url_;
  std::string secret_;
};

// https with a host, or http on a loopback address; no path, query or fragment.
absl::Status CheckPublicUrl(std::string_view url);

}  // namespace jembatan::marketplace
