#include "tests/conformance/trial.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "tests/conformance/limits.h"

namespace jembatan::conformance {
namespace {

constexpr int64_t kLifeMs = 60'000;

// "STATE_ORDERED" -> "ORDERED"; a number that the contract does not have as such.
std::string StateName(OrderResult::State state) {
  const std::string& name = OrderResult::State_Name(state);
  return name.empty() ? std::to_string(state) : name.substr(std::string_view("STATE_").size());
}

std::string ReasonName(orders::v1::Reason reason) {
  const std::string& name = orders::v1::Reason_Name(reason);
  return name.empty() ? std::to_string(reason) : name.substr(std::string_view("REASON_").size());
}

std::string TellOrder(const Order& order) {
  return "intent " + order.intent_id() + ", offer " + order.offer_id() + ", quantity " +
         std::to_string(order.quantity());
}

std::string TellScope(const orders::v1::Fencing& fencing) {
  return "partition " + std::to_string(fencing.partition()) + ", token " +
         std::to_string(fencing.token());
}

void Wait(uint32_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(std::min(ms, kRetryWaitMsMax)));
}

bool IsRetry(const OrderResult& result) { return result.state() == OrderResult::STATE_RETRY; }

}  // namespace

std::string Tell(const OrderResult& result) {
  std::string text = StateName(result.state());
  if (result.reason() != orders::v1::REASON_UNSPECIFIED) {
    text += "(" + ReasonName(result.reason()) + ")";
  }
  if (!result.order_id().empty()) text += " order_id=" + result.order_id();
  if (result.replayed()) text += " replayed";
  return text;
}

Trial::Trial(Setup setup) : setup_(std::move(setup)), random_(setup_.seed) {}

const Offer& Trial::OrSkip(const Offer* offer, std::string_view role) {
  if (offer != nullptr) return *offer;
  Skip("no offer is left of the role \"" + std::string(role) + "\"");
  return Offer::default_instance();
}

const Offer& Trial::Any(std::string_view role) { return OrSkip(setup_.goods->Any(role), role); }

const Offer& Trial::Take(std::string_view role) { return OrSkip(setup_.goods->Take(role), role); }

std::string Trial::NewId() {
  return base::Uuid::MakeV7(base::WallMs(), random_.Next(), random_.Next()).ToString();
}

std::string Trial::NewBytes() {
  std::string bytes;
  while (bytes.size() < 32) bytes += static_cast<char>(random_.Next() & 0xff);
  return bytes;
}

Order Trial::NewOrder(const Offer& offer) {
  Order order;
  order.set_intent_id(NewId());
  order.set_buyer_ref(NewBytes());
  order.set_offer_id(offer.offer_id());
  order.set_quantity(1);
  *order.mutable_price_seen() = offer.price();
  order.set_price_version(offer.price_version());
  order.set_fingerprint(NewBytes());
  base::SetMs(base::WallMs() + kLifeMs, order.mutable_deadline());
  return order;
}

Orders Trial::NewOrders(const Offer& offer, int count) {
  Orders orders;
  for (int i = 0; i < count; ++i) orders.push_back(NewOrder(offer));
  return orders;
}

orders::v1::Fencing Trial::Scope(uint64_t token) const {
  orders::v1::Fencing fencing;
  fencing.set_topic_version(setup_.topic_version);
  fencing.set_partition(setup_.partition);
  fencing.set_token(token);
  return fencing;
}

PlaceOrdersRequest Trial::Batch(uint64_t batch_id, const Orders& orders, uint64_t token) const {
  PlaceOrdersRequest batch;
  batch.set_batch_id(batch_id);
  *batch.mutable_fencing() = Scope(token);
  for (const Order& order : orders) *batch.add_orders() = order;
  return batch;
}

uint64_t Trial::Fence(const orders::v1::Fencing& fencing) {
  SetCall("Fence(" + TellScope(fencing) + ")");
  orders::v1::FenceRequest request;
  *request.mutable_fencing() = fencing;
  orders::v1::FenceResponse response;
  ExpectAnswered(marketplace().Fence(request, &response));
  return response.token();
}

orders::v1::PlaceOrderResponse Trial::PlaceOnce(const Order& order,
                                                const orders::v1::Fencing& fencing) {
  SetCall("PlaceOrder(" + TellOrder(order) + ", " + TellScope(fencing) + ")");
  orders::v1::PlaceOrderRequest request;
  *request.mutable_fencing() = fencing;
  *request.mutable_order() = order;
  orders::v1::PlaceOrderResponse response;
  ExpectAnswered(marketplace().PlaceOrder(request, &response));
  return response;
}

