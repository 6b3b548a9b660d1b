// The form of requests and answers: what an answer holds, what is refused and how.

#include <set>

#include "libs/base/clock.h"
#include "libs/base/testing/plant_unknown_fields.h"
#include "libs/base/timestamp.h"
#include "libs/base/unknown_fields.h"
#include "tests/conformance/checks.h"
#include "tests/conformance/limits.h"

namespace jembatan::conformance {
namespace {

bool IsBuyersPage(std::string_view url) {
  if (url.starts_with("https://") && url.size() > std::string_view("https://").size()) return true;
  for (const std::string_view loopback : {"http://127.0.0.1", "http://localhost", "http://[::1]"}) {
    if (!url.starts_with(loopback)) continue;
    const std::string_view rest = url.substr(loopback.size());
    if (rest.empty() || rest[0] == ':' || rest[0] == '/') return true;
  }
  return false;
}

void OrderedIsComplete(Trial& t) {
  const Offer& plenty = t.Any("plenty");
  const Orders orders = t.NewOrders(plenty, 20);
  const Results results = t.PlaceAll(orders);
  t.ExpectOrdered(results);
  std::set<std::string> order_ids;
  for (size_t i = 0; i < results.size(); ++i) {
    const OrderResult& result = results[i];
    t.Expect(!result.order_id().empty() && order_ids.insert(result.order_id()).second,
             "an order_id of its own", "\"" + result.order_id() + "\"");
    t.Expect(IsBuyersPage(result.continue_url()),
             "continue_url is https (http on a loopback address only)",
             "\"" + result.continue_url() + "\"");
    t.Expect(result.price().SerializeAsString() == plenty.price().SerializeAsString(),
             "the offer's price", result.price().ShortDebugString());
    t.Expect(!result.has_hold_expires_at() || base::ToMs(result.hold_expires_at()) > base::WallMs(),
             "hold_expires_at in the future", result.hold_expires_at().ShortDebugString());
    t.Expect(result.fingerprint() == orders[i].fingerprint(), "the order's fingerprint",
             "another one");
  }
}

void RefusedIsComplete(Trial& t) {
  Order order = t.NewOrder(t.Any("plenty"));
  order.set_offer_id("jc-no-such-offer");
  const OrderResult result = t.Place(order);
  t.ExpectState(result, OrderResult::STATE_REJECTED, orders::v1::REASON_ITEM_UNAVAILABLE);
  t.Expect(result.order_id().empty(), "no order_id", result.order_id());
  t.Expect(result.fingerprint() == order.fingerprint(), "the order's fingerprint", "another one");
}

struct Spoil {
  const char* what;
  void (*spoil)(Order* order);
};

constexpr Spoil kSpoils[] = {
    {"no id", [](Order* o) { o->clear_intent_id(); }},
    {"an id that is no UUID", [](Order* o) { o->set_intent_id("pesanan-1"); }},
    {"a UUID of version 4",
     [](Order* o) { o->set_intent_id("0b6f0d3a-1111-4222-8333-444455556666"); }},
    {"a buyer_ref of 31 bytes", [](Order* o) { o->mutable_buyer_ref()->pop_back(); }},
    {"no buyer_ref", [](Order* o) { o->clear_buyer_ref(); }},
    {"a fingerprint of 33 bytes", [](Order* o) { o->mutable_fingerprint()->push_back('x'); }},
    {"no fingerprint", [](Order* o) { o->clear_fingerprint(); }},
    {"no offer", [](Order* o) { o->clear_offer_id(); }},
    {"quantity 0", [](Order* o) { o->set_quantity(0); }},
    {"no price", [](Order* o) { o->clear_price_seen(); }},
    {"a price of 0", [](Order* o) { o->mutable_price_seen()->set_amount_minor(0); }},
    {"no deadline", [](Order* o) { o->clear_deadline(); }},
    {"a deadline that is no time", [](Order* o) { o->mutable_deadline()->set_nanos(-1); }},
};

void Malformed(Trial& t) {
  for (const Spoil& one : kSpoils) {
    Order order = t.NewOrder(t.Any("plenty"));
    one.spoil(&order);
    const OrderResult result = t.PlaceOnce(order, t.Scope(Trial::kToken)).result();
    t.Expect(result.state() == OrderResult::STATE_REJECTED &&
                 result.reason() == orders::v1::REASON_MALFORMED,
             std::string("REJECTED(MALFORMED) for ") + one.what, Tell(result));
  }
}

void Quantity(Trial& t) {
  Orders orders = t.NewOrders(t.Any("plenty"), 2);
  orders[0].set_quantity(kMaxQuantity);
  orders[1].set_quantity(kMaxQuantity + 1);
  const Results results = t.PlaceAll(orders);
  t.ExpectState(results[0], OrderResult::STATE_ORDERED);
  t.ExpectState(results[1], OrderResult::STATE_REJECTED, orders::v1::REASON_QUANTITY_EXCEEDED);
}

void UnknownFields(Trial& t) {
  constexpr const char* kCanary = "burung-kenari";
  Order order = t.NewOrder(t.Any("plenty"));
  PlaceOrdersRequest batch = t.Batch(1, {order});
  base::PlantUnknownFields(&batch, kCanary);
  const std::unique_ptr<OrderStream> stream = t.Open();
  t.Send(*stream, batch);
  const OrderResult result = t.Receive(*stream, {batch})[0].results[0];
  t.ExpectState(result, OrderResult::STATE_ORDERED);
  const auto silent = [&](const OrderResult& told) {
    t.Expect(told.SerializeAsString().find(kCanary) == std::string::npos,
             "nothing of the unknown field in the answer", "its text");
  };
  silent(result);
  const OrderResult found = t.Get({order})[0];
  t.ExpectRepeats(found, result);
  silent(found);
}

void TextsAreData(Trial& t) {
  Order order = t.NewOrder(t.Any("plenty"));
  order.set_campaign_id("12.12'); DROP TABLE orders; --");
  order.set_attribution("\"kreator\\\"\n\xE2\x98\x95");
  const OrderResult first = t.Place(order);
  t.ExpectState(first, OrderResult::STATE_ORDERED);
  t.ExpectRepeats(t.Place(order), first);
}

void LargestBatch(Trial& t) {
  const Results results = t.PlaceAll(t.NewOrders(t.Any("plenty"), kMaxBatchOrders));
  t.ExpectOrdered(results);
}

// A batch that does not follow the contract ends the stream, and decides nothing.
void ExpectBatchRefused(Trial& t, const PlaceOrdersRequest& batch, const Orders& orders) {
  const std::unique_ptr<OrderStream> stream = t.Open();
  t.Send(*stream, batch);
  orders::v1::PlaceOrdersResponse answer;
  const bool answered = stream->Receive(&answer);
  if (!t.Expect(!answered, "INVALID_ARGUMENT", "an answer: " + answer.ShortDebugString())) return;
  t.ExpectInvalid(stream->Finish());
  if (!orders.empty()) t.ExpectNotFound(orders.front());
}

void BatchBounds(Trial& t) {
  const Orders orders = t.NewOrders(t.Any("plenty"), kMaxBatchOrders + 1);
  ExpectBatchRefused(t, t.Batch(1, orders), orders);
  ExpectBatchRefused(t, t.Batch(1, {}), {});
}

void FencingIsNeeded(Trial& t) {
  const Orders orders = t.NewOrders(t.Any("plenty"), 1);
  PlaceOrdersRequest batch = t.Batch(1, orders);
  batch.clear_fencing();
  ExpectBatchRefused(t, batch, orders);
  t.SetCall("PlaceOrder(no fencing)");
  orders::v1::PlaceOrderRequest place;
  *place.mutable_order() = orders[0];
  orders::v1::PlaceOrderResponse placed;
  t.ExpectInvalid(t.marketplace().PlaceOrder(place, &placed));
  t.SetCall("Fence(no fencing)");
  orders::v1::FenceResponse fenced;
  t.ExpectInvalid(t.marketplace().Fence({}, &fenced));
  t.SetCall("Fence(no topic_version)");
  orders::v1::FenceRequest nameless;
  *nameless.mutable_fencing() = t.Scope(1);
  nameless.mutable_fencing()->clear_topic_version();
  t.ExpectInvalid(t.marketplace().Fence(nameless, &fenced));
  t.SetCall("Fence(a topic_version of 129 bytes)");
  nameless.mutable_fencing()->set_topic_version(std::string(129, 't'));
  t.ExpectInvalid(t.marketplace().Fence(nameless, &fenced));
}

void LookupBounds(Trial& t) {
  const Orders orders = t.NewOrders(t.Any("plenty"), kMaxKeysAsked);
  const Results found = t.Get(orders);
  t.Expect(found.size() == orders.size(), "100 answers", std::to_string(found.size()));
  const auto ask = [&](int keys) {
    t.SetCall("GetOrders(" + std::to_string(keys) + " keys)");
    orders::v1::GetOrdersRequest request;
    *request.mutable_fencing() = t.Scope(Trial::kToken);
    for (int i = 0; i < keys; ++i) {
      auto* key = request.add_keys();
      key->set_buyer_ref(orders[0].buyer_ref());
      key->set_intent_id(orders[0].intent_id());
    }
    orders::v1::GetOrdersResponse response;
    return t.marketplace().GetOrders(request, &response);
  };
  t.ExpectInvalid(ask(kMaxKeysAsked + 1));
  t.ExpectInvalid(ask(0));
}

constexpr Text kBridgeReads = {"Jembatan meneruskan hasil ini kepada penonton apa adanya.",
                               "The bridge passes this result on to the viewer as it is."};
constexpr Text kNoStatus = {"Kode status tidak pernah menjawab pesanan; hanya hasil yang menjawab.",
                            "A status code never answers for an order: only a result does."};
constexpr Text kBounds = {"Batas kontrak melindungi kedua sisi.",
                          "The contract's bounds protect both sides."};

constexpr Check kChecks[] = {
    {"form/ordered-is-complete",
     {"ORDERED membawa order_id yang unik, continue_url https, harga, dan sidik pesanan.",
      "ORDERED comes with a unique order_id, an https continue_url, the price, the fingerprint."},
     kBridgeReads,
     OrderedIsComplete},
    {"form/refused-is-complete",
     {"REJECTED membawa alasan dan sidik pesanan, tanpa order_id.",
      "REJECTED comes with a reason and the fingerprint, without order_id."},
     kBridgeReads,
     RefusedIsComplete},
    {"form/malformed",
     {"Pesanan yang tidak menurut kontrak: REJECTED(MALFORMED), bukan kode status.",
      "An order that does not follow the contract: REJECTED(MALFORMED), not a status code."},
     kNoStatus,
     Malformed},
    {"form/quantity",
     {"quantity 1 sampai 99; lebih dari itu REJECTED(QUANTITY_EXCEEDED).",
      "quantity is 1 to 99; more is REJECTED(QUANTITY_EXCEEDED)."},
     kBounds,
     Quantity},
    {"form/unknown-fields",
     {"Bidang yang tidak dikenal diabaikan, tidak disimpan, tidak diulang.",
      "Unknown fields are ignored, not kept, not repeated."},
     {"Jembatan yang lebih baru boleh berbicara dengan lokapasar yang lebih lama.",
      "A newer bridge may talk to an older marketplace."},
     UnknownFields},
    {"form/texts-are-data",
     {"Teks dari luar adalah data, apa pun isinya.",
      "Text from outside is data, whatever it says."},
     {"Kampanye dan atribusi berasal dari luar.", "Campaign and attribution come from outside."},
     TextsAreData},
    {"form/largest-batch",
     {"Kelompok berisi 512 pesanan dilayani.", "A batch of 512 orders is served."},
     kBounds,
     LargestBatch},
    {"form/batch-bounds",
     {"513 pesanan, atau tidak satu pun: INVALID_ARGUMENT, tanpa keputusan apa pun.",
      "513 orders, or none: INVALID_ARGUMENT, and nothing is decided."},
     kBounds,
     BatchBounds},
    {"form/fencing-is-needed",
     {"Panggilan tanpa fencing yang sah: INVALID_ARGUMENT, tanpa keputusan apa pun.",
      "A call without proper fencing: INVALID_ARGUMENT, and nothing is decided."},
     {"Tanpa token siapa pun dapat memutuskan.", "Without a token anybody could decide."},
     FencingIsNeeded},
    {"form/lookup-bounds",
     {"GetOrders menjawab 1 sampai 100 kunci; selain itu INVALID_ARGUMENT.",
      "GetOrders answers 1 to 100 keys; anything else is INVALID_ARGUMENT."},
     kBounds,
     LookupBounds},
};

}  // namespace

const std::span<const Check> kFormChecks = kChecks;

}  // namespace jembatan::conformance
