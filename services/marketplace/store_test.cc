#include "services/marketplace/store.h"

#include <fstream>
#include <set>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "libs/base/status.h"
#include "services/marketplace/testing.h"

namespace jembatan::marketplace {
namespace {

using orders::v1::OrderResult;
using testing::BuyerRef;
using testing::IntentId;
using testing::kNowMs;
using testing::MakeOffer;
using testing::TestOrder;
using testing::Token;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    StoreOptions options = file_.options();
    options.goods_signer = signer_;
    auto store = Store::Open(options, clock_.get());
    ASSERT_TRUE(store.ok()) << base::ToString(store.status());
    store_ = *std::move(store);
  }
  void Reopen() {
    store_.reset();
    Open();
  }
  void Load(std::vector<Offer> offers) {
    const auto loaded = store_->LoadOffers(std::move(offers));
    ASSERT_TRUE(loaded.ok()) << base::ToString(loaded.status());
  }
  Result Place(const TestOrder& order, uint64_t token = 1) {
    const Order view = order.view();
    const auto placed = store_->Place(Token(token), {&view, 1});
    EXPECT_TRUE(placed.ok()) << base::ToString(placed.status());
    if (!placed.ok() || placed->results.size() != 1) return {};
    return placed->results[0];
  }
  std::optional<Result> Get(uint64_t intent, uint64_t buyer, uint64_t token = 1) {
    const std::string intent_id = IntentId(intent);
    const std::string buyer_ref = BuyerRef(buyer);
    const Key key{buyer_ref, intent_id};
    const auto found = store_->Get(Token(token), {&key, 1});
    EXPECT_TRUE(found.ok()) << base::ToString(found.status());
    if (!found.ok() || found->results.size() != 1) return std::nullopt;
    return found->results[0];
  }
  std::string NoteOf(const std::string& offer_id) {
    return store_->feed().Find(offer_id)->attested->note;
  }
  // What the key of today has signed.
  std::string TextOf(const std::string& offer_id) {
    const std::string note = NoteOf(offer_id);
    const auto text = signer_->verifier().Open(note);
    return text.ok() ? std::string(*text) : base::ToString(text.status());
  }
  // "stock/sold", in memory and, after a reopen, on the disk.
  std::string Counts(const std::string& offer_id) {
    const OfferFeed::OfferPtr offer = store_->feed().Find(offer_id);
    if (offer == nullptr) return "none";
    return std::to_string(offer->stock) + "/" + std::to_string(offer->sold);
  }

