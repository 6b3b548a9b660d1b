#include "tests/conformance/mutant_grpc.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <random>
#include <thread>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/base/status.h"
#include "libs/base/timestamp.h"
#include "libs/rpc/status.h"
#include "libs/sqlite/sqlite.h"
#include "services/marketplace/limits.h"
#include "services/marketplace/wire.h"

namespace jembatan::conformance {
namespace {

using marketplace::FromWire;
using orders::v1::OrderResult;

constexpr int64_t kHourMs = 3'600'000;

grpc::Status Invalid(const std::string& message) {
  return {grpc::StatusCode::INVALID_ARGUMENT, message};
}

std::string KeyOf(const orders::v1::Order& order) { return order.intent_id() + order.buyer_ref(); }

std::string ScopeOf(const orders::v1::Fencing& fencing) {
  return fencing.topic_version() + "/" + std::to_string(fencing.partition());
}

std::string FreshId() {
  thread_local std::random_device device;
  return base::Uuid::MakeV7(base::WallMs(), device(), device()).ToString();
}

bool IsRefusal(const OrderResult& result) {
  return result.state() == OrderResult::STATE_REJECTED ||
         result.state() == OrderResult::STATE_EXPIRED;
}

}  // namespace

// Batches between the thread that reads a stream and the one that decides them.
class MutantOrders::Inbox {
 public:
  void Push(Arrival arrival) {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(arrival));
    changed_.notify_all();
  }
  void Close(bool drop) {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    if (drop) waiting_.clear();
    changed_.notify_all();
  }
  // False: it is over.
  bool Take(bool newest, Arrival* arrival) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return false;
    *arrival = std::move(newest ? waiting_.back() : waiting_.front());
    newest ? waiting_.pop_back() : waiting_.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Arrival> waiting_;
  bool closed_ = false;
};

absl::Status MutantOrders::LoadOffers(std::vector<marketplace::Offer> offers) {
  std::vector<marketplace::Offer> loaded;
  for (marketplace::Offer& offer : offers) {
    loaded_[offer.offer_id] = offer;
    if (Is("buyer_limit_ignored")) offer.buyer_limit = 0;
    if (Is("total_limit_ignored")) offer.total_limit = 0;
    if (Is("sold_early")) offer.sale_starts_ms = 0;
    if (Is("sold_late")) offer.sale_ends_ms = 0;
    if (store_.feed().Find(offer.offer_id) == nullptr) loaded.push_back(std::move(offer));
  }
  return store_.LoadOffers(std::move(loaded)).status();
}

absl::Status MutantOrders::Forget(const std::string& mutant, const std::string& database) {
  const std::pair<std::string_view, const char*> forgets[] = {
      {"restart_forgets_results", "DELETE FROM results"},
      {"restart_forgets_limits", "DELETE FROM buyer_totals"},
      {"restart_forgets_tokens", "DELETE FROM fences"},
      {"restart_refills", "UPDATE offers SET stock = initial_stock, sold = 0"}};
  for (const auto& [name, sql] : forgets) {
    if (mutant != name) continue;
    JEMB_ASSIGN_OR_RETURN(sqlite::Database open, marketplace::OpenDatabase(database, 0));
    return open.Execute(sql);
  }
  return absl::OkStatus();
}

orders::v1::Fencing MutantOrders::Twist(const orders::v1::Fencing& fencing, Call call) {
  orders::v1::Fencing seen = fencing;
  if (Is("partitions_share")) seen.set_partition(0);
  if (Is("topics_share")) seen.set_topic_version("log");
  // Every call under a token of its own kind, which nobody else has.
  if (Is("token_ignored")) seen.set_topic_version(FreshId());
  if (Is("equal_is_stale")) {
    seen.set_token(2 * fencing.token() + (call == Call::kFence ? 1 : 0));
  }
  const std::scoped_lock lock(mutex_);
  uint64_t& fenced = fences_[ScopeOf(fencing)];
  if (call == Call::kFence) fenced = std::max(fenced, fencing.token());
  const bool raises = !(Is("orders_do_not_raise") && call == Call::kPlace) &&
                      !(Is("lookups_do_not_raise") && call == Call::kGet);
  if (!raises) seen.set_token(std::min(fencing.token(), fenced));
  if (Is("lookups_never_stale") && call == Call::kGet) {
    seen.set_token(std::max(fencing.token(), fenced));
  }
  return seen;
}