OrderResult Trial::Place(const Order& order, const orders::v1::Fencing& fencing) {
  orders::v1::PlaceOrderResponse response;
  for (int i = 0; i < kRetriesMax; ++i) {
    response = PlaceOnce(order, fencing);
    if (!IsRetry(response.result())) break;
    Wait(response.result().retry_after_ms());
  }
  Expect(!response.stale(), "a result: no higher token was seen", "stale");
  return response.result();
}

Results Trial::PlaceAll(const Orders& orders, uint64_t token) {
  const std::unique_ptr<OrderStream> stream = Open();
  Results results(orders.size());
  std::vector<size_t> open(orders.size());
  for (size_t i = 0; i < open.size(); ++i) open[i] = i;
  for (int tries = 0; tries < kRetriesMax && !open.empty(); ++tries) {
    Orders sent;
    for (const size_t place : open) sent.push_back(orders[place]);
    const PlaceOrdersRequest batch = Batch(static_cast<uint64_t>(tries) + 1, sent, token);
    if (!Send(*stream, batch)) break;
    const Answered answered = Receive(*stream, {batch}).front();
    if (!Expect(!answered.stale, "results: no higher token was seen", "stale")) break;
    std::vector<size_t> left;
    for (size_t i = 0; i < open.size(); ++i) {
      results[open[i]] = answered.results[i];
      if (IsRetry(answered.results[i])) left.push_back(open[i]);
    }
    if (!left.empty()) Wait(results[left.front()].retry_after_ms());
    open = std::move(left);
  }
  return results;
}

orders::v1::GetOrdersResponse Trial::GetOnce(const Orders& orders,
                                             const orders::v1::Fencing& fencing) {
  SetCall("GetOrders(" + std::to_string(orders.size()) + " keys, " + TellScope(fencing) + ")");
  orders::v1::GetOrdersRequest request;
  *request.mutable_fencing() = fencing;
  for (const Order& order : orders) {
    auto* key = request.add_keys();
    key->set_buyer_ref(order.buyer_ref());
    key->set_intent_id(order.intent_id());
  }
  orders::v1::GetOrdersResponse response;
  ExpectAnswered(marketplace().GetOrders(request, &response));
  return response;
}

Results Trial::Get(const Orders& orders, uint64_t token) {
  const orders::v1::GetOrdersResponse response = GetOnce(orders, Scope(token));
  Results results(orders.size());
  if (!Expect(!response.stale(), "answers: no higher token was seen", "stale")) return results;
  if (!Expect(response.answers_size() == static_cast<int>(orders.size()), "one answer per key",
              std::to_string(response.answers_size()) + " answers")) {
    return results;
  }
  for (int i = 0; i < response.answers_size(); ++i) {
    const auto& answer = response.answers(i);
    if (answer.found()) results[static_cast<size_t>(i)] = answer.result();
  }
  return results;
}

bool Trial::Send(OrderStream& stream, const PlaceOrdersRequest& batch) {
  SetCall("PlaceOrders(batch " + std::to_string(batch.batch_id()) + " of " +
          std::to_string(batch.orders_size()) + " orders, " + TellScope(batch.fencing()) + ")");
  return Expect(stream.Send(batch), "the stream takes the batch", "the stream is broken");
}

std::vector<Answered> Trial::Receive(OrderStream& stream,
                                     const std::vector<PlaceOrdersRequest>& batches) {
  std::vector<Answered> answered(batches.size());
  size_t missing = 0;
  for (size_t i = 0; i < batches.size(); ++i) {
    answered[i].results.resize(static_cast<size_t>(batches[i].orders_size()));
    missing += answered[i].results.size();
  }
  const auto is_open = [&] {
    return std::any_of(answered.begin(), answered.end(), [](const Answered& one) {
      const auto is_missing = [](const OrderResult& result) { return result.intent_id().empty(); };
      return !one.stale && std::any_of(one.results.begin(), one.results.end(), is_missing);
    });
  };
  orders::v1::PlaceOrdersResponse answer;
  while (missing > 0 && is_open()) {
    if (!stream.Receive(&answer)) {
      const absl::Status status = stream.Finish();
      Expect(false, "every order gets a result, unless stale",
             "the stream ended early: " + base::ToString(status));
      break;
    }
    if (!Put(answer, batches, &answered)) break;
  }
  return answered;
}

