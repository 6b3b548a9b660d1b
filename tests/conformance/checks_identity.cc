// One result per (buyer_ref, intent_id), for ever.

#include "libs/base/clock.h"
#include "libs/base/timestamp.h"
#include "tests/conformance/checks.h"

namespace jembatan::conformance {
namespace {

void RepeatSameResult(Trial& t) {
  const Order order = t.NewOrder(t.Any("plenty"));
  const OrderResult first = t.Place(order);
  t.ExpectState(first, OrderResult::STATE_ORDERED);
  t.Expect(!first.replayed(), "a first decision, not said to be repeated", Tell(first));
  t.ExpectRepeats(t.Place(order), first);
  t.ExpectRepeats(t.PlaceAll({order})[0], first);
}

void RepeatTakesNothing(Trial& t) {
  const Offer& few = t.Take("few");
  const Order order = t.NewOrder(few);
  for (int i = 0; i < 4; ++i) t.Place(order);
  t.ExpectStock(few, few.stock() - 1);
  // A second unit that went unseen would be missing here.
  t.ExpectState(t.Place(t.NewOrder(few)), OrderResult::STATE_ORDERED);
  t.ExpectStock(few, few.stock() - 2);
}

void OtherBodyRefused(Trial& t) {
  const Order order = t.NewOrder(t.Any("plenty"));
  const OrderResult first = t.Place(order);
  Order other = order;
  other.set_quantity(2);
  other.set_fingerprint(t.NewBytes());
  const OrderResult refused = t.Place(other);
  t.ExpectState(refused, OrderResult::STATE_REJECTED, orders::v1::REASON_ID_REUSED);
  t.Expect(refused.fingerprint() == order.fingerprint(),
           "the fingerprint that the first result was decided for", "another one");
  t.Expect(refused.order_id().empty(), "no order_id", refused.order_id());
  t.ExpectRepeats(t.Place(order), first);
}

void RefusalRepeated(Trial& t) {
  Order order = t.NewOrder(t.Any("plenty"));
  const orders::v1::Money price = order.price_seen();
  order.mutable_price_seen()->set_amount_minor(price.amount_minor() + 1);
  const OrderResult first = t.Place(order);
  t.ExpectState(first, OrderResult::STATE_REJECTED, orders::v1::REASON_PRICE_CHANGED);
  // What made it fail is gone: a marketplace that decides anew would order it now.
  *order.mutable_price_seen() = price;
  t.ExpectRepeats(t.Place(order), first);
}

void ExpiryRepeated(Trial& t) {
  Order order = t.NewOrder(t.Any("plenty"));
  const auto later = order.deadline();
  base::SetMs(base::WallMs() - 5'000, order.mutable_deadline());
  const OrderResult first = t.Place(order);
  t.ExpectState(first, OrderResult::STATE_EXPIRED, orders::v1::REASON_DEADLINE_PASSED);
  *order.mutable_deadline() = later;
  t.ExpectRepeats(t.Place(order), first);
}

void IdsOfTwoBuyers(Trial& t) {
  const Order one = t.NewOrder(t.Any("plenty"));
  Order two = one;
  two.set_buyer_ref(t.NewBytes());
  two.set_fingerprint(t.NewBytes());
  const OrderResult first = t.Place(one);
  const OrderResult second = t.Place(two);
  t.ExpectState(second, OrderResult::STATE_ORDERED);
  t.Expect(first.order_id() != second.order_id(), "an order of its own", Tell(second));
}

void TwiceInABatch(Trial& t) {
  const Offer& few = t.Take("few");
  const Order order = t.NewOrder(few);
  const Results results = t.PlaceAll({order, t.NewOrder(few), order});
  t.ExpectState(results[0], OrderResult::STATE_ORDERED);
  t.ExpectRepeats(results[2], results[0]);
  t.ExpectStock(few, few.stock() - 2);
}

void RaceOfStreams(Trial& t) {
  const Offer& few = t.Take("few");
  const Order order = t.NewOrder(few);
  const PlaceOrdersRequest batch = t.Batch(1, {order});
  std::vector<std::unique_ptr<OrderStream>> streams;
  for (int i = 0; i < 8; ++i) streams.push_back(t.Open());
  for (const auto& stream : streams) t.Send(*stream, batch);
  Results results;
  for (const auto& stream : streams) results.push_back(t.Receive(*stream, {batch})[0].results[0]);
  int decided = 0;
  for (const OrderResult& result : results) {
    t.Expect(result.order_id() == results[0].order_id() && !result.order_id().empty(),
             "one order on all streams: " + Tell(results[0]), Tell(result));
    decided += result.replayed() ? 0 : 1;
  }
  t.Expect(decided == 1, "one of the 8 results is the decision, the others repeat it",
           std::to_string(decided) + " decisions");
  t.ExpectStock(few, few.stock() - 1);
}

void OtherScope(Trial& t) {
  const Order order = t.NewOrder(t.Any("plenty"));
  const OrderResult first = t.Place(order);
  orders::v1::Fencing other = t.Scope(Trial::kToken);
  other.set_topic_version(other.topic_version() + ".b");
  t.ExpectRepeats(t.Place(order, other), first);
}

constexpr Text kResent = {
    "Penonton yang tidak menerima jawaban mengirim ulang; jembatan yang terputus juga.",
    "A viewer without an answer sends again, and so does a bridge whose stream broke."};

constexpr Check kChecks[] = {
    {"identity/repeat-same-result",
     {"Pesanan yang sama mendapat hasil yang sama, ditandai replayed.",
      "The same order gets the same result again, marked replayed."},
     kResent,
     RepeatSameResult},
    {"identity/repeat-takes-nothing",
     {"Pengulangan tidak mengambil stok lagi.", "A repeat takes no goods a second time."},
     kResent,
     RepeatTakesNothing},
    {"identity/other-body-refused",
     {"Id yang sama dengan isi lain ditolak ID_REUSED; yang pertama tetap berlaku.",
      "The same id with another fingerprint is REJECTED(ID_REUSED); the first one stands."},
     {"Satu id tidak boleh membawa dua pesanan.", "An id never carries two orders."},
     OtherBodyRefused},
    {"identity/refusal-repeated",
     {"Penolakan juga diingat, dan diulang walau sebabnya sudah hilang.",
      "A refusal is remembered too, and repeated though its cause is gone."},
     {"Penonton sudah diberi tahu bahwa tidak ada pesanan; itu harus tetap benar.",
      "The viewer was told that there is no order; that must stay true."},
     RefusalRepeated},
    {"identity/expiry-repeated",
     {"EXPIRED diingat, apa pun tenggat pada pengulangan.",
      "EXPIRED is remembered, whatever deadline a repeat carries."},
     {"Penonton sudah diberi tahu bahwa tidak ada pesanan; itu harus tetap benar.",
      "The viewer was told that there is no order; that must stay true."},
     ExpiryRepeated},
    {"identity/ids-of-two-buyers",
     {"Kunci pesanan adalah (buyer_ref, intent_id): id pembeli lain adalah pesanan lain.",
      "The key is (buyer_ref, intent_id): the same id of another buyer is another order."},
     {"Tidak seorang pun boleh menyentuh id orang lain.", "Nobody can touch another's ids."},
     IdsOfTwoBuyers},
    {"identity/twice-in-a-batch",
     {"Pesanan yang dua kali ada dalam satu kelompok adalah satu pesanan.",
      "An order that is twice in one batch is one order."},
     kResent,
     TwiceInABatch},
    {"identity/race-of-streams",
     {"Pesanan yang sama lewat delapan aliran sekaligus adalah satu pesanan.",
      "The same order over eight streams at once is one order."},
     {"Pemilik lama dan baru dapat mengirimnya pada saat yang sama.",
      "An old owner and a new one may send it at the same moment."},
     RaceOfStreams},
    {"identity/other-scope",
     {"Hasil berlaku di semua lingkup (topic_version, partition).",
      "A result holds whatever scope the repeat comes from."},
     {"Kuncinya pembeli dan id, bukan partisi.", "The key is the buyer and the id alone."},
     OtherScope},
};

}  // namespace

const std::span<const Check> kIdentityChecks = kChecks;

}  // namespace jembatan::conformance
