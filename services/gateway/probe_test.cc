#include "services/gateway/probe.h"

#include <string>

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

namespace jembatan::gateway {
namespace {

std::string TextOf(const Probe& probe) {
  return prometheus::TextSerializer().Serialize(probe.registry()->Collect());
}

bool Has(const Probe& probe, const std::string& line) {
  return TextOf(probe).find("\n" + line + "\n") != std::string::npos;
}

TEST(Probe, AddsOnlyWhatIsNew) {
  Probe probe;
  IntakeCounts now;
  IntakeCounts last;
  now.accepted = 3;
  now.refused_by_reason[intake::v1::REASON_OVERLOADED] = 2;
  probe.Add(now, &last);
  now.accepted = 5;
  probe.Add(now, &last);
  probe.Add(now, &last);
  EXPECT_TRUE(Has(probe, R"(jembatan_gateway_intents_total{reason="",status="accepted"} 5)"))
      << TextOf(probe);
  EXPECT_TRUE(
      Has(probe, R"(jembatan_gateway_intents_total{reason="OVERLOADED",status="refused"} 2)"))
      << TextOf(probe);
}

TEST(Probe, CountsConnectionsByTransport) {
  Probe probe;
  probe.Opened(Transport::kWebSocket);
  probe.Opened(Transport::kWebSocket);
  probe.Closed(Transport::kWebSocket);
  EXPECT_TRUE(Has(probe, R"(jembatan_gateway_connections{transport="websocket"} 1)"));
  EXPECT_TRUE(Has(probe, R"(jembatan_gateway_connections{transport="http"} 0)"));
}

TEST(Probe, CountsUnknownFieldsByWhereTheyCameFrom) {
  Probe probe;
  probe.AddUnknownFields(2);
  probe.AddUnknownFields(1);
  probe.SetUnknownOutcomeFields(4);
  probe.SetUnknownOutcomeFields(5);
  EXPECT_TRUE(Has(probe, R"(jembatan_gateway_unknown_fields_total{from="clients"} 3)"));
  EXPECT_TRUE(Has(probe, R"(jembatan_gateway_unknown_fields_total{from="outcomes"} 5)"));
}

TEST(ReceiptSample, FollowsOneIntentToItsReceipt) {
  const std::string id = "01890a5d-ac96-774b-bcce-b302099a8057";
  Probe probe;
  ReceiptSample sample;
  intake::v1::ClientFrame sent;
  sent.add_intents()->set_intent_id(id);
  intake::v1::ServerFrame other;
  other.add_receipts()->set_intent_id("01890a5d-ac96-774b-bcce-b302099a8058");
  intake::v1::ServerFrame answer;
  answer.add_receipts()->set_intent_id(id);

  sample.Look(answer, probe);  // nothing is followed yet
  sample.Begin(sent);
  sample.Look(other, probe);
  EXPECT_TRUE(Has(probe, "jembatan_gateway_receipt_seconds_count 0"));
  sample.Look(answer, probe);
  sample.Look(answer, probe);
  EXPECT_TRUE(Has(probe, "jembatan_gateway_receipt_seconds_count 1"));
}

}  // namespace
}  // namespace jembatan::gateway