bool Trial::Put(const orders::v1::PlaceOrdersResponse& answer,
                const std::vector<PlaceOrdersRequest>& batches, std::vector<Answered>* answered) {
  const auto batch = std::find_if(batches.begin(), batches.end(), [&](const auto& one) {
    return one.batch_id() == answer.batch_id();
  });
  if (!Expect(batch != batches.end(), "an answer names a batch that was sent",
              "batch_id " + std::to_string(answer.batch_id()))) {
    return false;
  }
  Answered& one = (*answered)[static_cast<size_t>(batch - batches.begin())];
  one.stale |= answer.stale();
  for (const OrderResult& result : answer.results()) {
    if (!Expect(result.index() < one.results.size(), "an index below the batch's size",
                "index " + std::to_string(result.index()))) {
      return false;
    }
    OrderResult& place = one.results[result.index()];
    const Order& order = batch->orders(static_cast<int>(result.index()));
    Expect(place.intent_id().empty(), "one result per order",
           "a second one for index " + std::to_string(result.index()));
    if (!Expect(result.intent_id() == order.intent_id(), "the intent's id as sent at that index",
                "\"" + result.intent_id() + "\"")) {
      return false;
    }
    place = result;
  }
  return true;
}

std::unique_ptr<Stalled> Trial::Stall(const Order& order, uint64_t token) {
  // Refused each: they take no goods, and their answers are as long as any.
  Offer unknown = Any("plenty");
  unknown.set_offer_id("jc-no-such-offer");
  auto stalled = std::make_unique<Stalled>();
  stalled->stream = Open();
  for (uint64_t i = 1; i <= kStallBatches; ++i) {
    stalled->batches.push_back(Batch(i, NewOrders(unknown, kMaxBatchOrders), token));
  }
  stalled->batches.push_back(Batch(kStallBatches + 1, {order}, token));
  // A marketplace that does not read while it writes holds the sender up as well.
  stalled->sender = std::jthread([stream = stalled->stream.get(), &batches = stalled->batches] {
    for (const PlaceOrdersRequest& batch : batches) {
      if (!stream->Send(batch)) return;
    }
  });
  return stalled;
}

uint64_t Trial::AwaitStock(const Offer& offer, uint64_t stock) {
  SetCall("WatchOffers(), offer " + offer.offer_id());
  const std::unique_ptr<OfferStream> stream = marketplace().WatchOffers();
  orders::v1::WatchOffersResponse told;
  uint64_t last = 0;
  bool known = false;
  while (stream->Receive(&told)) {
    for (const Offer& one : told.offers()) {
      if (one.offer_id() != offer.offer_id()) continue;
      last = one.stock();
      known = true;
    }
    if (known && last == stock) break;
  }
  Expect(known, "the feed tells of the offer",
         "nothing of it within " + std::to_string(kFeedTimeoutMs / 1000) + " s");
  return last;
}

bool Trial::Restart() {
  if (setup_.restart == nullptr) {
    Skip("no --restart_command was given");
    return false;
  }
  SetCall("the restart command");
  return Expect(setup_.restart(), "the marketplace answers again after a restart",
                "it does not, or the command failed");
}

bool Trial::Expect(bool holds, std::string_view expected, const std::string& seen) {
  if (!holds) failures_.push_back({call_, std::string(expected), seen});
  return holds;
}

bool Trial::ExpectAnswered(const absl::Status& status) {
  return Expect(status.ok(), "an answer", base::ToString(status));
}

bool Trial::ExpectState(const OrderResult& result, OrderResult::State state,
                        orders::v1::Reason reason) {
  OrderResult expected;
  expected.set_state(state);
  expected.set_reason(reason);
  return Expect(result.state() == state && result.reason() == reason, Tell(expected), Tell(result));
}

void Trial::ExpectOrdered(const Results& results) {
  for (const OrderResult& result : results) ExpectState(result, OrderResult::STATE_ORDERED);
}

void Trial::ExpectRepeats(const OrderResult& again, const OrderResult& first) {
  const auto told = [](OrderResult result) {
    result.clear_index();
    result.clear_replayed();
    // There is one once the order is paid.
    result.clear_invoice_url();
    return result.SerializeAsString();
  };
  OrderResult expected = first;
  expected.set_replayed(true);
  Expect(told(again) == told(first), "the first result again, field by field: " + Tell(expected),
         Tell(again));
  Expect(again.replayed(), "said to be repeated: " + Tell(expected), Tell(again));
}

void Trial::ExpectNotFound(const Order& order, uint64_t token) {
  const Results results = Get({order}, token);
  Expect(results[0].intent_id().empty(), "NOT_FOUND", Tell(results[0]));
}

void Trial::ExpectStock(const Offer& offer, uint64_t stock) {
  const uint64_t told = AwaitStock(offer, stock);
  Expect(told == stock, "stock " + std::to_string(stock), "stock " + std::to_string(told));
}

void Trial::ExpectInvalid(const absl::Status& status) {
  Expect(absl::IsInvalidArgument(status), "INVALID_ARGUMENT", base::ToString(status));
}

}  // namespace jembatan::conformance