grpc::Status MutantOrders::Fence(grpc::ServerContext*, const orders::v1::FenceRequest* request,
                                 orders::v1::FenceResponse* response) {
  if (!request->has_fencing() && !Is("fencing_optional")) return Invalid("fencing is missing");
  if (Is("zero_refused") && request->fencing().token() == 0) return Invalid("token is missing");
  const orders::v1::Fencing fencing = Twist(request->fencing(), Call::kFence);
  const absl::StatusOr<uint64_t> token = store_.Fence(FromWire(fencing));
  if (!token.ok()) return rpc::ToGrpc(token.status());
  response->set_token(Is("equal_is_stale") ? *token / 2 : *token);
  if (Is("fence_echoes")) response->set_token(request->fencing().token());
  return grpc::Status::OK;
}

grpc::Status MutantOrders::CheckBatch(const orders::v1::PlaceOrdersRequest& batch) const {
  if (!batch.has_fencing() && !Is("fencing_optional")) return Invalid("fencing is missing");
  if (Is("zero_refused") && batch.fencing().token() == 0) return Invalid("token is missing");
  const auto count = static_cast<size_t>(batch.orders_size());
  const size_t most = Is("batch_of_513") ? 600 : marketplace::kMaxBatchOrders;
  if (count == 0 || count > most) return Invalid("a batch has 1 to 512 orders");
  const bool newer = marketplace::UnknownFieldsIn(batch) > 0;
  if (Is("unknown_fields_refused") && newer) return Invalid("an unknown field");
  const bool bad =
      std::any_of(batch.orders().begin(), batch.orders().end(), [](const orders::v1::Order& one) {
        return one.quantity() == 0 || !base::Uuid::ParseV7(one.intent_id()).has_value();
      });
  if (Is("bad_spoils_batch") && bad) return Invalid("a bad order");
  return grpc::Status::OK;
}

MutantOrders::Arrival MutantOrders::Arrive(orders::v1::PlaceOrdersRequest batch) {
  Arrival arrival{std::move(batch), base::WallMs(), false};
  orders::v1::Fencing& fencing = *arrival.batch.mutable_fencing();
  if (Is("fencing_optional") && fencing.topic_version().empty()) fencing.set_topic_version("none");
  if (!Is("token_on_arrival")) return arrival;
  const absl::StatusOr<uint64_t> highest = store_.Fence(FromWire(fencing));
  arrival.stale = highest.ok() && *highest > fencing.token();
  fencing.set_topic_version(fencing.topic_version() + ".arrived");
  fencing.set_token(0);
  return arrival;
}

orders::v1::Order MutantOrders::TwistKey(const orders::v1::Order& order, const std::string& topic) {
  orders::v1::Order seen = order;
  if (seen.buyer_ref().size() == marketplace::kBuyerRefBytes) {
    if (Is("buyer_ignored")) seen.mutable_buyer_ref()->assign(marketplace::kBuyerRefBytes, 'b');
    if (Is("key_by_scope") && topic.ends_with(".b")) (*seen.mutable_buyer_ref())[0] ^= 1;
  }
  const std::scoped_lock lock(mutex_);
  const auto other = ids_.find(KeyOf(order));
  if (other != ids_.end()) seen.set_intent_id(other->second);
  return seen;
}

