// jembatan-orderstub: a marketplace that says ORDERED to everything and remembers nothing, to
// measure a bridge against; at once, or as fast as --orders_per_second. It keeps no promise and is
// no reference for one.

#include <chrono>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include <prometheus/registry.h>

#include "bench/stub/pace.h"
#include "jembatan/orders/v1/orders.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/log.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/rpc/server.h"
#include "libs/runtime/admin.h"
#include "libs/runtime/lifecycle.h"
#include "libs/runtime/options.h"

namespace jembatan::bench {
namespace {

using grpc::ServerContext;
using grpc::Status;

class OrderStub final : public orders::v1::OrderService::Service {
 public:
  explicit OrderStub(int64_t orders_per_second) : pace_(orders_per_second) {}

 private:
  Status Fence(ServerContext*, const orders::v1::FenceRequest* request,
               orders::v1::FenceResponse* response) override {
    response->set_token(request->fencing().token());
    return Status::OK;
  }

  Status GetOrders(ServerContext*, const orders::v1::GetOrdersRequest* request,
                   orders::v1::GetOrdersResponse* response) override {
    for (int i = 0; i < request->keys_size(); ++i) response->add_answers();
    return Status::OK;
  }

  Status PlaceOrders(ServerContext*,
                     grpc::ServerReaderWriter<orders::v1::PlaceOrdersResponse,
                                              orders::v1::PlaceOrdersRequest>* stream) override {
    orders::v1::PlaceOrdersRequest request;
    orders::v1::PlaceOrdersResponse response;
    while (stream->Read(&request)) {
      response.Clear();
      response.set_batch_id(request.batch_id());
      for (int i = 0; i < request.orders_size(); ++i) {
        const orders::v1::Order& order = request.orders(i);
        orders::v1::OrderResult* result = response.add_results();
        result->set_index(static_cast<uint32_t>(i));
        result->set_intent_id(order.intent_id());
        result->set_state(orders::v1::OrderResult::STATE_ORDERED);
        result->set_order_id(order.intent_id());
        result->set_fingerprint(order.fingerprint());
      }
      Decide(request.orders_size());
      if (!stream->Write(response)) break;
    }
    return Status::OK;
  }

  // Blocks the stream's own thread until so many orders are decided.
  void Decide(int orders) {
    int64_t decided_ns = 0;
    {
      base::MutexLock lock(&mutex_);
      decided_ns = pace_.DecidedAt(static_cast<size_t>(orders), base::MonotonicNs());
    }
    std::this_thread::sleep_until(
        std::chrono::steady_clock::time_point(std::chrono::nanoseconds(decided_ns)));
  }

  base::Mutex mutex_;
  OrderPace pace_ ABSL_GUARDED_BY(mutex_);
};

struct Options {
  std::string listen = "127.0.0.1:9500";
  std::string admin_listen = "127.0.0.1:9590";
  int orders_per_second = 0;
};

absl::Status Serve(const Options& options) {
  JEMB_ASSIGN_OR_RETURN(
      auto admin,
      runtime::AdminServer::Create(options.admin_listen, std::make_shared<prometheus::Registry>()));
  OrderStub stub(options.orders_per_second);
  rpc::Server server({.listen = options.listen});
  server.Register(&stub);
  JEMB_RETURN_IF_ERROR(server.Start());
  admin->Start();
  runtime::WaitForStop();
  server.Stop(std::chrono::seconds(1));
  admin->Stop();
  return absl::OkStatus();
}

}  // namespace
}  // namespace jembatan::bench

int main(int argc, char** argv) {
  using namespace jembatan;
  runtime::BlockSignals();
  bench::Options options;
  runtime::OptionTable table("orderstub",
                             "Says ORDERED to everything, to measure a bridge against.");
  table.Add("listen", &options.listen, "Address for OrderService (gRPC), host:port");
  table.Add("admin_listen", &options.admin_listen, "Address of /metrics, /healthz and /readyz");
  table.Add("orders_per_second", &options.orders_per_second,
            "Orders decided a second, over all streams; 0: at once", 0, 1'000'000);
  table.Parse(argc, argv);
  base::InitLog("orderstub", base::Level::kWarn);
  absl::Status served = bench::Serve(options);
  if (!served.ok()) runtime::FailStart("orderstub", base::ToString(served));
  base::FlushLog();
  return 0;
}
