#pragma once

// Random messages of the intake contract for property tests, every field sometimes set, texts full
// of what JSON must escape. The seed makes a run repeatable. Tests only; one thread.

#include <cstdint>
#include <random>
#include <string>

#include "jembatan/intake/v1/intake.pb.h"

namespace jembatan::intent::testing {

class RandomMessages {
 public:
  explicit RandomMessages(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  bool Sometimes() { return Below(3) != 0; }

  std::string Text(size_t pieces) {
    static const char* const kPieces[] = {"a",
                                          "Z",
                                          "7",
                                          " ",
                                          "-",
                                          "\"",
                                          "\\",
                                          "/",
                                          "\n",
                                          "\t",
                                          "\x01",
                                          "\x1f",
                                          "<",
                                          "\x7f",
                                          "\xc3\xa9",
                                          "\xe2\x80\xa8",
                                          "\xed\x9f\xbf",
                                          "\xee\x80\x80",
                                          "\xf0\x9f\x9b\x92",
                                          "\xf4\x8f\xbf\xbf",
                                          "kue",
                                          "lapis"};
    std::string text;
    for (size_t count = Below(pieces + 1); count > 0; --count) {
      text += kPieces[Below(std::size(kPieces))];
      if (Below(50) == 0) text.push_back('\0');
    }
    return text;
  }
  std::string Bytes(size_t most) {
    std::string bytes(Below(most + 1), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }
  // Of every magnitude, both signs.
  int64_t Wide() {
    auto number = static_cast<int64_t>(random_() >> Below(64));
    return Below(2) == 0 ? number : -number;
  }
  uint32_t Number() { return static_cast<uint32_t>(random_() >> (32 + Below(32))); }

  void Fill(google::protobuf::Timestamp* time) {
    time->set_seconds(static_cast<int64_t>(Below(253'402'300'800 + 62'135'596'800)) -
                      62'135'596'800);
    constexpr int kUnits[] = {1, 1'000, 1'000'000, 1'000'000'000};
    int unit = kUnits[Below(4)];
    time->set_nanos(static_cast<int>(Below(1'000'000'000)) / unit * unit);
  }
  void Fill(intake::v1::Money* money) {
    if (Sometimes()) money->set_currency(Sometimes() ? "IDR" : Text(3));
    if (Sometimes()) money->set_amount_minor(Wide());
  }
  void Fill(intake::v1::Intent* intent) {
    if (Sometimes()) intent->set_intent_id(Text(8));
    if (Sometimes()) intent->set_offer_id(Text(8));
    if (Sometimes()) intent->set_quantity(Number());
    if (Sometimes()) Fill(intent->mutable_price_seen());
    if (Sometimes()) intent->set_price_version(Text(8));
    if (Sometimes()) intent->set_room_id(Text(8));
    if (Sometimes()) intent->set_stream_position_ms(Wide());
    if (Sometimes()) intent->set_campaign_id(Text(8));
    if (Sometimes()) intent->set_attribution(Text(20));
    if (Sometimes()) intent->set_voucher_ref(Text(8));
    if (Sometimes()) Fill(intent->mutable_client_time());
  }
  void Fill(intake::v1::ClientFrame* frame) {
    for (uint64_t i = Below(4); i > 0; --i) Fill(frame->add_intents());
    for (uint64_t i = Below(3); i > 0; --i) frame->add_watch_intent_ids(Text(8));
    for (uint64_t i = Below(3); i > 0; --i) frame->add_watch_room_ids(Text(8));
  }
  void Fill(intake::v1::SubmitIntentRequest* request) {
    if (Sometimes()) Fill(request->mutable_intent());
  }
  void Fill(intake::v1::GetOutcomesRequest* request) {
    for (uint64_t i = Below(5); i > 0; --i) {
      auto* query = request->add_queries();
      if (Sometimes()) query->set_intent_id(Text(8));
      if (Sometimes()) query->set_offer_id(Text(8));
    }
  }

  intake::v1::Reason Reason() {
    const auto* type = intake::v1::Reason_descriptor();
    int row = static_cast<int>(Below(static_cast<uint64_t>(type->value_count())));
    return static_cast<intake::v1::Reason>(Below(10) == 0 ? 9999 : type->value(row)->number());
  }
  void Fill(intake::v1::Receipt* receipt) {
    if (Sometimes()) receipt->set_intent_id(Text(8));
    receipt->set_status(static_cast<intake::v1::Receipt::Status>(Below(5)));
    if (Sometimes()) receipt->set_reason(Reason());
    if (Sometimes()) receipt->set_retry_after_ms(Number());
    if (Sometimes()) receipt->set_message(Text(20));
    if (Sometimes()) receipt->set_partition(static_cast<int32_t>(Number()));
    if (Sometimes()) receipt->set_offset(Wide());
    if (Sometimes()) receipt->set_replayed(Sometimes());
    if (Sometimes()) receipt->set_index(Number());
  }
  void Fill(intake::v1::Outcome* outcome) {
    if (Sometimes()) outcome->set_intent_id(Text(8));
    outcome->set_state(static_cast<intake::v1::Outcome::State>(Below(7)));
    if (Sometimes()) outcome->set_fingerprint(Bytes(33));
    if (Sometimes()) outcome->set_reason(Reason());
    if (Sometimes()) outcome->set_message(Text(20));
    if (Sometimes()) outcome->set_order_id(Text(8));
    if (Sometimes()) outcome->set_continue_url(Text(20));
    if (Sometimes()) outcome->set_invoice_url(Text(20));
    if (Sometimes()) Fill(outcome->mutable_price());
    if (Sometimes()) Fill(outcome->mutable_hold_expires_at());
    if (Sometimes()) outcome->set_offer_id(Text(8));
    outcome->set_order_state(static_cast<intake::v1::Outcome::OrderState>(Below(5)));
    if (Sometimes()) Fill(outcome->mutable_order_state_at());
  }
  void Fill(intake::v1::OfferHint* offer) {
    if (Sometimes()) offer->set_offer_id(Text(8));
    offer->set_stock(static_cast<intake::v1::OfferHint::Stock>(Below(6)));
    if (Sometimes()) Fill(offer->mutable_price());
    if (Sometimes()) offer->set_price_version(Text(8));
    if (Sometimes()) offer->set_title(Text(20));
    if (Sometimes()) offer->set_sold(static_cast<uint64_t>(Wide()));
    if (Sometimes()) Fill(offer->mutable_sale_starts_at());
    if (Sometimes()) Fill(offer->mutable_sale_ends_at());
    if (Sometimes()) offer->set_local(Sometimes());
    if (Sometimes()) offer->set_room_id(Text(8));
    if (Sometimes()) Fill(offer->mutable_pinned_at());
    if (Sometimes()) offer->set_unpinned(Sometimes());
  }
  void Fill(intake::v1::RoomHint* room) {
    if (Sometimes()) room->set_room_id(Text(8));
    room->set_state(static_cast<intake::v1::RoomHint::State>(Below(5)));
  }
  void Fill(intake::v1::ServerFrame* frame) {
    for (uint64_t i = Below(4); i > 0; --i) Fill(frame->add_receipts());
    for (uint64_t i = Below(4); i > 0; --i) Fill(frame->add_outcomes());
    for (uint64_t i = Below(4); i > 0; --i) Fill(frame->add_offers());
    if (Sometimes()) frame->mutable_drain()->set_reconnect_after_ms(Number());
    if (Sometimes()) Fill(frame->mutable_server_time());
    if (Sometimes()) frame->set_error(Reason());
    if (Sometimes()) frame->set_error_message(Text(20));
    for (uint64_t i = Below(3); i > 0; --i) Fill(frame->add_rooms());
  }
  void Fill(intake::v1::SubmitIntentResponse* response) {
    if (Sometimes()) Fill(response->mutable_receipt());
  }
  void Fill(intake::v1::GetOutcomesResponse* response) {
    for (uint64_t i = Below(5); i > 0; --i) {
      auto* answer = response->add_answers();
      if (Sometimes()) answer->set_intent_id(Text(8));
      answer->set_verdict(static_cast<intake::v1::GetOutcomesResponse::Verdict>(Below(6)));
      if (Sometimes()) Fill(answer->mutable_outcome());
      if (Sometimes()) answer->set_reason(Reason());
    }
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace jembatan::intent::testing
