// What crosses the border, and what must not.

#include "services/bridge/border.h"

#include <functional>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include <google/protobuf/descriptor.h>

#include "libs/base/testing/plant_unknown_fields.h"
#include "libs/base/timestamp.h"

namespace jembatan::bridge {
namespace {

using crossing::v1::Outcome;
using crossing::v1::PurchaseIntent;
using google::protobuf::FieldDescriptor;
using orders::v1::OrderResult;

Decision Decided(const OrderResult& result, UrlRule* urls) {
  Decision decision;
  ToDecision(result, urls, &decision);
  return decision;
}

// Every field set, each to text that can be found again.
PurchaseIntent FullIntent() {
  PurchaseIntent intent;
  const google::protobuf::Reflection* reflection = intent.GetReflection();
  const google::protobuf::Descriptor* fields = intent.GetDescriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const FieldDescriptor* field = fields->field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection->SetString(&intent, field, "value-of-" + field->name());
    }
  }
  intent.set_quantity(3);
  intent.mutable_price_seen()->set_currency("IDR");
  intent.mutable_price_seen()->set_amount_minor(2'500'000);
  intent.set_consent_given(true);
  base::SetMs(1'800'000'120'000, intent.mutable_deadline());
  return intent;
}

TEST(ToOrder, TheSocialSidesOwnDoesNotCross) {
  orders::v1::Order order;
  ToOrder(FullIntent(), &order);
  std::string bytes = order.SerializeAsString();
  for (const char* name : {"consent_version", "accepted_by", "traceparent", "marketplace_id"}) {
    EXPECT_EQ(bytes.find(std::string("value-of-") + name), std::string::npos) << name << " crossed";
  }
}

// An Order has no field that the intent does not fill, and a new field of either message must be
// thought about here.
TEST(ToOrder, CarriesEverythingElse) {
  const std::set<std::string> stays = {"consent_given", "consent_version", "accepted_by",
                                       "traceparent", "marketplace_id"};
  orders::v1::Order order;
  PurchaseIntent intent = FullIntent();
  ToOrder(intent, &order);
  for (int i = 0; i < intent.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = intent.GetDescriptor()->field(i);
    const FieldDescriptor* crossed = order.GetDescriptor()->FindFieldByName(field->name());
    if (stays.contains(field->name())) {
      EXPECT_EQ(crossed, nullptr) << field->name() << " has a field on the commerce side";
      continue;
    }
    ASSERT_NE(crossed, nullptr) << field->name();
    EXPECT_TRUE(field->is_repeated() || order.GetReflection()->HasField(order, crossed))
        << field->name() << " is not carried";
  }
  EXPECT_EQ(order.GetDescriptor()->field_count(),
            intent.GetDescriptor()->field_count() - static_cast<int>(stays.size()));
  EXPECT_EQ(order.price_seen().amount_minor(), 2'500'000);
  EXPECT_EQ(base::ToMs(order.deadline()), 1'800'000'120'000);
}

TEST(ToOrder, LeavesNothingOfTheOrderBefore) {
  orders::v1::Order order;
  ToOrder(FullIntent(), &order);
  ToOrder(PurchaseIntent(), &order);
  orders::v1::Order fresh;
  ToOrder(PurchaseIntent(), &fresh);
  EXPECT_EQ(order.SerializeAsString(), fresh.SerializeAsString());
}

TEST(ToOrder, FieldsThatNoContractHasDoNotCross) {
  PurchaseIntent intent = FullIntent();
  base::PlantUnknownFields(&intent, "CANARY");
  orders::v1::Order order;
  ToOrder(intent, &order);
  EXPECT_EQ(order.SerializeAsString().find("CANARY"), std::string::npos);
}

struct StateCase {
  int state;
  bool retry;
  bool unclear;
  Outcome::State outcome;
};

