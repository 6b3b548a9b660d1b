#include "services/bridge/goods.h"

#include "gtest/gtest.h"

#include "services/bridge/limits.h"

namespace jembatan::bridge {
namespace {

TEST(GoodsBook, WhatANewReadingDoesNotRepeatIsForgottenAtItsEnd) {
  GoodsBook book;
  const policy::Goods lama{.origin_country = "ID"};
  const policy::Goods baru{.origin_country = "CN"};
  book.Begin();
  book.Tell("a", &lama);
  EXPECT_FALSE(book.complete());
  book.Complete();
  book.Tell("b", &lama);
  book.Begin();
  book.Tell("b", &baru);
  // Interrupted: nothing is known better than before.
  ASSERT_NE(book.Find("a"), nullptr);
  EXPECT_EQ(*book.Find("a"), lama);
  book.Begin();
  book.Tell("b", &baru);
  book.Complete();
  EXPECT_TRUE(book.complete());
  EXPECT_EQ(book.Find("a"), nullptr);
  ASSERT_NE(book.Find("b"), nullptr);
  EXPECT_EQ(*book.Find("b"), baru);
}

TEST(GoodsBook, AnAttestationCanBeWithdrawn) {
  GoodsBook book;
  const policy::Goods goods{.origin_country = "ID"};
  book.Tell("a", &goods);
  book.Tell("a", nullptr);
  EXPECT_EQ(book.Find("a"), nullptr);
}

TEST(GoodsBook, IsBoundedAndStillChangesWhatItHolds) {
  GoodsBook book;
  policy::Goods goods{.origin_country = "ID"};
  for (size_t i = 0; i < kGoodsMax; ++i) book.Tell(std::to_string(i), &goods);
  book.Tell("one more", &goods);
  EXPECT_EQ(book.size(), kGoodsMax);
  EXPECT_EQ(book.left_out(), 1u);
  EXPECT_EQ(book.Find("one more"), nullptr);
  goods.origin_country = "CN";
  book.Tell("7", &goods);
  EXPECT_EQ(book.Find("7")->origin_country, "CN");
}

}  // namespace
}  // namespace jembatan::bridge