orders::v1::Order MutantOrders::Twist(const orders::v1::Order& order, const Arrival& arrival) {
  orders::v1::Order seen = TwistKey(order, arrival.batch.fencing().topic_version());
  if (seen.has_deadline()) {
    const int64_t deadline_ms = base::ToMs(seen.deadline());
    const bool held = Is("deadline_on_arrival") && arrival.arrived_ms <= deadline_ms;
    if (Is("deadline_ignored") || held) {
      base::SetMs(deadline_ms + kHourMs, seen.mutable_deadline());
    }
  }
  const bool fingerprinted = seen.fingerprint().size() == marketplace::kFingerprintBytes;
  if (Is("body_ignored") && fingerprinted) {
    seen.set_fingerprint(std::string(marketplace::kFingerprintBytes, 'f'));
  }
  const auto offer = store_.feed().Find(seen.offer_id());
  if (Is("price_ignored") && offer != nullptr) {
    seen.mutable_price_seen()->set_currency(offer->price.currency);
    seen.mutable_price_seen()->set_amount_minor(offer->price.amount_minor);
  }
  if (Is("price_version_ignored")) seen.clear_price_version();
  if (Is("price_version_demanded") && seen.price_version().empty()) seen.set_price_version("none");
  if (Is("one_unit_taken") && seen.quantity() > 1) seen.set_quantity(1);
  if (Is("quantity_unbounded")) {
    seen.set_quantity(std::min(seen.quantity(), marketplace::kMaxQuantity));
  }
  return seen;
}