  testing::TempDatabase file_;
  testing::TestClock clock_;
  std::shared_ptr<const ledger::NoteSigner> signer_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, AnOrderTakesTheGoodsAndIsRepeatedAfterARestart) {
  Load({MakeOffer("kopi", 10)});
  const Result first = Place(TestOrder(1, 1, "kopi"));
  EXPECT_EQ(first.state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(first.order_id, "T-0000000001");
  EXPECT_TRUE(first.continue_url.starts_with("http://127.0.0.1:1/checkout/T-0000000001?k="));
  EXPECT_EQ(first.hold_expires_ms, kNowMs + 900'000);
  EXPECT_EQ(Counts("kopi"), "9/1");
  Reopen();
  EXPECT_EQ(Counts("kopi"), "9/1");
  clock_.now_ms += 500'000;
  Result again = Place(TestOrder(1, 1, "kopi"));
  EXPECT_TRUE(again.replayed);
  again.replayed = false;
  EXPECT_EQ(again, first);
  EXPECT_EQ(Counts("kopi"), "9/1");
}

TEST_F(StoreTest, OneBatchSeesItsOwnEarlierOrders) {
  Load({MakeOffer("kopi", 2, 1)});
  const TestOrder orders[] = {{1, 1, "kopi"}, {1, 1, "kopi"},      {2, 1, "kopi"},
                              {3, 2, "kopi"}, {3, 2, "kopi", 'g'}, {4, 3, "kopi"}};
  std::vector<Order> batch;
  for (const TestOrder& order : orders) batch.push_back(order.view());
  const auto placed = store_->Place(Token(1), batch);
  ASSERT_TRUE(placed.ok());
  const std::vector<Result>& results = placed->results;
  ASSERT_EQ(results.size(), 6u);
  EXPECT_EQ(results[0].order_id, "T-0000000001");
  EXPECT_EQ(results[1].order_id, "T-0000000001");
  EXPECT_TRUE(results[1].replayed);
  EXPECT_EQ(results[2].reason, orders::v1::REASON_BUYER_LIMIT_TOTAL);
  // The refusal has place 2 in the ledger.
  EXPECT_EQ(results[3].order_id, "T-0000000003");
  EXPECT_EQ(results[4].reason, orders::v1::REASON_ID_REUSED);
  EXPECT_EQ(results[5].reason, orders::v1::REASON_OUT_OF_STOCK);
  EXPECT_EQ(Counts("kopi"), "0/2");
}

TEST_F(StoreTest, ARefusalIsRememberedThoughItsCauseIsGone) {
  EXPECT_EQ(Place(TestOrder(1, 1, "kopi")).reason, orders::v1::REASON_ITEM_UNAVAILABLE);
  Load({MakeOffer("kopi", 10)});
  const Result again = Place(TestOrder(1, 1, "kopi"));
  EXPECT_EQ(again.reason, orders::v1::REASON_ITEM_UNAVAILABLE);
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(Counts("kopi"), "10/0");
}

TEST_F(StoreTest, TheSameIdOfAnotherBuyerIsAnotherOrder) {
  Load({MakeOffer("kopi", 10)});
  EXPECT_EQ(Place(TestOrder(1, 1, "kopi")).state, OrderResult::STATE_ORDERED);
  const Result other = Place(TestOrder(1, 2, "kopi", 'g'));
  EXPECT_EQ(other.state, OrderResult::STATE_ORDERED);
  EXPECT_FALSE(other.replayed);
}

TEST_F(StoreTest, IdReusedLeavesTheFirstUntouched) {
  Load({MakeOffer("kopi", 10)});
  const Result first = Place(TestOrder(1, 1, "kopi"));
  const Result reused = Place(TestOrder(1, 1, "kopi", 'g'));
  EXPECT_EQ(reused.reason, orders::v1::REASON_ID_REUSED);
  EXPECT_EQ(reused.fingerprint, first.fingerprint);
  std::optional<Result> stored = Get(1, 1);
  ASSERT_TRUE(stored.has_value());
  EXPECT_TRUE(stored->replayed);
  stored->replayed = false;
  EXPECT_EQ(*stored, first);
}

TEST_F(StoreTest, ALowerTokenDecidesAndReadsNothing) {
  Load({MakeOffer("kopi", 10)});
  ASSERT_EQ(*store_->Fence(Token(5)), 5u);
  const TestOrder held(1, 1, "kopi");
  const Order view = held.view();
  const auto stale = store_->Place(Token(4), {&view, 1});
  ASSERT_TRUE(stale.ok());
  EXPECT_TRUE(stale->stale);
  EXPECT_TRUE(stale->results.empty());
  EXPECT_FALSE(Get(1, 1, 5).has_value());
  const std::string intent_id = IntentId(1);
  const std::string buyer_ref = BuyerRef(1);
  const Key key{buyer_ref, intent_id};
  EXPECT_TRUE(store_->Get(Token(4), {&key, 1})->stale);
  EXPECT_EQ(*store_->Fence(Token(4)), 5u);
  // The equal token decides; other scopes know nothing of it.
  EXPECT_EQ(Place(held, 5).state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(*store_->Fence(Token(0, 1)), 0u);
  EXPECT_EQ(*store_->Fence({"jembatan.intents.v2", 0, 1}), 1u);
}

TEST_F(StoreTest, EveryWayToShowAHigherTokenRaisesItForGood) {
  Load({MakeOffer("kopi", 10)});
  ASSERT_EQ(*store_->Fence(Token(5)), 5u);
  EXPECT_EQ(Place(TestOrder(1, 1, "kopi"), 6).state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(*store_->Fence(Token(5)), 6u);
  EXPECT_TRUE(Get(1, 1, 7).has_value());
  Reopen();
  EXPECT_EQ(*store_->Fence(Token(1)), 7u);
}

TEST_F(StoreTest, TheDeadlineIsJudgedByTheClockReadAfterTheLock) {
  // The first transaction holds the lock while the second one's deadline passes.
  testing::TempDatabase file;
  std::atomic<int> reads = 0;
  std::atomic<bool> first_is_in = false;
  std::atomic<bool> go_on = false;
  auto opened = Store::Open(file.options(), [&]() -> int64_t {
    if (reads++ != 1) return kNowMs + (reads > 2 ? 200'000 : 0);
    first_is_in = true;
    first_is_in.notify_all();
    go_on.wait(false);
    return kNowMs;
  });
  ASSERT_TRUE(opened.ok());
  Store& store = **opened;
  ASSERT_TRUE(store.LoadOffers({MakeOffer("kopi", 10)}).ok());
  const auto place = [&store](uint64_t intent, State* state) {
    const TestOrder order(intent, intent, "kopi");
    const Order view = order.view();
    *state = store.Place(Token(1), {&view, 1})->results[0].state;
  };
  State first = OrderResult::STATE_UNSPECIFIED;
  State second = OrderResult::STATE_UNSPECIFIED;
  std::thread a([&] { place(1, &first); });
  first_is_in.wait(false);
  std::thread b([&] { place(2, &second); });
  go_on = true;
  go_on.notify_all();
  a.join();
  b.join();
  EXPECT_EQ(first, OrderResult::STATE_ORDERED);
  EXPECT_EQ(second, OrderResult::STATE_EXPIRED);
}

TEST_F(StoreTest, FourThreadsNeverOversellAndKeepTheLimit) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kBatches = 40;
  constexpr uint64_t kBatchOrders = 8;
  constexpr int64_t kStock = 100;
  Load({MakeOffer("kopi", kStock, 2)});
  std::atomic<int64_t> ordered = 0;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t b = 0; b < kBatches; ++b) {
        std::vector<TestOrder> orders;
        for (uint64_t i = 0; i < kBatchOrders; ++i) {
          const uint64_t number = (t * kBatches + b) * kBatchOrders + i;
          orders.emplace_back(number, number % 200, "kopi");
        }
        std::vector<Order> views;
        for (const TestOrder& order : orders) views.push_back(order.view());
        const auto placed = store_->Place(Token(1, static_cast<uint32_t>(t)), views);
        ASSERT_TRUE(placed.ok());
        for (const Result& result : placed->results) {
          ordered += result.state == OrderResult::STATE_ORDERED ? 1 : 0;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ordered, kStock);
  EXPECT_EQ(Counts("kopi"), "0/100");
  Reopen();
  EXPECT_EQ(Counts("kopi"), "0/100");
}

TEST_F(StoreTest, AHoldThatRunsOutGivesStockAndLimitBack) {
  Load({MakeOffer("kopi", 1, 1)});
  const Result order = Place(TestOrder(1, 1, "kopi"));
  clock_.now_ms = order.hold_expires_ms - 1;
  EXPECT_EQ(*store_->CancelExpired(), 0);
  clock_.now_ms = order.hold_expires_ms;
  EXPECT_EQ(*store_->CancelExpired(), 1);
  EXPECT_EQ(*store_->CancelExpired(), 0);
  EXPECT_EQ(Counts("kopi"), "1/0");
  // The result stays what it was: an id has one answer.
  EXPECT_EQ(Get(1, 1)->state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(store_->Pay(order.order_id)->result.payment, Payment::kCancelled);
  TestOrder next(2, 1, "kopi");
  next.deadline_ms = order.hold_expires_ms + 1;
  EXPECT_EQ(Place(next).state, OrderResult::STATE_ORDERED);
  Reopen();
  EXPECT_EQ(Counts("kopi"), "0/1");
}

TEST_F(StoreTest, APaidOrderIsKeptAndHasAnInvoice) {
  Load({MakeOffer("kopi", 1)});
  const Result order = Place(TestOrder(1, 1, "kopi"));
  EXPECT_EQ(Get(1, 1)->invoice_url, "");
  const auto paid = store_->Pay(order.order_id);
  ASSERT_TRUE(paid.ok());
  EXPECT_EQ(paid->result.payment, Payment::kPaid);
  EXPECT_EQ(paid->paid_ms, kNowMs);
  EXPECT_TRUE(paid->result.invoice_url.starts_with("http://127.0.0.1:1/invoice/T-0000000001?k="));
  clock_.now_ms = order.hold_expires_ms + 1;
  EXPECT_EQ(*store_->CancelExpired(), 0);
  EXPECT_EQ(store_->Pay(order.order_id)->paid_ms, kNowMs);
  EXPECT_EQ(Get(1, 1)->invoice_url, paid->result.invoice_url);
  EXPECT_EQ(Counts("kopi"), "0/1");
}

TEST_F(StoreTest, AnUnpaidOrderLookedAtTooLateIsCancelledOnTheSpot) {
  Load({MakeOffer("kopi", 1)});
  const Result order = Place(TestOrder(1, 1, "kopi"));
  EXPECT_EQ(store_->View(order.order_id)->result.payment, Payment::kUnpaid);
  clock_.now_ms = order.hold_expires_ms;
  EXPECT_EQ(store_->View(order.order_id)->result.payment, Payment::kCancelled);
  EXPECT_EQ(Counts("kopi"), "1/0");
}

TEST_F(StoreTest, OnlyOrdersAreOrders) {
  EXPECT_EQ(Place(TestOrder(1, 1, "kopi")).seq, 1);
  for (const char* order_id : {"T-0000000001", "T-0000000002", "T-1", "T-00000000001", "", "T-",
                               "X-0000000001", "T-99999999999999999999"}) {
    EXPECT_TRUE(absl::IsNotFound(store_->View(order_id).status())) << order_id;
  }
}

TEST_F(StoreTest, LoadingAgainSetsWhatIsLeftAndKeepsWhatWasSold) {
  Load({MakeOffer("kopi", 3), MakeOffer("teh", 1)});
  Place(TestOrder(1, 1, "kopi"));
  Offer changed = MakeOffer("kopi", 50);
  changed.price.amount_minor = 3'000'000;
  const auto loaded = store_->LoadOffers({changed, MakeOffer("susu", 1)});
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->inserted, 1u);
  EXPECT_EQ(loaded->replaced, 1u);
  EXPECT_EQ(Counts("kopi"), "50/1");
  EXPECT_EQ(Place(TestOrder(2, 2, "kopi")).reason, orders::v1::REASON_PRICE_CHANGED);
  Reopen();
  EXPECT_EQ(Counts("kopi"), "50/1");
  EXPECT_EQ(store_->feed().Find("kopi")->initial_stock, 51);
}

TEST_F(StoreTest, WhatIsKnownOfGoodsIsSignedAndKept) {
  signer_ = std::make_shared<const ledger::NoteSigner>(*ledger::NoteSigner::Generate("tokopedia"));
  Reopen();
  Offer kopi = MakeOffer("kopi", 3);
  kopi.attested = std::make_shared<const Attested>(
      Attested{{.origin_country = "ID", .seller_licence = "NIB 1", .local = true}, 0, {}});
  Load({kopi, MakeOffer("teh", 1)});
  const std::string note = NoteOf("kopi");
  EXPECT_EQ(TextOf("kopi"),
            "jembatan goods 1\nmarketplace tokopedia\noffer kopi\nissued 1780000000000\n"
            "seller seller-1\norigin ID\nseller-licence NIB 1\nlocal yes\n");
  EXPECT_EQ(TextOf("teh"),
            "jembatan goods 1\nmarketplace tokopedia\noffer teh\nissued 1780000000000\n"
            "seller seller-1\n");
  Place(TestOrder(1, 1, "kopi"));
  EXPECT_EQ(NoteOf("kopi"), note) << "an order changes nothing about the goods";
  kopi.stock = 50;
  Load({kopi});
  EXPECT_EQ(NoteOf("kopi"), note) << "nor does more stock";
  Reopen();
  EXPECT_EQ(NoteOf("kopi"), note);
  // The clock stands still: what is attested later says so all the same.
  Load({MakeOffer("kopi", 50)});
  EXPECT_EQ(TextOf("kopi"),
            "jembatan goods 1\nmarketplace tokopedia\noffer kopi\nissued 1780000000001\n"
            "seller seller-1\n");
}

TEST_F(StoreTest, AnotherKeySignsEverythingAnew) {
  Load({MakeOffer("kopi", 3)});
  EXPECT_EQ(NoteOf("kopi"), "") << "nobody signs";
  for (int i = 1; i <= 2; ++i) {
    signer_ =
        std::make_shared<const ledger::NoteSigner>(*ledger::NoteSigner::Generate("tokopedia"));
    Reopen();
    EXPECT_EQ(TextOf("kopi"),
              "jembatan goods 1\nmarketplace tokopedia\noffer kopi\nissued 178000000000" +
                  std::to_string(i) + "\nseller seller-1\n");
  }
  const std::string note = NoteOf("kopi");
  signer_ = nullptr;
  Reopen();
  EXPECT_EQ(NoteOf("kopi"), note) << "what was signed stays";
}

TEST_F(StoreTest, GoodsThatCannotBeAttestedAreRefused) {
  Offer kopi = MakeOffer("kopi", 3);
  kopi.attested =
      std::make_shared<const Attested>(Attested{{.origin_country = "Indonesia"}, 0, {}});
  EXPECT_EQ(base::ToString(store_->LoadOffers({MakeOffer("teh", 1), kopi}).status()),
            "INVALID_ARGUMENT: offer kopi: its goods: line 6: not a origin");
  EXPECT_EQ(Counts("teh"), "none");
}

TEST_F(StoreTest, ALoadWithOneBadOfferLoadsNone) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      store_->LoadOffers({MakeOffer("kopi", 3), MakeOffer("te h", 1)}).status()));
  EXPECT_EQ(Counts("kopi"), "none");
}

TEST_F(StoreTest, AFullDiskDecidesNothingAndIsForgottenOnceThereIsRoom) {
  store_.reset();
  StoreOptions small = file_.options();
  small.max_pages = 40;
  auto opened = Store::Open(small, clock_.get());
  ASSERT_TRUE(opened.ok()) << base::ToString(opened.status());
  store_ = *std::move(opened);
  Load({MakeOffer("kopi", 1'000'000)});
  uint64_t answered = 0;
  absl::Status status;
  while (status.ok() && answered < 10'000) {
    const TestOrder order(answered + 1, answered + 1, "kopi");
    const Order view = order.view();
    status = store_->Place(Token(1), {&view, 1}).status();
    if (status.ok()) ++answered;
  }
  EXPECT_TRUE(absl::IsAborted(status)) << base::ToString(status);
  EXPECT_TRUE(store_->health().ok());
  EXPECT_GT(answered, 0u);
  const std::string sold = std::to_string(answered);
  EXPECT_EQ(Counts("kopi"), std::to_string(1'000'000 - answered) + "/" + sold);
  Reopen();
  EXPECT_TRUE(Get(answered, answered).has_value());
  EXPECT_FALSE(Get(answered + 1, answered + 1).has_value());
  const Result next = Place(TestOrder(answered + 1, answered + 1, "kopi"));
  EXPECT_EQ(next.state, OrderResult::STATE_ORDERED);
  EXPECT_EQ(next.seq, static_cast<int64_t>(answered) + 1);
}

// The child answers through a pipe what it has placed, until it is killed in the middle of it.
TEST_F(StoreTest, WhatWasAnsweredSurvivesKillMinusNine) {
  Load({MakeOffer("kopi", 1'000'000)});
  store_.reset();
  int answers[2];
  ASSERT_EQ(pipe(answers), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto store = Store::Open(file_.options(), clock_.get());
    if (!store.ok()) _exit(1);
    for (uint64_t i = 1;; ++i) {
      const TestOrder order(i, i, "kopi");
      const Order view = order.view();
      const auto placed = (*store)->Place(Token(1), {&view, 1});
      if (!placed.ok() || placed->results[0].state != OrderResult::STATE_ORDERED) _exit(2);
      if (write(answers[1], &i, sizeof i) != sizeof i) _exit(3);
    }
  }
  close(answers[1]);
  uint64_t last = 0;
  uint64_t answer = 0;
  while (last < 200 && read(answers[0], &answer, sizeof answer) == sizeof answer) last = answer;
  kill(child, SIGKILL);
  while (read(answers[0], &answer, sizeof answer) == sizeof answer) last = answer;
  close(answers[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  Open();
  ASSERT_GE(last, 200u);
  for (uint64_t i = 1; i <= last; ++i) {
    const std::optional<Result> result = Get(i, i);
    ASSERT_TRUE(result.has_value()) << i;
    EXPECT_EQ(result->state, OrderResult::STATE_ORDERED);
  }
  // One more may have been committed and not yet answered; counts agree with the rows either way.
  const int64_t sold = store_->feed().Find("kopi")->sold;
  EXPECT_EQ(sold, static_cast<int64_t>(last) + (Get(last + 1, last + 1).has_value() ? 1 : 0));
}

class StoreFileTest : public StoreTest {
 protected:
  void SetUp() override {}
  std::string OpenError() {
    const auto store = Store::Open(file_.options(), clock_.get());
    return base::ToString(store.status());
  }
  void Sql(const std::string& sql) {
    auto database = sqlite::Database::Open(file_.path());
    ASSERT_TRUE(database.ok());
    const absl::Status status = database->Execute(sql.c_str());
    ASSERT_TRUE(status.ok()) << base::ToString(status);
  }
};

TEST_F(StoreFileTest, ASecondOwnerIsRefused) {
  Open();
  EXPECT_EQ(OpenError(), "FAILED_PRECONDITION: " + file_.path() + " is in use by another process");
  store_.reset();
  EXPECT_TRUE(Store::Open(file_.options(), clock_.get()).ok());
}

TEST_F(StoreFileTest, AFileThatIsNoDatabaseIsRefusedAndLeftAlone) {
  std::ofstream(file_.path()) << std::string(8'192, 'x');
  EXPECT_EQ(OpenError(),
            "FAILED_PRECONDITION: " + file_.path() + ": sqlite: file is not a database");
  EXPECT_EQ(std::filesystem::file_size(file_.path()), 8'192u);
}

TEST_F(StoreFileTest, ADatabaseOfAnotherProgramIsRefused) {
  Sql("CREATE TABLE notes(text TEXT)");
  EXPECT_EQ(OpenError(),
            "FAILED_PRECONDITION: " + file_.path() + " is not a database of the marketplace");
}

TEST_F(StoreFileTest, AnotherSchemaVersionIsRefused) {
  Open();
  store_.reset();
  Sql("PRAGMA user_version = 2");
  EXPECT_EQ(OpenError(),
            "FAILED_PRECONDITION: " + file_.path() + " has schema version 2; this program knows 1");
}

TEST_F(StoreFileTest, ADamagedDatabaseIsRefused) {
  Open();
  Load({MakeOffer("kopi", 1'000)});
  for (uint64_t i = 1; i <= 200; ++i) Place(TestOrder(i, i, "kopi"));
  store_.reset();
  std::fstream file(file_.path(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  file.seekp(4'096);
  file << std::string(static_cast<size_t>(size) - 4'096, '\x5a');
  file.close();
  const std::string error = OpenError();
  EXPECT_TRUE(error.starts_with("FAILED_PRECONDITION: " + file_.path())) << error;
}

TEST_F(StoreFileTest, APathThatCannotBeWrittenIsRefused) {
  StoreOptions options = file_.options();
  options.database = file_.path() + "/none/market.db";
  const auto store = Store::Open(options, clock_.get());
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status())) << base::ToString(store.status());
}

}  // namespace
}  // namespace jembatan::marketplace
