// First come, first served for each offer; what is bad in a batch spoils nothing else.

#include "tests/conformance/checks.h"

namespace jembatan::conformance {
namespace {

void InABatch(Trial& t) {
  const Results results = t.PlaceAll(t.NewOrders(t.Take("last-one"), 5));
  t.ExpectState(results[0], OrderResult::STATE_ORDERED);
  for (size_t i = 1; i < results.size(); ++i) {
    t.ExpectState(results[i], OrderResult::STATE_REJECTED, orders::v1::REASON_OUT_OF_STOCK);
  }
}

void OverBatches(Trial& t) {
  const Offer& few = t.Take("few");
  const std::unique_ptr<OrderStream> stream = t.Open();
  std::vector<PlaceOrdersRequest> batches;
  for (uint64_t i = 1; i <= 6; ++i) {
    batches.push_back(t.Batch(i, t.NewOrders(few, 5)));
    t.Send(*stream, batches.back());
  }
  uint64_t place = 0;
  for (const Answered& one : t.Receive(*stream, batches)) {
    for (const OrderResult& result : one.results) {
      if (place++ < few.stock()) {
        t.ExpectState(result, OrderResult::STATE_ORDERED);
      } else {
        t.ExpectState(result, OrderResult::STATE_REJECTED, orders::v1::REASON_OUT_OF_STOCK);
      }
    }
  }
}

void SequenceTellsTurns(Trial& t) {
  const Orders orders = t.NewOrders(t.Take("few"), 8);
  const std::unique_ptr<OrderStream> stream = t.Open();
  const std::vector<PlaceOrdersRequest> batches = {
      t.Batch(1, Orders(orders.begin(), orders.begin() + 4)),
      t.Batch(2, Orders(orders.begin() + 4, orders.end()))};
  for (const PlaceOrdersRequest& batch : batches) t.Send(*stream, batch);
  uint64_t last = 0;
  for (const Answered& one : t.Receive(*stream, batches)) {
    t.ExpectOrdered(one.results);
    for (const OrderResult& result : one.results) {
      if (result.sequence() == 0) return t.Skip("it tells no sequences, which are optional");
      t.Expect(result.sequence() > last, "a sequence above " + std::to_string(last),
               "sequence " + std::to_string(result.sequence()));
      last = result.sequence();
    }
  }
  const uint64_t again = t.Place(orders.back()).sequence();
  t.Expect(again == last, "the same sequence with the repeat: " + std::to_string(last),
           "sequence " + std::to_string(again));
}

void AnswersInOrder(Trial& t) {
  const Offer& plenty = t.Any("plenty");
  const std::unique_ptr<OrderStream> stream = t.Open();
  PlaceOrdersRequest batch = t.Batch(7, t.NewOrders(plenty, 64));
  t.Send(*stream, batch);
  orders::v1::PlaceOrdersResponse answer;
  uint32_t next = 0;
  while (next < 64 && stream->Receive(&answer)) {
    for (const OrderResult& result : answer.results()) {
      if (!t.Expect(result.index() == next, "index " + std::to_string(next),
                    "index " + std::to_string(result.index()))) {
        return;
      }
      ++next;
    }
  }
  t.Expect(next == 64, "64 results", std::to_string(next));
}

void OffersApart(Trial& t) {
  const Offer& plenty = t.Any("plenty");
  const Offer& last_one = t.Take("last-one");
  Offer unknown = plenty;
  unknown.set_offer_id("jc-no-such-offer");
  const Results results =
      t.PlaceAll({t.NewOrder(plenty), t.NewOrder(unknown), t.NewOrder(last_one), t.NewOrder(plenty),
                  t.NewOrder(last_one), t.NewOrder(plenty)});
  t.ExpectOrdered({results[0], results[2], results[3], results[5]});
  t.ExpectState(results[1], OrderResult::STATE_REJECTED, orders::v1::REASON_ITEM_UNAVAILABLE);
  t.ExpectState(results[4], OrderResult::STATE_REJECTED, orders::v1::REASON_OUT_OF_STOCK);
}

void BadAndGood(Trial& t) {
  const Offer& few = t.Take("few");
  Orders orders = t.NewOrders(few, 5);
  orders[1].set_intent_id("not-a-uuid");
  orders[2].set_quantity(0);
  orders[3].clear_price_seen();
  const Results results = t.PlaceAll(orders);
  t.ExpectOrdered({results[0], results[4]});
  for (const size_t bad : {1, 2, 3}) {
    t.ExpectState(results[bad], OrderResult::STATE_REJECTED, orders::v1::REASON_MALFORMED);
  }
  t.ExpectStock(few, few.stock() - 2);
}

void BatchRepeated(Trial& t) {
  const Offer& few = t.Take("few");
  const Orders a = t.NewOrders(few, 4);
  const Orders b = t.NewOrders(few, 4);
  const std::unique_ptr<OrderStream> stream = t.Open();
  // As after a break: what was sent comes again, the later one first.
  const std::vector<PlaceOrdersRequest> batches = {t.Batch(1, a), t.Batch(2, b), t.Batch(3, b),
                                                   t.Batch(4, a)};
  for (const PlaceOrdersRequest& batch : batches) t.Send(*stream, batch);
  const std::vector<Answered> answered = t.Receive(*stream, batches);
  t.ExpectOrdered(answered[0].results);
  t.ExpectOrdered(answered[1].results);
  for (size_t i = 0; i < 4; ++i) {
    t.ExpectRepeats(answered[2].results[i], answered[1].results[i]);
    t.ExpectRepeats(answered[3].results[i], answered[0].results[i]);
  }
  t.ExpectStock(few, few.stock() - 8);
}

void TwoScopesOnAStream(Trial& t) {
  const Offer& plenty = t.Any("plenty");
  const std::unique_ptr<OrderStream> stream = t.Open();
  std::vector<PlaceOrdersRequest> batches;
  for (uint64_t i = 1; i <= 8; ++i) {
    batches.push_back(t.Batch(i, t.NewOrders(plenty, 2)));
    if (i % 2 == 0) {
      auto* fencing = batches.back().mutable_fencing();
      fencing->set_topic_version(fencing->topic_version() + ".b");
    }
    t.Send(*stream, batches.back());
  }
  for (const Answered& one : t.Receive(*stream, batches)) t.ExpectOrdered(one.results);
}

constexpr Text kTurn = {
    "Siapa cepat dia dapat, menurut urutan penerimaan, dan dapat dibuktikan.",
    "First come, first served by the order of acceptance, provable afterwards."};

constexpr Check kChecks[] = {
    {"order/in-a-batch",
     {"Pesanan satu penawaran berlaku menurut urutannya dalam kelompok.",
      "Orders of one offer take effect in their order within the batch."},
     kTurn,
     InABatch},
    {"order/over-batches",
     {"Pesanan satu penawaran berlaku menurut urutan kelompok dalam aliran.",
      "Orders of one offer take effect in the order of the stream's batches."},
     kTurn,
     OverBatches},
    {"order/sequence-tells-turns",
     {"sequence naik menurut urutan berlakunya pesanan satu penawaran, dan ikut diulang.",
      "sequence grows as orders of one offer take effect, and is repeated with the result."},
     {"Dengan itu auditor menilai urutan tanpa melihat buku lokapasar.",
      "By it an auditor judges the order of orders without the marketplace's books."},
     SequenceTellsTurns},
    {"order/answers-in-order",
     {"Pesanan satu penawaran dijawab berurutan.", "Orders of one offer are answered in order."},
     {"Jembatan melepas jalur penawaran menurut jawaban terakhirnya.",
      "The bridge goes on with an offer by its last answer."},
     AnswersInOrder},
    {"order/offers-apart",
     {"Penolakan pada satu penawaran tidak mengganggu penawaran lain dalam kelompok.",
      "A refusal of one offer leaves the batch's other offers alone."},
     {"Satu penawaran yang habis tidak boleh menahan yang lain.",
      "An offer that is sold out must hold up nobody else."},
     OffersApart},
    {"order/bad-and-good",
     {"Pesanan yang cacat ditolak MALFORMED; yang baik dalam kelompok yang sama tetap dibuat.",
      "A bad order is REJECTED(MALFORMED); the good ones of the batch are placed."},
     {"Kode status tidak pernah menjawab pesanan; hanya hasil yang menjawab.",
      "A status code never answers for an order: only a result does."},
     BadAndGood},
    {"order/batch-repeated",
     {"Kelompok yang dikirim ulang, juga dengan urutan terbalik, mengulang hasilnya.",
      "Batches sent again, in the other order too, repeat their results."},
     {"Setelah putus, jembatan mengirim ulang semua yang belum dijawab.",
      "After a break the bridge sends again whatever was not answered."},
     BatchRepeated},
    {"order/two-scopes-on-a-stream",
     {"Satu aliran membawa kelompok dari beberapa partisi.",
      "One stream carries batches of several partitions."},
     {"Satu jembatan memiliki beberapa partisi dan membuka satu aliran.",
      "A bridge owns several partitions and opens one stream."},
     TwoScopesOnAStream},
};

}  // namespace

const std::span<const Check> kOrderChecks = kChecks;

}  // namespace jembatan::conformance
