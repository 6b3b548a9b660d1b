// Holds the bounds to what the contract's comments tell clients.

#include "libs/intent/limits.h"

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace jembatan::intent {
namespace {

// The contract as one line of words, comment marks left out.
std::string Contract() {
  std::ifstream stream("proto/jembatan/intake/v1/intake.proto");
  EXPECT_TRUE(stream.is_open()) << "run me from the root of the tree";
  std::string text;
  std::string word;
  while (stream >> word) {
    if (word != "//") text += word + " ";
  }
  return text;
}

TEST(Limits, AgreeWithTheContract) {
  const std::string contract = Contract();
  auto tells = [&](const std::string& comment, const std::string& field) {
    size_t end = contract.find(" " + field + " = ");
    ASSERT_NE(end, std::string::npos) << field;
    size_t start = contract.rfind("; ", end);
    std::string before = contract.substr(start, end - start);
    EXPECT_NE(before.find(comment), std::string::npos) << field << " is described by: " << before;
  };
  const std::string short_text = "at most " + std::to_string(kShortTextBytes) + " bytes";
  tells("1 to " + std::to_string(kOfferIdBytes) + " of [A-Za-z0-9._:-]", "offer_id");
  tells("1 to " + std::to_string(kQuantityMax) + ".", "quantity");
  tells(short_text, "price_version");
  tells(short_text, "room_id");
  tells(short_text, "campaign_id");
  tells(short_text, "voucher_ref");
  tells("at most " + std::to_string(kAttributionBytes) + " bytes", "attribution");
  tells("0 to 10 days", "stream_position_ms");
  tells("0 to 10^15", "amount_minor");
  tells("at most " + std::to_string(kWatchesPerFrame), "watch_intent_ids");
  tells("at most " + std::to_string(kRoomsPerFrame), "watch_room_ids");
  tells("the topic's TTL (" + std::to_string(kTtlMs / 1000) + " s)", "intent_id");
  EXPECT_NE(contract.find("Taps to submit, at most " + std::to_string(kIntentsPerFrame) + "."),
            std::string::npos);
  EXPECT_NE(contract.find("At most " + std::to_string(kQueriesPerRequest) + ". repeated Query"),
            std::string::npos);
  EXPECT_EQ(kAmountMinorMax, 1'000'000'000'000'000);
  EXPECT_EQ(kStreamPositionMsMax, int64_t{10} * 24 * 3600 * 1000);
}

}  // namespace
}  // namespace jembatan::intent
