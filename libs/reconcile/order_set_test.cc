#include "libs/reconcile/order_set.h"

#include <algorithm>
#include <random>
#include <set>

#include "gtest/gtest.h"

#include "libs/base/text.h"

namespace jembatan::reconcile {
namespace {

constexpr int64_t kNow = 1'790'000'000'000;

std::vector<Commitment> Commitments(size_t count) {
  ledger::Hasher hasher;
  std::vector<Commitment> all;
  for (size_t i = 0; i < count; ++i) {
    const std::string buyer(32, static_cast<char>('A' + i % 20));
    const std::string number = "T-" + std::to_string(i);
    all.push_back(CommitmentOf(
        hasher, {base::Uuid::MakeV7(kNow, 1, i), buyer, std::string(32, 'f'), number}));
  }
  return all;
}

OrderSet SetOf(const std::vector<Commitment>& commitments) {
  OrderSet set;
  for (const Commitment& one : commitments) set.Add(one);
  return set;
}

TEST(OrderSet, DigestDependsOnNeitherOrderNorRepetition) {
  std::vector<Commitment> all = Commitments(200);
  const Digest digest = SetOf(all).DigestOf("");
  EXPECT_EQ(digest.orders, 200u);
  std::shuffle(all.begin(), all.end(), std::mt19937(1));
  all.push_back(all.front());
  EXPECT_EQ(SetOf(all).DigestOf(""), digest);
}

TEST(OrderSet, EveryPartOfAnOrderCounts) {
  ledger::Hasher hasher;
  const std::string a(32, 'a');
  const std::string b(32, 'b');
  const base::Uuid id = base::Uuid::MakeV7(kNow, 1, 1);
  const std::set<Commitment> different = {
      CommitmentOf(hasher, {id, a, a, "1"}), CommitmentOf(hasher, {id, b, a, "1"}),
      CommitmentOf(hasher, {id, a, b, "1"}), CommitmentOf(hasher, {id, a, a, "2"}),
      CommitmentOf(hasher, {base::Uuid::MakeV7(kNow, 1, 2), a, a, "1"})};
  EXPECT_EQ(different.size(), 5u);
  // The intent's own does not know the order's number.
  EXPECT_EQ(CommitmentOf(hasher, {id, a, a, "1"}).intent,
            CommitmentOf(hasher, {id, a, a, "2"}).intent);
}

TEST(OrderSet, OneMissingChangesTheDigestOfItsPrefixesOnly) {
  const std::vector<Commitment> all = Commitments(500);
  const std::string text = base::Hex(ledger::BytesOf(all[7].order));
  OrderSet whole = SetOf(all);
  OrderSet less = SetOf({all.begin() + 8, all.end()});
  for (size_t i = 0; i < 7; ++i) less.Add(all[i]);
  for (const char digit : std::string("0123456789abcdef")) {
    const std::string prefix(1, digit);
    EXPECT_EQ(whole.DigestOf(prefix) == less.DigestOf(prefix), digit != text[0]) << digit;
  }
  EXPECT_NE(whole.DigestOf(text.substr(0, 3)), less.DigestOf(text.substr(0, 3)));
}

TEST(OrderSet, PrefixesPartTheSet) {
  const std::vector<Commitment> all = Commitments(500);
  OrderSet set = SetOf(all);
  size_t found = 0;
  for (const char a : std::string("0123456789abcdef")) {
    for (const char b : std::string("0123456789abcdef")) {
      const std::string prefix = {a, b};
      for (const Commitment& one : set.WithPrefix(prefix)) {
        EXPECT_TRUE(base::Hex(ledger::BytesOf(one.order)).starts_with(prefix));
        ++found;
      }
    }
  }
  EXPECT_EQ(found, all.size());
  EXPECT_EQ(OrderSet().DigestOf("").orders, 0u);
}

TEST(OrderSet, TheSetWithItsNumberIsHashed) {
  // A commitment moved from one set's end to the next one's begin.
  const std::vector<Commitment> all = Commitments(2);
  EXPECT_NE(SetOf({all[0]}).DigestOf(""), SetOf(all).DigestOf(""));
  EXPECT_NE(OrderSet().DigestOf(""), SetOf({all[0]}).DigestOf(""));
}

TEST(OrderSet, PrefixesAreLowerCaseHexadecimal) {
  for (const char* good : {"", "0", "abcdef0123456789"}) EXPECT_TRUE(IsPrefix(good)) << good;
  for (const char* bad : {"A", "g", " ", "0123456789abcdef0"}) EXPECT_FALSE(IsPrefix(bad)) << bad;
}

}  // namespace
}  // namespace jembatan::reconcile