void MutantOrders::Tell(const marketplace::Result& decided, const orders::v1::Order& order,
                        OrderResult* result) {
  marketplace::ToWire(decided, result);
  result->set_intent_id(order.intent_id());
  if (Is("replay_unmarked")) result->set_replayed(false);
  if (Is("body_ignored") && !result->fingerprint().empty()) {
    result->set_fingerprint(order.fingerprint());
  }
  if (Is("fingerprint_missing") && IsRefusal(*result)) result->clear_fingerprint();
  if (Is("wrong_reason") && result->reason() == orders::v1::REASON_ITEM_UNAVAILABLE) {
    result->set_reason(orders::v1::REASON_OUT_OF_STOCK);
  }
  if (Is("oversold") && result->reason() == orders::v1::REASON_OUT_OF_STOCK) {
    result->set_state(OrderResult::STATE_ORDERED);
    result->clear_reason();
    result->set_order_id("T-" + order.intent_id());
  }
  if (result->state() != OrderResult::STATE_ORDERED) return;
  if (Is("sequence_backwards")) result->set_sequence(1'000'000'000 - result->sequence());
  if (Is("order_id_reused")) result->set_order_id("T-1");
  if (Is("plain_http")) result->set_continue_url("http://bayar.lokapasar.example/");
}

void MutantOrders::AfterResult(const orders::v1::Order& order, const OrderResult& result,
                               const orders::v1::Fencing& fencing) {
  const bool forgets = Is("results_forgotten") || (Is("refusals_forgotten") && IsRefusal(result)) ||
                       (Is("expiries_forgotten") && result.state() == OrderResult::STATE_EXPIRED);
  if (forgets) {
    const std::scoped_lock lock(mutex_);
    ids_[KeyOf(order)] = FreshId();
  }
  if (Is("repeat_takes_goods") && result.replayed()) {
    orders::v1::Order again = order;
    again.set_intent_id(FreshId());
    const marketplace::Order view = FromWire(again);
    store_.Place(FromWire(fencing), {&view, 1}).status().IgnoreError();
  }
}

std::vector<orders::v1::Order> MutantOrders::SeenOrders(const Arrival& arrival) {
  const auto& sent = arrival.batch.orders();
  std::vector<orders::v1::Order> orders;
  if (Is("check_then_act")) {
    const std::scoped_lock lock(mutex_);
    for (const orders::v1::Order& order : sent) ids_.try_emplace(KeyOf(order), "");
  }
  for (const orders::v1::Order& order : sent) orders.push_back(Twist(order, arrival));
  if (Is("batch_reversed")) std::reverse(orders.begin(), orders.end());
  if (!Is("check_then_act")) return orders;
  // Nothing was found; until the decision is made others look up as well.
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  const std::scoped_lock lock(mutex_);
  for (size_t i = 0; i < orders.size(); ++i) {
    if (!orders[i].intent_id().empty()) continue;
    orders[i].set_intent_id(FreshId());
    ids_[KeyOf(sent[static_cast<int>(i)])] = orders[i].intent_id();
  }
  return orders;
}

void MutantOrders::AfterStale(const Arrival& arrival, std::span<const marketplace::Order> orders,
                              orders::v1::PlaceOrdersResponse* response) {
  orders::v1::Fencing nobodys = arrival.batch.fencing();
  nobodys.set_topic_version(FreshId());
  if (Is("stale_decides")) store_.Place(FromWire(nobodys), orders).status().IgnoreError();
  if (!Is("stale_tells_known")) return;
  const marketplace::Key key = orders.front().key();
  const auto found = store_.Get(FromWire(nobodys), {&key, 1});
  if (found.ok() && found->results[0].has_value()) {
    Tell(*found->results[0], arrival.batch.orders(0), response->add_results());
  }
}

grpc::Status MutantOrders::Decide(const Arrival& arrival,
                                  orders::v1::PlaceOrdersResponse* response) {
  response->Clear();
  response->set_batch_id(arrival.batch.batch_id());
  response->set_stale(arrival.stale);
  if (arrival.stale) return grpc::Status::OK;
  const std::vector<orders::v1::Order> orders = SeenOrders(arrival);
  std::vector<marketplace::Order> views;
  for (const orders::v1::Order& order : orders) views.push_back(FromWire(order));
  const orders::v1::Fencing fencing = Twist(arrival.batch.fencing(), Call::kPlace);
  auto placed = store_.Place(FromWire(fencing), views);
  if (!placed.ok()) return rpc::ToGrpc(placed.status());
  response->set_stale(placed->stale);
  if (placed->stale) AfterStale(arrival, views, response);
  if (Is("batch_reversed")) std::reverse(placed->results.begin(), placed->results.end());
  for (size_t i = 0; i < placed->results.size(); ++i) {
    const orders::v1::Order& order = arrival.batch.orders(static_cast<int>(i));
    OrderResult* result = response->add_results();
    result->set_index(static_cast<uint32_t>(i));
    Tell(placed->results[i], order, result);
    AfterResult(order, *result, fencing);
  }
  auto* results = response->mutable_results();
  if (Is("answers_reversed")) std::reverse(results->begin(), results->end());
  if (Is("result_twice") && !results->empty()) *response->add_results() = response->results(0);
  return grpc::Status::OK;
}

grpc::Status MutantOrders::PlaceOrders(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<orders::v1::PlaceOrdersResponse, orders::v1::PlaceOrdersRequest>*
        stream) {
  Inbox inbox;
  grpc::Status failed;
  std::thread decider([&] {
    Arrival arrival;
    orders::v1::PlaceOrdersResponse response;
    while (inbox.Take(Is("newest_batch_first"), &arrival)) {
      // What arrives together waits together.
      if (Is("newest_batch_first")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (Is("half_close_ends")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      failed = Decide(arrival, &response);
      if (failed.ok() && stream->Write(response)) continue;
      context->TryCancel();
      return;
    }
  });
  grpc::Status invalid;
  orders::v1::PlaceOrdersRequest batch;
  while (stream->Read(&batch)) {
    invalid = CheckBatch(batch);
    if (!invalid.ok()) break;
    inbox.Push(Arrive(std::move(batch)));
  }
  inbox.Close(Is("half_close_ends"));
  decider.join();
  return failed.ok() ? invalid : failed;
}

grpc::Status MutantOrders::PlaceOrder(grpc::ServerContext*,
                                      const orders::v1::PlaceOrderRequest* request,
                                      orders::v1::PlaceOrderResponse* response) {
  orders::v1::PlaceOrdersRequest batch;
  if (request->has_fencing()) *batch.mutable_fencing() = request->fencing();
  *batch.add_orders() = request->order();
  const grpc::Status invalid = CheckBatch(batch);
  if (!invalid.ok()) return invalid;
  orders::v1::PlaceOrdersResponse answer;
  const grpc::Status decided = Decide(Arrive(std::move(batch)), &answer);
  if (!decided.ok()) return decided;
  response->set_stale(answer.stale());
  if (answer.results_size() > 0) response->mutable_result()->Swap(answer.mutable_results(0));
  return grpc::Status::OK;
}

grpc::Status MutantOrders::GetOrders(grpc::ServerContext*,
                                     const orders::v1::GetOrdersRequest* request,
                                     orders::v1::GetOrdersResponse* response) {
  if (!request->has_fencing()) return Invalid("fencing is missing");
  const auto count = static_cast<size_t>(request->keys_size());
  const bool fits = count >= 1 && count <= marketplace::kMaxKeysAsked;
  if (!fits && !Is("lookup_unbounded")) return Invalid("1 to 100 keys may be asked about");
  const orders::v1::Fencing fencing = Twist(request->fencing(), Call::kGet);
  std::vector<orders::v1::Order> orders;
  std::vector<marketplace::Key> keys;
  for (const auto& key : request->keys()) {
    orders::v1::Order order;
    order.set_intent_id(key.intent_id());
    order.set_buyer_ref(key.buyer_ref());
    orders.push_back(TwistKey(order, fencing.topic_version()));
  }
  for (const orders::v1::Order& order : orders) keys.push_back(FromWire(order).key());
  const absl::StatusOr<marketplace::Store::Found> found = store_.Get(FromWire(fencing), keys);
  if (!found.ok()) return rpc::ToGrpc(found.status());
  response->set_stale(found->stale);
  for (size_t i = 0; i < found->results.size(); ++i) {
    auto* answer = response->add_answers();
    answer->set_found(found->results[i].has_value());
    if (!answer->found()) continue;
    orders::v1::Order order;
    order.set_intent_id(request->keys(static_cast<int>(i)).intent_id());
    order.set_fingerprint(found->results[i]->fingerprint);
    Tell(*found->results[i], order, answer->mutable_result());
    answer->mutable_result()->set_index(static_cast<uint32_t>(i));
  }
  auto* answers = response->mutable_answers();
  if (Is("lookup_shuffled")) std::reverse(answers->begin(), answers->end());
  return grpc::Status::OK;
}

void MutantOrders::Tell(const marketplace::Offer& offer, orders::v1::WatchOffersResponse* told) {
  marketplace::Offer seen = offer;
  const auto loaded = loaded_.find(offer.offer_id);
  if (loaded != loaded_.end()) {
    seen = loaded->second;
    seen.stock = offer.stock;
    seen.sold = Is("sold_untold") ? 0 : offer.sold;
  }
  marketplace::ToWire(seen, told->add_offers());
}

grpc::Status MutantOrders::WatchOffers(
    grpc::ServerContext* context, const orders::v1::WatchOffersRequest*,
    grpc::ServerWriter<orders::v1::WatchOffersResponse>* writer) {
  marketplace::OfferFeed& feed = store_.feed();
  const marketplace::OfferFeed::Changes all = feed.Snapshot();
  orders::v1::WatchOffersResponse told;
  for (const auto& offer : all.offers) Tell(*offer, &told);
  if (Is("feed_misses_one")) told.mutable_offers()->RemoveLast();
  if (Is("feed_repeats_one")) *told.add_offers() = told.offers(0);
  told.set_snapshot_complete(true);
  uint64_t version = all.version;
  while (writer->Write(told) && !context->IsCancelled()) {
    told.Clear();
    while (told.offers().empty() && !context->IsCancelled() && !feed.closed()) {
      feed.WaitPast(version, std::chrono::milliseconds(marketplace::kWatchIntervalMs));
      const auto changes = feed.ChangesSince(version, marketplace::kMaxOffersPerMessage);
      version = changes.version;
      for (const auto& offer : changes.offers) {
        if (!Is("feed_silent")) Tell(*offer, &told);
      }
    }
    if (feed.closed()) break;
  }
  return grpc::Status::OK;
}

}  // namespace jembatan::conformance
