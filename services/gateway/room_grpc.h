#pragma once

// RoomGrpc: the gRPC face of the room desk (callback API). Requests arrive as bytes and pass to the
// desk of a shard chosen round robin; what gRPC's threads do is verify the token and hand over.
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

class RoomGrpc {
 public:
  explicit RoomGrpc(std::vector<Edge*> edges);
  ~RoomGrpc();

  // For rpc::Server::Register.
  grpc::Service* service();
  // Calls whose objects still live. Any thread.
  int calls() const;

 private:
  class Service;
  std::unique_ptr<Service> service_;
};

}  // namespace jembatan::gateway
