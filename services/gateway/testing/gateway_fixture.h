#pragma once

// World: one mock cluster, keys and token signers, shared by all black-box tests of the gateway in
// a process; gateways are started on free ports beside it. It can read back what gateways wrote and
// speak as the bridge does. The test's thread only.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "jembatan/crossing/v1/crossing.pb.h"
#include "jembatan/intake/v1/intake.pb.h"
#include "libs/identity/buyer_ref.h"
#include "libs/identity/token.h"
#include "libs/kafka/producer.h"
#include "libs/kafka/testing/mock_cluster.h"
#include "services/gateway/service.h"
#include "services/gateway/testing/edge_client.h"

namespace jembatan::gateway::testing {

inline constexpr int kPartitions = 3;
inline constexpr std::string_view kSubmitPath = "/jembatan.intake.v1.IntakeService/SubmitIntent";
inline constexpr std::string_view kQueryPath = "/jembatan.intake.v1.IntakeService/GetOutcomes";

class World {
 public:
  static World& Get();
  ~World();

  Options DefaultOptions() const;
  // Started and ready, or a test failure and null.
  std::unique_ptr<Service> StartGateway(const Options& options);
  // One with the default options, started once.
  Service& gateway();

  // A token good for ten minutes; change makes it another one.
  std::string Token(std::string_view viewer,
                    const std::function<void(identity::Viewer&)>& change = {}) const;
  std::string TokenFor(std::string_view audience) const;
  // Signed by a key that the gateway does not know.
  std::string ForgedToken() const;
  // "Authorization: Bearer ...\r\n".
  std::string Bearer(std::string_view viewer) const;
  identity::BuyerRef BuyerOf(std::string_view viewer) const { return buyer_key_->RefOf(viewer); }

  // A valid intent with a fresh id; age_ms: how old the id is.
  intake::v1::Intent NewIntent(int64_t age_ms = 0);
  // The record of an ACCEPTED receipt, read back from the log.
  std::optional<crossing::v1::PurchaseIntent> ReadIntent(const intake::v1::Receipt& receipt);
  // As the bridge: claims and opens the partition if that has not been done, then writes a final.
  void WriteOutcome(const intake::v1::Intent& intent, std::string_view viewer,
                    crossing::v1::Outcome::State state, std::string_view order_id = {});
  // The record of a final with the token 0, as a bridge that claimed first of all would write it.
  crossing::v1::OutcomeRecord OutcomeRecordOf(const intake::v1::Intent& intent,
                                              std::string_view viewer,
                                              crossing::v1::Outcome::State state,
                                              std::string_view order_id = {}) const;
  // Appends to the outcomes; returns the offset.
  int64_t Append(int32_t partition, const crossing::v1::OutcomeRecord& record);

  kafka::testing::MockCluster& cluster() { return *cluster_; }

 private:
  World();
  int64_t OpenPartition(int32_t partition);

  std::string directory_;
  std::unique_ptr<kafka::testing::MockCluster> cluster_;
  std::optional<identity::Signer> signer_;
  std::optional<identity::Signer> stranger_;
  std::optional<identity::BuyerKey> buyer_key_;
  boost::asio::io_context context_;
  int64_t delivered_offset_ = -1;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<Service> gateway_;
  std::map<int32_t, int64_t> tokens_;
  uint64_t next_id_ = 1;
};

// Messages in both encodings, for clients of either.
enum class Codec { kProto, kJson };
std::string Encode(Codec codec, const google::protobuf::Message& message);
// False if the bytes are not such a message.
bool Decode(Codec codec, std::string_view bytes, google::protobuf::Message* message);

// Gathers a stream's frames until the condition holds or kPatience passes; false then.
bool NextUntil(WsClient& client, Codec codec, intake::v1::ServerFrame* gathered,
               const std::function<bool(const intake::v1::ServerFrame&)>& condition);

}  // namespace jembatan::gateway::testing
