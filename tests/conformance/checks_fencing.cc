// The token decides who may decide, inside the transaction; lookups obey it too.

#include <chrono>
#include <thread>

#include "libs/base/clock.h"
#include "libs/base/timestamp.h"
#include "tests/conformance/checks.h"
#include "tests/conformance/limits.h"

namespace jembatan::conformance {
namespace {

void ExpectStale(Trial& t, const Order& order, const orders::v1::Fencing& fencing) {
  const orders::v1::PlaceOrderResponse response = t.PlaceOnce(order, fencing);
  t.Expect(response.stale() && !response.has_result(), "stale, no result",
           response.stale() ? "stale, but a result" : Tell(response.result()));
}

void LowerIsStale(Trial& t) {
  const Order order = t.NewOrder(t.Any("plenty"));
  t.Fence(9);
  ExpectStale(t, order, t.Scope(8));
  const std::unique_ptr<OrderStream> stream = t.Open();
  const PlaceOrdersRequest batch = t.Batch(1, {order, t.NewOrder(t.Any("plenty"))}, 8);
  t.Send(*stream, batch);
  const Answered answered = t.Receive(*stream, {batch})[0];
  t.Expect(answered.stale, "stale", "results");
  t.Expect(answered.results[0].intent_id().empty(), "no result", Tell(answered.results[0]));
  t.ExpectNotFound(order, 9);
  const OrderResult placed = t.Place(order, 9);
  t.ExpectState(placed, OrderResult::STATE_ORDERED);
  t.Expect(!placed.replayed(), "a first decision: the stale ones decided nothing", Tell(placed));
  // Not even what is known is told to who is stale.
  ExpectStale(t, order, t.Scope(8));
}

void FenceTellsHighest(Trial& t) {
  const auto expect = [&](uint64_t asked, uint64_t highest) {
    const uint64_t told = t.Fence(asked);
    t.Expect(told == highest, "token " + std::to_string(highest), "token " + std::to_string(told));
  };
  expect(0, 0);
  expect(5, 5);
  expect(5, 5);
  expect(3, 5);
  expect(uint64_t{1} << 40, uint64_t{1} << 40);
  expect(6, uint64_t{1} << 40);
}

void EqualHolds(Trial& t) {
  t.Fence(4);
  t.ExpectState(t.Place(t.NewOrder(t.Any("plenty")), 4), OrderResult::STATE_ORDERED);
  t.ExpectOrdered(t.PlaceAll(t.NewOrders(t.Any("plenty"), 2), 4));
  t.Fence(4);
  t.ExpectState(t.Place(t.NewOrder(t.Any("plenty")), 4), OrderResult::STATE_ORDERED);
}

void ZeroIsAToken(Trial& t) {
  t.ExpectState(t.Place(t.NewOrder(t.Any("plenty")), 0), OrderResult::STATE_ORDERED);
  t.Fence(1);
  ExpectStale(t, t.NewOrder(t.Any("plenty")), t.Scope(0));
}

void HigherOrderRaises(Trial& t) {
  t.Fence(3);
  t.Place(t.NewOrder(t.Any("plenty")), 7);
  ExpectStale(t, t.NewOrder(t.Any("plenty")), t.Scope(6));
  const uint64_t told = t.Fence(5);
  t.Expect(told == 7, "token 7", "token " + std::to_string(told));
}

void NotFoundIsCertain(Trial& t) {
  const Order order = t.NewOrder(t.Any("plenty"));
  t.Fence(3);
  t.ExpectNotFound(order, 4);
  ExpectStale(t, order, t.Scope(3));
  t.ExpectNotFound(order, 4);
}

void LookupObeys(Trial& t) {
  const Order order = t.NewOrder(t.Any("plenty"));
  t.Place(order, 2);
  t.Fence(6);
  const orders::v1::GetOrdersResponse response = t.GetOnce({order}, t.Scope(5));
  t.Expect(response.stale() && response.answers_size() == 0, "stale, no answers",
           std::to_string(response.answers_size()) + " answers");
}

void PartitionsApart(Trial& t) {
  orders::v1::Fencing other = t.Scope(2);
  other.set_partition(other.partition() + 1'000);
  t.Fence(9);
  const uint64_t told = t.Fence(other);
  t.Expect(told == 2, "token 2: another partition has tokens of its own",
           "token " + std::to_string(told));
  t.ExpectState(t.Place(t.NewOrder(t.Any("plenty")), other), OrderResult::STATE_ORDERED);
  ExpectStale(t, t.NewOrder(t.Any("plenty")), t.Scope(8));
}

void TopicsApart(Trial& t) {
  orders::v1::Fencing other = t.Scope(2);
  other.set_topic_version(other.topic_version() + ".b");
  t.Fence(9);
  const uint64_t told = t.Fence(other);
  t.Expect(told == 2, "token 2: another log has tokens of its own",
           "token " + std::to_string(told));
  t.ExpectState(t.Place(t.NewOrder(t.Any("plenty")), other), OrderResult::STATE_ORDERED);
}

void FenceOvertakesBatch(Trial& t) {
  const Order order = t.NewOrder(t.Any("plenty"));
  const std::unique_ptr<Stalled> stalled = t.Stall(order, 1);
  // It has time to arrive. Either it was decided before the fence, or it never will be.
  std::this_thread::sleep_for(std::chrono::milliseconds(kStallArriveMs));
  const Results found = t.Get({order}, 2);
  const bool decided = !found[0].intent_id().empty();
  const Answered last = t.Receive(*stalled->stream, stalled->batches).back();
  if (decided) return;
  t.Expect(last.results[0].intent_id().empty(),
           "no result under token 1: NOT_FOUND was told under token 2", Tell(last.results[0]));
  t.ExpectNotFound(order, 2);
}

void DeadlineOvertakesBatch(Trial& t) {
  Order order = t.NewOrder(t.Any("plenty"));
  const int64_t deadline_ms = base::WallMs() + kStallDeadlineMs;
  base::SetMs(deadline_ms, order.mutable_deadline());
  const std::unique_ptr<Stalled> stalled = t.Stall(order, 1);
  const int64_t wait_ms = deadline_ms + kClockSkewMs - base::WallMs();
  std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
  const Results found = t.Get({order}, 1);
  const bool decided = !found[0].intent_id().empty();
  const Answered last = t.Receive(*stalled->stream, stalled->batches).back();
  if (decided) return;
  // It was not decided when its deadline had passed.
  t.ExpectState(last.results[0], OrderResult::STATE_EXPIRED, orders::v1::REASON_DEADLINE_PASSED);
}

void DeadlinePassed(Trial& t) {
  const Offer& few = t.Take("few");
  Orders orders = t.NewOrders(few, 3);
  base::SetMs(base::WallMs() - 5'000, orders[1].mutable_deadline());
  const Results results = t.PlaceAll(orders);
  t.ExpectOrdered({results[0], results[2]});
  t.ExpectState(results[1], OrderResult::STATE_EXPIRED, orders::v1::REASON_DEADLINE_PASSED);
  t.ExpectStock(few, few.stock() - 2);
}

void FoundAsPlaced(Trial& t) {
  const Offer& plenty = t.Any("plenty");
  Orders orders = t.NewOrders(plenty, 3);
  orders[1].mutable_price_seen()->set_amount_minor(1);
  const Results placed = t.PlaceAll(orders);
  const Order unknown = t.NewOrder(plenty);
  Order foreign = orders[0];
  foreign.set_buyer_ref(t.NewBytes());
  const Results found = t.Get({orders[2], unknown, orders[1], foreign, orders[0]});
  t.ExpectRepeats(found[0], placed[2]);
  t.ExpectRepeats(found[2], placed[1]);
  t.ExpectRepeats(found[4], placed[0]);
  t.Expect(found[1].intent_id().empty(), "NOT_FOUND: never placed", Tell(found[1]));
  t.Expect(found[3].intent_id().empty(), "NOT_FOUND: another buyer's", Tell(found[3]));
  t.Expect(found[2].index() == 2, "the key's place as index: 2", std::to_string(found[2].index()));
}

constexpr Text kZombie = {"Jembatan yang sudah digantikan bisa bangun lagi dan masih mengirim.",
                          "A bridge that was succeeded may wake up and still be sending."};
constexpr Text kDecidesAlone = {
    "Setelah NOT_FOUND jembatan memutuskan sendiri, misalnya EXPIRED; pesanan tidak boleh "
    "menyusul.",
    "After NOT_FOUND the bridge decides alone, EXPIRED say; no order may come after that."};

constexpr Check kChecks[] = {
    {"fencing/lower-is-stale",
     {"Token yang lebih rendah dijawab stale dan tidak memutuskan apa pun.",
      "A lower token is answered stale and decides nothing."},
     kZombie,
     LowerIsStale},
    {"fencing/fence-tells-highest",
     {"Fence menjawab token tertinggi lingkup itu.",
      "Fence answers the highest token of the scope."},
     {"Pemilik tahu dari sini bahwa ia sudah digantikan.",
      "From it an owner learns that it was succeeded."},
     FenceTellsHighest},
    {"fencing/equal-holds",
     {"Token yang sama dengan yang tertinggi berlaku.", "A token equal to the highest holds."},
     {"Pemilik memakai satu token untuk semua panggilannya.",
      "An owner uses one token for all its calls."},
     EqualHolds},
    {"fencing/zero-is-a-token",
     {"0 adalah token yang sah.", "0 is a valid token."},
     {"Token adalah posisi dalam log, dan posisi pertama adalah 0.",
      "A token is an offset of a log, and the first offset is 0."},
     ZeroIsAToken},
    {"fencing/higher-order-raises",
     {"Pesanan dengan token lebih tinggi menaikkan token lingkup itu.",
      "An order under a higher token raises the scope's token."},
     kZombie,
     HigherOrderRaises},
    {"fencing/not-found-is-certain",
     {"NOT_FOUND berarti: tidak ada panggilan bertoken lebih rendah yang masih akan memesan.",
      "NOT_FOUND means that no call with a lower token will place the order any more."},
     kDecidesAlone,
     NotFoundIsCertain},
    {"fencing/lookup-obeys",
     {"GetOrders dengan token lebih rendah dijawab stale, tanpa hasil.",
      "GetOrders under a lower token is answered stale, without answers."},
     kZombie,
     LookupObeys},
    {"fencing/partitions-apart",
     {"Setiap partisi punya token sendiri.", "Each partition has tokens of its own."},
     {"Partisi berpindah satu per satu.", "Partitions change owners one by one."},
     PartitionsApart},
    {"fencing/topics-apart",
     {"Setiap versi log punya token sendiri.", "Each version of the log has tokens of its own."},
     {"Log baru mulai lagi dari posisi 0.", "A new log begins at offset 0 again."},
     TopicsApart},
    {"fencing/fence-overtakes-batch",
     {"Token diperiksa di dalam transaksi yang memutuskan, bukan saat kelompok tiba.",
      "The token is checked inside the deciding transaction, not when the batch arrives."},
     kDecidesAlone,
     FenceOvertakesBatch},
    {"deadline/passed-is-expired",
     {"Pesanan yang lewat tenggat adalah EXPIRED dan tidak mengambil stok.",
      "An order past its deadline is EXPIRED and takes no goods."},
     {"Penonton sudah diberi tahu bahwa tidak ada pesanan.",
      "The viewer has been told that there is no order."},
     DeadlinePassed},
    {"deadline/overtakes-batch",
     {"Tenggat diperiksa di dalam transaksi yang memutuskan, bukan saat kelompok tiba.",
      "The deadline is checked inside the deciding transaction, not when the batch arrives."},
     {"Kelompok bisa tertahan lama di depan pintu lokapasar.",
      "A batch may wait for long at the marketplace's door."},
     DeadlineOvertakesBatch},
    {"lookup/found-as-placed",
     {"GetOrders menjawab per kunci, menurut urutan, dengan hasil yang diingat.",
      "GetOrders answers key by key, in order, with the result remembered."},
     {"Panggilan tanpa jawaban diselesaikan dengan bertanya, bukan menebak.",
      "An unanswered call is resolved by asking, never by guessing."},
     FoundAsPlaced},
};

}  // namespace

const std::span<const Check> kFencingChecks = kChecks;

}  // namespace jembatan::conformance