TEST(ToDecision, AResultThatCannotBeUnderstoodDecidesNothing) {
  const StateCase cases[] = {
      {OrderResult::STATE_ORDERED, false, false, Outcome::STATE_ORDERED},
      {OrderResult::STATE_HANDED_OFF, false, false, Outcome::STATE_HANDED_OFF},
      {OrderResult::STATE_REJECTED, false, false, Outcome::STATE_REJECTED},
      {OrderResult::STATE_EXPIRED, false, false, Outcome::STATE_EXPIRED},
      {OrderResult::STATE_RETRY, true, false, Outcome::STATE_UNSPECIFIED},
      {OrderResult::STATE_UNSPECIFIED, true, true, Outcome::STATE_UNSPECIFIED},
      {99, true, true, Outcome::STATE_UNSPECIFIED},
  };
  for (const StateCase& c : cases) {
    OrderResult result;
    result.set_index(5);
    result.set_state(static_cast<OrderResult::State>(c.state));
    result.set_retry_after_ms(40);
    UrlRule urls;
    Decision decision = Decided(result, &urls);
    EXPECT_EQ(decision.index, 5u);
    EXPECT_EQ(decision.retry, c.retry) << c.state;
    EXPECT_EQ(decision.unclear, c.unclear) << c.state;
    EXPECT_EQ(decision.retry_after_ms, 40);
    EXPECT_EQ(decision.outcome.state(), c.outcome) << c.state;
  }
}

TEST(ToDecision, CarriesWhatTheBuyerIsTold) {
  OrderResult result;
  result.set_state(OrderResult::STATE_ORDERED);
  result.set_order_id("order-1");
  result.set_continue_url("https://toko.example/pay/1");
  result.set_invoice_url("https://toko.example/invoice/1");
  result.mutable_price()->set_currency("IDR");
  result.mutable_price()->set_amount_minor(100);
  base::SetMs(1'800'000'000'000, result.mutable_hold_expires_at());
  result.set_fingerprint("print");
  result.set_sequence(41);
  UrlRule urls{{"toko.example"}};
  Outcome outcome = Decided(result, &urls).outcome;
  EXPECT_EQ(outcome.order_id(), "order-1");
  EXPECT_EQ(outcome.continue_url(), "https://toko.example/pay/1");
  EXPECT_EQ(outcome.invoice_url(), "https://toko.example/invoice/1");
  EXPECT_EQ(outcome.price().amount_minor(), 100);
  EXPECT_EQ(base::ToMs(outcome.hold_expires_at()), 1'800'000'000'000);
  EXPECT_EQ(outcome.fingerprint(), "print");
  EXPECT_EQ(outcome.sequence(), 41u);
}

TEST(ToDecision, LeavesNothingOfTheResultBefore) {
  OrderResult result;
  result.set_state(OrderResult::STATE_ORDERED);
  result.set_order_id("order-1");
  UrlRule urls;
  Decision decision;
  ToDecision(result, &urls, &decision);
  result.Clear();
  result.set_state(OrderResult::STATE_RETRY);
  ToDecision(result, &urls, &decision);
  EXPECT_TRUE(decision.retry);
  EXPECT_EQ(decision.outcome.SerializeAsString(), "");
}

TEST(ToDecision, FieldsThatNoContractHasDoNotComeBackAndAreCounted) {
  orders::v1::PlaceOrdersResponse response;
  response.add_results()->set_state(OrderResult::STATE_ORDERED);
  response.add_results()->set_state(OrderResult::STATE_REJECTED);
  EXPECT_EQ(UnknownFieldsIn(response), 0u);
  const uint64_t planted = base::PlantUnknownFields(&response, "CANARY");
  EXPECT_EQ(UnknownFieldsIn(response), planted);
  for (const OrderResult& result : response.results()) {
    UrlRule urls;
    EXPECT_EQ(Decided(result, &urls).outcome.SerializeAsString().find("CANARY"), std::string::npos);
  }
}

TEST(ToFinding, FieldsThatNoContractHasDoNotComeBackAndAreCounted) {
  orders::v1::GetOrdersResponse response;
  const uint64_t planted = base::PlantUnknownFields(&response, "CANARY");
  EXPECT_EQ(UnknownFieldsIn(response), planted);
  response.mutable_answers(0)->set_found(true);
  response.mutable_answers(0)->mutable_result()->set_state(OrderResult::STATE_ORDERED);
  UrlRule urls;
  const Finding finding = ToFinding(response.answers(0), &urls);
  EXPECT_EQ(finding.outcome.SerializeAsString().find("CANARY"), std::string::npos);

  orders::v1::FenceResponse fence;
  EXPECT_EQ(UnknownFieldsIn(fence), 0u);
  base::PlantUnknownFields(&fence, "CANARY");
  EXPECT_EQ(UnknownFieldsIn(fence), 1u);
}

