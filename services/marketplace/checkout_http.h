#pragma once

// CheckoutHttp: the public HTTP port of the checkout pages, on a thread of its own. Bounds:
// headers, bodies, targets, connections, requests per connection, and the time a peer may take. TLS
// is the proxy's in front of it.
//
// Owned by the service; Create, Start and Stop from the main thread. The handler runs on the port's
// thread.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "services/marketplace/checkout.h"

namespace jembatan::marketplace {

class CheckoutHttp {
 public:
  using Handler = std::function<WebResponse(std::string_view method, std::string_view target)>;

  // Takes the port, so that links can name it before the first request. Port 0 takes a free one.
  static absl::StatusOr<std::unique_ptr<CheckoutHttp>> Create(const std::string& listen);
  ~CheckoutHttp();

  void Start(Handler handler);
  // Closes every connection. Idempotent.
  void Stop();
  int port() const;

 private:
  class Impl;
  explicit CheckoutHttp(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::marketplace
