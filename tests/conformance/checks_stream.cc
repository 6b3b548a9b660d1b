// Streams that end early, late or not at all; and restarts.

#include <chrono>
#include <thread>

#include "libs/base/status.h"
#include "tests/conformance/checks.h"
#include "tests/conformance/limits.h"

namespace jembatan::conformance {
namespace {

// What was sent before, sent again on another stream: each decided once.
void ExpectOnceEach(Trial& t, const Offer& offer, const Orders& orders) {
  const Results results = t.PlaceAll(orders);
  t.ExpectOrdered(results);
  const Results again = t.PlaceAll(orders);
  for (size_t i = 0; i < results.size(); ++i) {
    t.Expect(again[i].order_id() == results[i].order_id(), results[i].order_id(), Tell(again[i]));
  }
  t.ExpectStock(offer, offer.stock() - orders.size());
}

void CutAndRepeated(Trial& t) {
  const Offer& few = t.Take("few");
  const Orders orders = t.NewOrders(few, 12);
  const Orders first(orders.begin(), orders.begin() + 6);
  const Orders second(orders.begin() + 6, orders.end());
  {
    const std::unique_ptr<OrderStream> stream = t.Open();
    t.Send(*stream, t.Batch(1, first));
    t.Send(*stream, t.Batch(2, second));
    stream->Cut();
  }
  ExpectOnceEach(t, few, orders);
}

void HalfClosed(Trial& t) {
  const std::unique_ptr<OrderStream> stream = t.Open();
  std::vector<PlaceOrdersRequest> batches;
  for (uint64_t i = 1; i <= 8; ++i) {
    batches.push_back(t.Batch(i, t.NewOrders(t.Any("plenty"), 16)));
    t.Send(*stream, batches.back());
  }
  stream->HalfClose();
  for (const Answered& one : t.Receive(*stream, batches)) t.ExpectOrdered(one.results);
  orders::v1::PlaceOrdersResponse more;
  const bool surplus = stream->Receive(&more);
  t.Expect(!surplus, "the end of the stream", more.ShortDebugString());
  const absl::Status status = stream->Finish();
  t.Expect(status.ok(), "OK once everything was answered", base::ToString(status));
}

void SlowReader(Trial& t) {
  const Order order = t.NewOrder(t.Any("plenty"));
  const std::unique_ptr<Stalled> stalled = t.Stall(order, Trial::kToken);
  // Others are served while nobody reads this stream's answers.
  t.ExpectOrdered(t.PlaceAll(t.NewOrders(t.Any("plenty"), 4)));
  std::this_thread::sleep_for(std::chrono::milliseconds(kClockSkewMs));
  const std::vector<Answered> answered = t.Receive(*stalled->stream, stalled->batches);
  for (size_t i = 0; i + 1 < answered.size(); ++i) {
    for (const OrderResult& result : answered[i].results) {
      if (!t.ExpectState(result, OrderResult::STATE_REJECTED,
                         orders::v1::REASON_ITEM_UNAVAILABLE)) {
        return;
      }
    }
  }
  t.ExpectState(answered.back().results[0], OrderResult::STATE_ORDERED);
}

void OpenWithoutBatches(Trial& t) {
  const std::unique_ptr<OrderStream> stream = t.Open();
  stream->HalfClose();
  t.SetCall("PlaceOrders(), half-closed without a batch");
  orders::v1::PlaceOrdersResponse answer;
  t.Expect(!stream->Receive(&answer), "no answer", answer.ShortDebugString());
  const absl::Status status = stream->Finish();
  t.Expect(status.ok(), "OK", base::ToString(status));
}

void ResultsSurvive(Trial& t) {
  const Offer& few = t.Take("few");
  Orders orders = t.NewOrders(few, 3);
  orders[1].mutable_price_seen()->set_amount_minor(1);
  const Results before = t.PlaceAll(orders);
  if (!t.Restart()) return;
  const Results found = t.Get(orders);
  const Results again = t.PlaceAll(orders);
  for (size_t i = 0; i < orders.size(); ++i) {
    t.ExpectRepeats(found[i], before[i]);
    t.ExpectRepeats(again[i], before[i]);
  }
  t.ExpectStock(few, few.stock() - 2);
}

void LimitsSurvive(Trial& t) {
  const Offer& limited = t.Take("buyer-limit");
  const std::string buyer = t.NewBytes();
  const auto order = [&](uint32_t quantity) {
    Order one = t.NewOrder(limited);
    one.set_buyer_ref(buyer);
    one.set_quantity(quantity);
    return one;
  };
  t.ExpectState(t.Place(order(limited.buyer_limit())), OrderResult::STATE_ORDERED);
  if (!t.Restart()) return;
  t.ExpectState(t.Place(order(1)), OrderResult::STATE_REJECTED,
                orders::v1::REASON_BUYER_LIMIT_TOTAL);
}

void FencesSurvive(Trial& t) {
  t.Fence(9);
  t.Place(t.NewOrder(t.Any("plenty")), 12);
  if (!t.Restart()) return;
  const Order order = t.NewOrder(t.Any("plenty"));
  const orders::v1::PlaceOrderResponse response = t.PlaceOnce(order, t.Scope(11));
  t.Expect(response.stale(), "stale: token 12 was seen before the restart",
           Tell(response.result()));
  const uint64_t told = t.Fence(10);
  t.Expect(told == 12, "token 12", "token " + std::to_string(told));
}

void KilledInMidStream(Trial& t) {
  const Offer& few = t.Take("few");
  const Orders orders = t.NewOrders(few, 10);
  const std::unique_ptr<OrderStream> stream = t.Open();
  for (uint64_t i = 0; i < orders.size(); ++i) t.Send(*stream, t.Batch(i + 1, {orders[i]}));
  if (!t.Restart()) return;
  ExpectOnceEach(t, few, orders);
}

constexpr Text kBreaks = {"Jaringan putus di tengah kelompok; tidak seorang pun tahu yang mana.",
                          "A network breaks in mid-batch, and nobody knows where."};
constexpr Text kDurable = {
    "Jawaban yang sudah diberikan tidak boleh dilupakan oleh mesin yang mati.",
    "What was answered must not be forgotten by a machine that died."};

constexpr Check kStreams[] = {
    {"stream/cut-and-repeated",
     {"Kelompok pada aliran yang putus, dikirim ulang, dibuat sekali.",
      "Batches of a stream that was cut are placed once when they are sent again."},
     kBreaks,
     CutAndRepeated},
    {"stream/half-closed",
     {"Setelah pengirim selesai, semua tetap dijawab, lalu aliran berakhir OK.",
      "When the sender is done everything is still answered, then the stream ends OK."},
     {"Jembatan yang berhenti menunggu jawaban terakhirnya.",
      "A bridge that stops waits for its last answers."},
     HalfClosed},
    {"stream/no-batches",
     {"Aliran tanpa kelompok berakhir OK.", "A stream without batches ends OK."},
     {"Jembatan membuka alirannya sebelum ada pesanan.",
      "A bridge opens its stream before there are orders."},
     OpenWithoutBatches},
    {"stream/slow-reader",
     {"Pembaca yang lambat tidak kehilangan jawaban dan tidak menahan aliran lain.",
      "A slow reader loses no answer and holds up no other stream."},
     {"Satu jembatan yang tersendat tidak boleh menghentikan yang lain.",
      "One bridge that stutters must not stop the others."},
     SlowReader},
};

constexpr Check kRestarts[] = {
    {"restart/results-survive",
     {"Hasil, juga penolakan, dan stok bertahan setelah proses dimatikan.",
      "Results, refusals too, and stock survive a kill."},
     kDurable,
     ResultsSurvive},
    {"restart/limits-survive",
     {"Batas pembeli bertahan setelah proses dimatikan.", "A buyer's limit survives a kill."},
     kDurable,
     LimitsSurvive},
    {"restart/fences-survive",
     {"Token tertinggi bertahan setelah proses dimatikan.", "The highest token survives a kill."},
     {"Pemilik lama bisa bangun lagi setelah lokapasar hidup kembali.",
      "An old owner may wake up after the marketplace is back."},
     FencesSurvive},
    {"restart/killed-in-mid-stream",
     {"Yang dikirim sebelum proses dimatikan, dikirim ulang, dibuat sekali.",
      "What was sent before a kill is placed once when it is sent again."},
     kBreaks,
     KilledInMidStream},
};

}  // namespace

const std::span<const Check> kStreamChecks = kStreams;
const std::span<const Check> kRestartChecks = kRestarts;

}  // namespace jembatan::conformance