orders::v1::OrderState FullState() {
  orders::v1::OrderState state;
  state.set_intent_id("01977f3e-7a00-7abc-8def-0123456789ab");
  state.set_buyer_ref(std::string(32, 'b'));
  state.set_state(orders::v1::OrderState::STATE_PAID);
  base::SetMs(1'111, state.mutable_changed_at());
  return state;
}

TEST(ToOrderStateRecord, TellsWhoseOrderFaresHow) {
  orders::v1::OrderState state = FullState();
  const uint64_t planted = base::PlantUnknownFields(&state, "CANARY");
  crossing::v1::OrderStateRecord record;
  record.set_intent_id("what was there before");
  ASSERT_TRUE(ToOrderStateRecord(state, "toko", &record));
  EXPECT_EQ(record.intent_id(), state.intent_id());
  EXPECT_EQ(record.buyer_ref(), state.buyer_ref());
  EXPECT_EQ(record.state(), crossing::v1::OrderStateRecord::STATE_PAID);
  EXPECT_EQ(base::ToMs(record.changed_at()), 1'111);
  EXPECT_EQ(record.marketplace_id(), "toko");
  EXPECT_EQ(record.SerializeAsString().find("CANARY"), std::string::npos);
  orders::v1::WatchOrderStatesResponse response;
  *response.add_states() = state;
  EXPECT_EQ(UnknownFieldsIn(response), planted);
}

TEST(ToOrderStateRecord, WhatNobodyUnderstandsIsToldNobody) {
  using State = orders::v1::OrderState;
  crossing::v1::OrderStateRecord record;
  const std::function<void(State&)> spoils[] = {
      [](State& state) { state.set_state(State::STATE_UNSPECIFIED); },
      [](State& state) { state.set_state(static_cast<State::State>(99)); },
      [](State& state) { state.set_intent_id("1"); },
      [](State& state) { state.set_buyer_ref("b"); },
      [](State& state) { state.clear_changed_at(); },
  };
  for (const auto& spoil : spoils) {
    State state = FullState();
    spoil(state);
    EXPECT_FALSE(ToOrderStateRecord(state, "toko", &record)) << state.DebugString();
  }
}

TEST(ToDecision, AReasonOfANewerMarketplaceIsLeftOut) {
  OrderResult result;
  result.set_state(OrderResult::STATE_REJECTED);
  result.set_reason(static_cast<orders::v1::Reason>(9'999));
  UrlRule urls;
  EXPECT_EQ(Decided(result, &urls).outcome.reason(), crossing::v1::REASON_UNSPECIFIED);
}

struct UrlCase {
  const char* url;
  bool passes;
};

TEST(Urls, NameOnlyRegisteredHosts) {
  const UrlCase cases[] = {
      {"https://toko.example/pay?x=1", true},
      {"http://toko.example:8080/pay", true},
      {"https://toko.example", true},
      {"https://toko.example#a", true},
      {"https://TOKO.example/", false},
      {"https://toko.example.evil.example/", false},
      {"https://toko.example@evil.example/", false},
      {"https://user@toko.example/", false},
      {"https://toko.example:81/", false},
      {"javascript:alert(1)", false},
      {"//toko.example/", false},
      {"toko.example/pay", false},
      {"https:///toko.example/", false},
      {" https://toko.example/", false},
  };
  for (const UrlCase& c : cases) {
    OrderResult result;
    result.set_state(OrderResult::STATE_ORDERED);
    result.set_continue_url(c.url);
    UrlRule urls{{"toko.example", "toko.example:8080"}};
    Decision decision = Decided(result, &urls);
    EXPECT_EQ(decision.outcome.continue_url(), c.passes ? c.url : "") << c.url;
    EXPECT_EQ(urls.dropped, c.passes ? 0u : 1u) << c.url;
  }
}

TEST(Urls, WithoutARegisterAnyWebAddressPasses) {
  OrderResult result;
  result.set_state(OrderResult::STATE_ORDERED);
  result.set_continue_url("http://127.0.0.1:8180/o/1");
  result.set_invoice_url("ftp://127.0.0.1/");
  UrlRule urls;
  Outcome outcome = Decided(result, &urls).outcome;
  EXPECT_EQ(outcome.continue_url(), result.continue_url());
  EXPECT_EQ(outcome.invoice_url(), "");
}

TEST(ToFinding, NotFoundSaysNothing) {
  orders::v1::GetOrdersResponse::Answer answer;
  answer.mutable_result()->set_state(OrderResult::STATE_ORDERED);
  UrlRule urls;
  EXPECT_FALSE(ToFinding(answer, &urls).found);
  answer.set_found(true);
  Finding finding = ToFinding(answer, &urls);
  EXPECT_TRUE(finding.found);
  EXPECT_FALSE(finding.unclear);
  EXPECT_EQ(finding.outcome.state(), Outcome::STATE_ORDERED);
}

TEST(ToFinding, AStateOfANewerMarketplaceIsUnclear) {
  for (int state : {0, static_cast<int>(OrderResult::STATE_RETRY), 99}) {
    orders::v1::GetOrdersResponse::Answer answer;
    answer.set_found(true);
    answer.mutable_result()->set_state(static_cast<OrderResult::State>(state));
    answer.mutable_result()->set_order_id("order-1");
    UrlRule urls;
    Finding finding = ToFinding(answer, &urls);
    EXPECT_TRUE(finding.found && finding.unclear) << state;
    EXPECT_EQ(finding.outcome.SerializeAsString(), "") << state;
  }
}

TEST(ToOfferRecord, CarriesWhatMayBeToldAndNoMore) {
  orders::v1::Offer offer;
  offer.set_offer_id("kopi");
  offer.set_title("Kopi Gayo");
  offer.set_seller_id("toko-1");
  offer.mutable_price()->set_currency("IDR");
  offer.mutable_price()->set_amount_minor(250);
  offer.set_price_version("v1");
  offer.set_stock(777'777);
  offer.set_buyer_limit(888'888);
  offer.set_total_limit(999'999);
  offer.set_sold(3);
  offer.set_attestation("note");
  base::SetMs(1'111, offer.mutable_sale_starts_at());
  base::SetMs(2'222, offer.mutable_sale_ends_at());
  const uint64_t planted = base::PlantUnknownFields(&offer, "unknown");
  crossing::v1::Offer record;
  record.set_title("what was there before");
  ToOfferRecord(offer, "toko", &record);
  EXPECT_EQ(record.ShortDebugString(),
            "offer_id: \"kopi\" marketplace_id: \"toko\" seller_id: \"toko-1\" "
            "title: \"Kopi Gayo\" price { currency: \"IDR\" amount_minor: 250 } "
            "price_version: \"v1\" stock: STOCK_OPEN sold: 3 "
            "sale_starts_at { seconds: 1 nanos: 111000000 } "
            "sale_ends_at { seconds: 2 nanos: 222000000 } attestation: \"note\"");
  orders::v1::WatchOffersResponse response;
  *response.add_offers() = offer;
  EXPECT_EQ(UnknownFieldsIn(response), planted);
}

TEST(ToOfferRecord, HowMuchIsLeftBecomesAWord) {
  using Stock = crossing::v1::Offer;
  const struct {
    uint64_t stock;
    uint64_t sold;
    uint64_t total_limit;
    Stock::Stock told;
  } cases[] = {
      {1'000, 0, 0, Stock::STOCK_OPEN},
      {11, 0, 0, Stock::STOCK_OPEN},
      {10, 0, 0, Stock::STOCK_LOW},
      {1, 0, 0, Stock::STOCK_LOW},
      {0, 5, 0, Stock::STOCK_SOLD_OUT},
      {100, 901, 0, Stock::STOCK_OPEN},
      {99, 911, 0, Stock::STOCK_LOW},
      {1'000, 50, 100, Stock::STOCK_OPEN},
      {1'000, 95, 100, Stock::STOCK_LOW},
      {1'000, 100, 100, Stock::STOCK_SOLD_OUT},
      {1'000, 200, 100, Stock::STOCK_SOLD_OUT},
  };
  for (const auto& c : cases) {
    orders::v1::Offer offer;
    offer.set_stock(c.stock);
    offer.set_sold(c.sold);
    offer.set_total_limit(c.total_limit);
    crossing::v1::Offer record;
    ToOfferRecord(offer, "toko", &record);
    EXPECT_EQ(record.stock(), c.told) << c.stock << " " << c.sold << " " << c.total_limit;
  }
}

}  // namespace
}  // namespace jembatan::bridge
