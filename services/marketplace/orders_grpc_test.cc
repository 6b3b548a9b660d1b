#include "services/marketplace/orders_grpc.h"

#include <thread>

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "libs/base/status.h"
#include "libs/base/testing/plant_unknown_fields.h"
#include "libs/rpc/server.h"
#include "services/marketplace/catalog_grpc.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/testing.h"
#include "services/marketplace/wire.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;
using testing::kNowMs;

orders::v1::Order WireOrder(uint64_t intent, uint64_t buyer, const std::string& offer_id) {
  orders::v1::Order order;
  order.set_intent_id(testing::IntentId(intent));
  order.set_buyer_ref(testing::BuyerRef(buyer));
  order.set_offer_id(offer_id);
  order.set_quantity(1);
  order.mutable_price_seen()->set_currency("IDR");
  order.mutable_price_seen()->set_amount_minor(2'500'000);
  order.set_fingerprint(std::string(32, 'f'));
  order.mutable_deadline()->set_seconds(kNowMs / 1'000 + 120);
  return order;
}

void SetToken(uint64_t token, orders::v1::Fencing* fencing) {
  fencing->set_topic_version("jembatan.intents.v1");
  fencing->set_partition(0);
  fencing->set_token(token);
}

// Both services over a real loopback channel.
class OrdersGrpcTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(file_.options()); }
  void TearDown() override {
    store_->feed().Close();
    server_->Stop(std::chrono::milliseconds(0));
  }

  void Open(const StoreOptions& options) {
    auto store = Store::Open(options, clock_.get());
    ASSERT_TRUE(store.ok()) << base::ToString(store.status());
    store_ = *std::move(store);
    orders_ = std::make_unique<OrdersGrpc>(*store_, probe_);
    catalog_ = std::make_unique<CatalogGrpc>(*store_);
    rpc::ServerOptions server_options;
    server_options.listen = "127.0.0.1:0";
    server_ = std::make_unique<rpc::Server>(server_options);
    server_->Register(orders_.get());
    server_->Register(catalog_.get());
    ASSERT_TRUE(server_->Start().ok());
    channel_ = rpc::Connect("127.0.0.1:" + std::to_string(server_->port()),
                            grpc::InsecureChannelCredentials());
    stub_ = orders::v1::OrderService::NewStub(channel_);
    ASSERT_TRUE(store_->LoadOffers({testing::MakeOffer("kopi", 100, 2)}).ok());
  }
  static void SetDeadline(grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  }
  // One batch on a stream of its own; the stream's status.
  grpc::Status PlaceBatch(const orders::v1::PlaceOrdersRequest& request,
                          orders::v1::PlaceOrdersResponse* response) {
    grpc::ClientContext context;
    SetDeadline(&context);
    const auto stream = stub_->PlaceOrders(&context);
    stream->Write(request);
    stream->WritesDone();
    response->Clear();
    stream->Read(response);
    return stream->Finish();
  }

  testing::TempDatabase file_;
  testing::TestClock clock_;
  prometheus::Registry registry_;
  Probe probe_{registry_};
  std::unique_ptr<Store> store_;
  std::unique_ptr<OrdersGrpc> orders_;
  std::unique_ptr<CatalogGrpc> catalog_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<orders::v1::OrderService::Stub> stub_;
};

