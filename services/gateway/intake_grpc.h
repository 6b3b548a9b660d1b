#pragma once

// IntakeGrpc: the gRPC face of the intake (callback API). Requests arrive as bytes and pass the
// same decoder as every other transport, on a shard chosen round robin; what gRPC's threads do is
// verify the token and hand over. Refusals of a whole request are statuses with google.rpc details;
// a refused intent is a result.
//
// A stream reads one frame ahead at most and has one write under way; after the client's half close
// it ends when all receipts due are sent, or drain_ms later. Lifetime: a call object is touched by
// gRPC's threads only through its reactions, all of which post to the shard; OnDone has it deleted
// there at the end of a tick, behind everything posted or put off before.
//
// Owned by the composition: made before the server starts, destroyed after it has stopped and after
// the shards have run what was posted.

#include <memory>
#include <vector>

namespace grpc {
class Service;
}

namespace jembatan::gateway {

class Edge;

class IntakeGrpc {
 public:
  explicit IntakeGrpc(std::vector<Edge*> edges);
  ~IntakeGrpc();

  // For rpc::Server::Register.
  grpc::Service* service();
  // Calls and streams whose objects still live. Any thread.
  int calls() const;

 private:
  class Service;
  std::unique_ptr<Service> service_;
};

}  // namespace jembatan::gateway
