#pragma once

// AdminServer: the operators' HTTP port of a service, on a thread of its own so that it answers
// when the data path is stuck. GET /healthz (200, or 503 with the reasons: only a restart helps),
// GET /readyz (200 or 503 with the reasons, one a line), GET /metrics (Prometheus text
// of the registry given), and routes a service adds. Never exposed to the public.
//
// Owned by the service's composition; Start and Stop from the main thread. Handlers and checks run
// on the admin thread and must be thread-safe.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace prometheus {
class Registry;
}

namespace jembatan::runtime {

struct AdminResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct AdminLimits {
  // One more is closed at once.
  int connections = 64;
  // For a request to come in whole, idle time before it included, and for its answer to leave.
  int timeout_ms = 10'000;
};

class AdminServer {
 public:
  // Empty: healthy, or ready; otherwise why not.
  using HealthCheck = std::function<std::string()>;
  using ReadyCheck = std::function<std::string()>;
  using Handler = std::function<AdminResponse(std::string_view target)>;

  // listen is host:port; port 0 takes a free one.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Create(
      const std::string& listen, std::shared_ptr<prometheus::Registry> registry,
      const AdminLimits& limits = {});
  ~AdminServer();

  // Before Start().
  void AddHealthCheck(HealthCheck check);
  void AddReadyCheck(ReadyCheck check);
  // path is exact up to '?'; GET only.
  void AddRoute(const std::string& path, Handler handler);

  void Start();
  void Stop();
  int port() const;

 private:
  class Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace jembatan::runtime