TEST_F(OrdersGrpcTest, BatchesOnAStreamAreAnsweredInOrder) {
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = stub_->PlaceOrders(&context);
  constexpr uint64_t kBatches = 20;
  // All are sent before the first answer is read.
  for (uint64_t b = 0; b < kBatches; ++b) {
    orders::v1::PlaceOrdersRequest request;
    request.set_batch_id(b + 100);
    SetToken(1, request.mutable_fencing());
    for (uint64_t i = 0; i < 3; ++i)
      *request.add_orders() = WireOrder(b * 3 + i, b * 3 + i, "kopi");
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  orders::v1::PlaceOrdersResponse response;
  uint64_t placed = 0;
  for (uint64_t b = 0; b < kBatches; ++b) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.batch_id(), b + 100);
    EXPECT_FALSE(response.stale());
    ASSERT_EQ(response.results_size(), 3);
    for (const OrderResult& result : response.results()) {
      EXPECT_EQ(result.index(), placed % 3);
      EXPECT_EQ(result.intent_id(), testing::IntentId(placed));
      EXPECT_EQ(result.state(), OrderResult::STATE_ORDERED);
      // The ledger's order is the order sent.
      EXPECT_EQ(result.order_id(), OrderIdOf(static_cast<int64_t>(++placed)));
      EXPECT_EQ(result.fingerprint(), std::string(32, 'f'));
      EXPECT_EQ(result.hold_expires_at().seconds(), kNowMs / 1'000 + 900);
    }
  }
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(OrdersGrpcTest, AStaleTokenDecidesNothingAndTheStreamGoesOn) {
  orders::v1::FenceRequest fence;
  orders::v1::FenceResponse fenced;
  SetToken(9, fence.mutable_fencing());
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->Fence(&context, fence, &fenced).ok());
    EXPECT_EQ(fenced.token(), 9u);
  }
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = stub_->PlaceOrders(&context);
  orders::v1::PlaceOrdersRequest request;
  orders::v1::PlaceOrdersResponse response;
  SetToken(8, request.mutable_fencing());
  *request.add_orders() = WireOrder(1, 1, "kopi");
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(response.stale());
  EXPECT_EQ(response.results_size(), 0);
  SetToken(9, request.mutable_fencing());
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_FALSE(response.stale());
  EXPECT_EQ(response.results(0).state(), OrderResult::STATE_ORDERED);
  EXPECT_FALSE(response.results(0).replayed());
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(OrdersGrpcTest, PlaceOrderFollowsTheSameRules) {
  orders::v1::PlaceOrderRequest request;
  orders::v1::PlaceOrderResponse response;
  SetToken(5, request.mutable_fencing());
  *request.mutable_order() = WireOrder(1, 1, "kopi");
  for (const bool replayed : {false, true}) {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->PlaceOrder(&context, request, &response).ok());
    EXPECT_EQ(response.result().state(), OrderResult::STATE_ORDERED);
    EXPECT_EQ(response.result().replayed(), replayed);
  }
  SetToken(4, request.mutable_fencing());
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->PlaceOrder(&context, request, &response).ok());
  EXPECT_TRUE(response.stale());
  EXPECT_FALSE(response.has_result());
}

TEST_F(OrdersGrpcTest, FieldsThatTheContractDoesNotHaveAreCountedAndKeptNowhere) {
  orders::v1::PlaceOrdersRequest request;
  SetToken(1, request.mutable_fencing());
  *request.add_orders() = WireOrder(1, 1, "kopi");
  const uint64_t planted = base::PlantUnknownFields(&request, "CANARY-FIELD");
  orders::v1::PlaceOrdersResponse response;
  ASSERT_TRUE(PlaceBatch(request, &response).ok());
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).state(), OrderResult::STATE_ORDERED);
  EXPECT_EQ(response.SerializeAsString().find("CANARY"), std::string::npos);
  const std::string metrics = prometheus::TextSerializer().Serialize(registry_.Collect());
  const std::string line =
      "\njembatan_marketplace_unknown_fields_total " + std::to_string(planted) + "\n";
  EXPECT_NE(metrics.find(line), std::string::npos) << metrics;
}

TEST_F(OrdersGrpcTest, GetOrdersAnswersKeyByKey) {
  orders::v1::PlaceOrdersRequest batch;
  orders::v1::PlaceOrdersResponse placed;
  SetToken(1, batch.mutable_fencing());
  *batch.add_orders() = WireOrder(1, 1, "kopi");
  ASSERT_TRUE(PlaceBatch(batch, &placed).ok());
  orders::v1::GetOrdersRequest request;
  SetToken(1, request.mutable_fencing());
  for (const uint64_t intent : {2u, 1u}) {
    request.add_keys()->set_intent_id(testing::IntentId(intent));
    request.mutable_keys(request.keys_size() - 1)->set_buyer_ref(testing::BuyerRef(1));
  }
  orders::v1::GetOrdersResponse response;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->GetOrders(&context, request, &response).ok());
  }
  ASSERT_EQ(response.answers_size(), 2);
  EXPECT_FALSE(response.answers(0).found());
  EXPECT_FALSE(response.answers(0).has_result());
  EXPECT_TRUE(response.answers(1).found());
  OrderResult told = response.answers(1).result();
  EXPECT_TRUE(told.replayed());
  EXPECT_EQ(told.index(), 1u);
  told.set_replayed(false);
  told.set_index(0);
  EXPECT_EQ(told.SerializeAsString(), placed.results(0).SerializeAsString());
  SetToken(0, request.mutable_fencing());
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->GetOrders(&context, request, &response).ok());
  EXPECT_TRUE(response.stale());
  EXPECT_EQ(response.answers_size(), 0);
}

