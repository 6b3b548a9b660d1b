#include "services/gateway/testing/malformed.h"

#include <cstdint>

#include "libs/base/clock.h"
#include "libs/base/ids.h"

namespace jembatan::gateway::testing {
namespace {

using intake::v1::Intent;

std::string IdOf(int64_t from_now_ms) {
  return base::Uuid::MakeV7(base::WallMs() + from_now_ms, 11, 12).ToString();
}

// What is wrong, as JSON members of an intent that has everything else.
std::vector<BadJson> BadMembers() {
  return {
      {"wrong type", R"("quantity":true)"},
      {"fraction", R"("quantity":1.5)"},
      {"over 32 bits", R"("quantity":4294967296)"},
      {"NaN", R"("stream_position_ms":NaN)"},
      {"over 64 bits", R"("stream_position_ms":"9223372036854775808")"},
      {"unknown key", R"("viewer_id":"somebody")"},
      {"duplicate key", R"("room_id":"a","room_id":"b")"},
      {"object for text", R"("room_id":{})"},
      {"deep nesting", "\"room_id\":" + std::string(64, '[') + std::string(64, ']')},
      {"lone surrogate", R"("room_id":"\ud800")"},
  };
}

}  // namespace

std::vector<BadIntent> BadIntents() {
  using enum intake::v1::Reason;
  return {
      {"no id", [](Intent& i) { i.clear_intent_id(); }, REASON_ID_INVALID},
      {"upper-case id", [](Intent& i) { i.mutable_intent_id()->at(14) = 'A'; }, REASON_ID_INVALID},
      {"not version 7", [](Intent& i) { i.set_intent_id("f47ac10b-58cc-4372-a567-0e02b2c3d479"); },
       REASON_ID_INVALID},
      {"long id", [](Intent& i) { i.set_intent_id(std::string(300, '0')); }, REASON_ID_INVALID},
      {"from the future", [](Intent& i) { i.set_intent_id(IdOf(60'000)); }, REASON_CLOCK_SKEW},
      {"from the past", [](Intent& i) { i.set_intent_id(IdOf(-121'000)); }, REASON_DEADLINE_PASSED},
      {"no offer", [](Intent& i) { i.clear_offer_id(); }, REASON_MALFORMED},
      {"long offer", [](Intent& i) { i.set_offer_id(std::string(65, 'o')); }, REASON_TOO_LARGE},
      {"blank in offer", [](Intent& i) { i.set_offer_id("of fer"); }, REASON_MALFORMED},
      {"no quantity", [](Intent& i) { i.clear_quantity(); }, REASON_MALFORMED},
      {"quantity 100", [](Intent& i) { i.set_quantity(100); }, REASON_QUANTITY_EXCEEDED},
      {"no price", [](Intent& i) { i.clear_price_seen(); }, REASON_MALFORMED},
      {"currency", [](Intent& i) { i.mutable_price_seen()->set_currency("idr"); },
       REASON_MALFORMED},
      {"negative price", [](Intent& i) { i.mutable_price_seen()->set_amount_minor(-1); },
       REASON_MALFORMED},
      {"long voucher", [](Intent& i) { i.set_voucher_ref(std::string(65, 'v')); },
       REASON_TOO_LARGE},
      {"stream position", [](Intent& i) { i.set_stream_position_ms(-1); }, REASON_MALFORMED},
  };
}

std::string IntentFields(const intake::v1::Intent& intent) {
  const std::string json = Encode(Codec::kJson, intent);
  return json.substr(1, json.size() - 2);
}

std::vector<BadJson> BadFrames() {
  std::vector<BadJson> frames = {
      {"empty", ""},
      {"no object", "[]"},
      {"truncated", R"({"intents":[{)"},
      {"trailing", "{} {}"},
      {"list for object", R"({"intents":{}})"},
      {"unknown member", R"({"intent":[]})"},
  };
  for (BadJson& member : BadMembers()) {
    std::string text = R"({"intents":[{)";
    text.append(member.text).append("}]}");
    frames.push_back({member.name, std::move(text)});
  }
  return frames;
}

std::vector<BadJson> BadSubmits() {
  std::vector<BadJson> submits = {
      {"empty", ""},
      {"no object", "1"},
      {"truncated", R"({"intent":)"},
      {"trailing", "{}x"},
  };
  for (BadJson& member : BadMembers()) {
    std::string text = R"({"intent":{)";
    text.append(member.text).append("}}");
    submits.push_back({member.name, std::move(text)});
  }
  return submits;
}

}  // namespace jembatan::gateway::testing
