#pragma once

// Trial: what one check has to work with: a scope and offers of its own, orders made up so that no
// two are alike, the marketplace's calls, and expectations. A call that is not answered, and an
// expectation that does not hold, is a failure of the check with the call that showed it; the
// script goes on, and only the first failures are told.
//
// Made by Play for each check; one thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "libs/base/random.h"
#include "tests/conformance/goods.h"
#include "tests/conformance/marketplace.h"

namespace jembatan::conformance {

using orders::v1::Offer;
using orders::v1::Order;
using orders::v1::OrderResult;
using orders::v1::PlaceOrdersRequest;
using Orders = std::vector<Order>;
using Results = std::vector<OrderResult>;

struct Failure {
  std::string call;
  std::string expected;
  std::string seen;
};

// What became of a batch: one result per order, in place. stale: those missing are empty.
struct Answered {
  Results results;
  bool stale = false;
};

// A stream that stands because its answers are not read, and the thread that sends on it.
struct Stalled {
  ~Stalled() { stream->Cut(); }
  std::unique_ptr<OrderStream> stream;
  // The last holds the order that waits.
  std::vector<PlaceOrdersRequest> batches;
  std::jthread sender;
};

// How a result is told: "ORDERED order_id=T-1", "REJECTED(OUT_OF_STOCK) replayed".
std::string Tell(const OrderResult& result);

class Trial {
 public:
  struct Setup {
    Marketplace* marketplace = nullptr;
    Goods* goods = nullptr;
    // Makes the marketplace die and come back; empty: it cannot be restarted.
    std::function<bool()> restart;
    // The log whose version the scope names, unlike any other run's; and a partition of it.
    std::string topic_version;
    uint32_t partition = 0;
    uint64_t seed = 0;
  };
  explicit Trial(Setup setup);

  // --- Things to send
  // The offer of that role which every check may use, or one for this check alone. Without one the
  // check is skipped, and what is returned serves no purpose.
  const Offer& Any(std::string_view role);
  const Offer& Take(std::string_view role);
  // By a new buyer, under a new id: one unit at the offer's price, with a minute left.
  Order NewOrder(const Offer& offer);
  Orders NewOrders(const Offer& offer, int count);
  // An id, a buyer or a fingerprint that nothing else has.
  std::string NewId();
  std::string NewBytes();
  orders::v1::Fencing Scope(uint64_t token) const;
  PlaceOrdersRequest Batch(uint64_t batch_id, const Orders& orders, uint64_t token = kToken) const;

  // --- Calls
  Marketplace& marketplace() { return *setup_.marketplace; }
  const Goods& goods() const { return *setup_.goods; }
  uint64_t Fence(uint64_t token) { return Fence(Scope(token)); }
  uint64_t Fence(const orders::v1::Fencing& fencing);
  // Under a token that holds. RETRY is obeyed.
  OrderResult Place(const Order& order, uint64_t token = kToken) {
    return Place(order, Scope(token));
  }
  OrderResult Place(const Order& order, const orders::v1::Fencing& fencing);
  // All of them as one batch, on a stream of its own.
  Results PlaceAll(const Orders& orders, uint64_t token = kToken);
  // As it was answered.
  orders::v1::PlaceOrderResponse PlaceOnce(const Order& order, const orders::v1::Fencing& fencing);
  // Empty: NOT_FOUND, or not answered.
  Results Get(const Orders& orders, uint64_t token = kToken);
  orders::v1::GetOrdersResponse GetOnce(const Orders& orders, const orders::v1::Fencing& fencing);
  std::unique_ptr<OrderStream> Open() { return marketplace().PlaceOrders(); }
  bool Send(OrderStream& stream, const PlaceOrdersRequest& batch);
  // Reads until each of the batches is answered in full or stale, and holds the answers to the
  // contract's form.
  std::vector<Answered> Receive(OrderStream& stream,
                                const std::vector<PlaceOrdersRequest>& batches);
  // A stream on which the order is sent behind so many others, whose answers nobody reads, that it
  // waits: in a buffer of either side, decided only once Receive reads.
  std::unique_ptr<Stalled> Stall(const Order& order, uint64_t token);
  // The units that the feed tells, once it tells so many, or at last.
  uint64_t AwaitStock(const Offer& offer, uint64_t stock);
  // False: it could not be, and the check is skipped or has failed.
  bool Restart();

  // --- Expectations, about the last call
  bool Expect(bool holds, std::string_view expected, const std::string& seen);
  bool ExpectState(const OrderResult& result, OrderResult::State state,
                   orders::v1::Reason reason = orders::v1::REASON_UNSPECIFIED);
  void ExpectOrdered(const Results& results);
  // The same result again, and said to be.
  void ExpectRepeats(const OrderResult& again, const OrderResult& first);
  void ExpectNotFound(const Order& order, uint64_t token = kToken);
  void ExpectStock(const Offer& offer, uint64_t stock);
  // The call failed as one that does not follow the contract.
  void ExpectInvalid(const absl::Status& status);
  // The check cannot be made here.
  void Skip(std::string_view why) { skipped_ = why; }

  // Of checks that use no other.
  static constexpr uint64_t kToken = 1;

  const std::vector<Failure>& failures() const { return failures_; }
  const std::string& skipped() const { return skipped_; }
  void SetCall(std::string call) { call_ = std::move(call); }

 private:
  // The role's offer, or the check is skipped.
  const Offer& OrSkip(const Offer* offer, std::string_view role);
  bool ExpectAnswered(const absl::Status& status);
  // Puts the answer's results in place; false: it is no answer to these batches.
  bool Put(const orders::v1::PlaceOrdersResponse& answer,
           const std::vector<PlaceOrdersRequest>& batches, std::vector<Answered>* answered);

  const Setup setup_;
  base::Random random_;
  std::string call_;
  std::vector<Failure> failures_;
  std::string skipped_;
};

}  // namespace jembatan::conformance