TEST_F(OrdersGrpcTest, ManyBatchesAtOnceAreAnsweredInTheirOrder) {
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = stub_->PlaceOrders(&context);
  constexpr uint64_t kBatches = 300;  // more than may wait
  std::thread writer([&] {
    for (uint64_t i = 1; i <= kBatches; ++i) {
      orders::v1::PlaceOrdersRequest request;
      request.set_batch_id(i);
      SetToken(1, request.mutable_fencing());
      *request.add_orders() = WireOrder(i, i, "kopi");
      stream->Write(request);
    }
    stream->WritesDone();
  });
  orders::v1::PlaceOrdersResponse response;
  uint64_t answered = 0;
  while (stream->Read(&response)) {
    EXPECT_EQ(response.batch_id(), ++answered);
    ASSERT_EQ(response.results_size(), 1);
    // The stock is 100: first come, first served.
    EXPECT_EQ(response.results(0).state(),
              answered <= 100 ? OrderResult::STATE_ORDERED : OrderResult::STATE_REJECTED);
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(answered, kBatches);
}

TEST_F(OrdersGrpcTest, WhatCameBeforeABadBatchIsAnswered) {
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto stream = stub_->PlaceOrders(&context);
  orders::v1::PlaceOrdersRequest request;
  request.set_batch_id(1);
  SetToken(1, request.mutable_fencing());
  *request.add_orders() = WireOrder(1, 1, "kopi");
  stream->Write(request);
  request.set_batch_id(2);
  request.clear_orders();
  stream->Write(request);
  orders::v1::PlaceOrdersResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.batch_id(), 1u);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(OrdersGrpcTest, BadShapesAreInvalidArguments) {
  orders::v1::PlaceOrdersRequest good;
  SetToken(1, good.mutable_fencing());
  *good.add_orders() = WireOrder(1, 1, "kopi");
  orders::v1::PlaceOrdersRequest unfenced = good;
  unfenced.clear_fencing();
  orders::v1::PlaceOrdersRequest empty = good;
  empty.clear_orders();
  orders::v1::PlaceOrdersRequest nameless = good;
  nameless.mutable_fencing()->clear_topic_version();
  orders::v1::PlaceOrdersRequest large = good;
  while (large.orders_size() <= static_cast<int>(kMaxBatchOrders)) large.add_orders();
  orders::v1::PlaceOrdersResponse response;
  for (const auto& bad : {unfenced, empty, nameless, large}) {
    EXPECT_EQ(PlaceBatch(bad, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(response.results_size(), 0);
  }
  orders::v1::GetOrdersRequest keys;
  SetToken(1, keys.mutable_fencing());
  while (keys.keys_size() <= static_cast<int>(kMaxKeysAsked)) keys.add_keys();
  orders::v1::GetOrdersResponse answers;
  grpc::ClientContext context;
  EXPECT_EQ(stub_->GetOrders(&context, keys, &answers).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(PlaceBatch(good, &response).ok());
  EXPECT_FALSE(response.results(0).replayed());
}

TEST_F(OrdersGrpcTest, AFullDiskIsRetryAndNeverAnAnswer) {
  TearDown();
  store_.reset();
  StoreOptions small = file_.options();
  small.max_pages = 20;
  Open(small);
  orders::v1::PlaceOrdersRequest batch;
  orders::v1::PlaceOrdersResponse response;
  SetToken(1, batch.mutable_fencing());
  for (uint64_t i = 1; i <= 512; ++i) *batch.add_orders() = WireOrder(i, i, "kopi");
  ASSERT_TRUE(PlaceBatch(batch, &response).ok());
  ASSERT_EQ(response.results_size(), 512);
  for (const OrderResult& result : response.results()) {
    EXPECT_EQ(result.state(), OrderResult::STATE_RETRY);
    EXPECT_GT(result.retry_after_ms(), 0u);
    EXPECT_EQ(result.order_id(), "");
  }
  EXPECT_EQ(store_->feed().Find("kopi")->sold, 0);
}

TEST_F(OrdersGrpcTest, WatchersGetASnapshotAndThenTheChanges) {
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto reader = stub_->WatchOffers(&context, {});
  orders::v1::WatchOffersResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_TRUE(response.snapshot_complete());
  ASSERT_EQ(response.offers_size(), 1);
  EXPECT_EQ(response.offers(0).stock(), 100u);
  orders::v1::PlaceOrdersRequest batch;
  orders::v1::PlaceOrdersResponse placed;
  SetToken(1, batch.mutable_fencing());
  *batch.add_orders() = WireOrder(1, 1, "kopi");
  ASSERT_TRUE(PlaceBatch(batch, &placed).ok());
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(response.offers_size(), 1);
  EXPECT_EQ(response.offers(0).stock(), 99u);
  store_->feed().Close();
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(OrdersGrpcTest, AWatcherOfAnEmptyCatalogueIsToldSo) {
  TearDown();
  store_.reset();
  testing::TempDatabase other;
  auto store = Store::Open(other.options(), clock_.get());
  ASSERT_TRUE(store.ok());
  store_ = *std::move(store);
  OrdersGrpc orders(*store_, probe_);
  rpc::ServerOptions options;
  options.listen = "127.0.0.1:0";
  server_ = std::make_unique<rpc::Server>(options);
  server_->Register(&orders);
  ASSERT_TRUE(server_->Start().ok());
  const auto stub = orders::v1::OrderService::NewStub(rpc::Connect(
      "127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  SetDeadline(&context);
  const auto reader = stub->WatchOffers(&context, {});
  orders::v1::WatchOffersResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_TRUE(response.snapshot_complete());
  EXPECT_EQ(response.offers_size(), 0);
  TearDown();
}

TEST_F(OrdersGrpcTest, OperatorsLoadAndListOffers) {
  const auto stub = orders::v1::CatalogService::NewStub(channel_);
  orders::v1::LoadOffersRequest request;
  orders::v1::LoadOffersResponse loaded;
  for (int i = 0; i < 5; ++i) {
    ToWire(testing::MakeOffer("teh-" + std::to_string(i), i), request.add_offers());
  }
  ToWire(testing::MakeOffer("kopi", 7), request.add_offers());
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub->LoadOffers(&context, request, &loaded).ok());
  }
  EXPECT_EQ(loaded.inserted(), 5u);
  EXPECT_EQ(loaded.replaced(), 1u);
  std::string ids;
  orders::v1::ListOffersRequest list;
  orders::v1::ListOffersResponse page;
  list.set_page_size(4);
  do {
    grpc::ClientContext context;
    ASSERT_TRUE(stub->ListOffers(&context, list, &page).ok());
    for (const auto& entry : page.entries()) ids += entry.offer().offer_id() + " ";
    list.set_after_offer_id(page.entries(page.entries_size() - 1).offer().offer_id());
  } while (page.more());
  auto* goods = request.add_goods();
  goods->set_offer_id("kopi");
  goods->set_hs_code("09011110");
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub->LoadOffers(&context, request, &loaded).ok());
  }
  EXPECT_EQ(store_->feed().Find("kopi")->attested->goods.hs_code, "09011110");
  EXPECT_EQ(store_->feed().Find("teh-0")->attested->goods.hs_code, "");
  for (const char* stray : {"kopi", "gula"}) {
    orders::v1::LoadOffersRequest bad = request;
    bad.add_goods()->set_offer_id(stray);
    grpc::ClientContext context;
    const grpc::Status status = stub->LoadOffers(&context, bad, &loaded);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << stray;
  }
  EXPECT_EQ(ids, "kopi teh-0 teh-1 teh-2 teh-3 teh-4 ");
  request.mutable_offers(0)->set_title("");
  grpc::ClientContext context;
  const grpc::Status status = stub->LoadOffers(&context, request, &loaded);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "offer teh-0: bad title");
}

}  // namespace
}  // namespace jembatan::marketplace
