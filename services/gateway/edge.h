#pragma once

// Edge: what the connections of one shard share: its intake and decoder, the tokens' verifier, the
// one coarse timer that watches over every wait, and the list of who is connected. Connections of
// all transports derive from Connection so that the sweep and the drain see them alike.
//
// One per shard, made and destroyed by the composition (after AbortAll has emptied it); all but
// Post on the shard's thread.

#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "libs/intent/codec.h"
#include "libs/runtime/shard.h"
#include "services/gateway/authenticate.h"
#include "services/gateway/connect_http.h"
#include "services/gateway/intake.h"
#include "services/gateway/limits.h"
#include "services/gateway/probe.h"
#include "services/gateway/room_desk.h"
#include "services/gateway/room_hints.h"

namespace jembatan::gateway {

// Without the type-erased executor: 10-20 % less CPU and 1 KB less memory.
using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// The two clocks as the sweep read them.
struct SweepTime {
  int64_t monotonic_ms = 0;
  int64_t wall_ms = 0;
};

// Destroying a connection unlinks it.
class Connection : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  // Ends what has waited too long. May end this connection, no other.
  virtual void OnSweep(const SweepTime& now) = 0;
  // Tells the client to go elsewhere and closes when what is due is answered.
  virtual void OnDrain() = 0;
  // Ends at once.
  virtual void Abort() = 0;

 protected:
  ~Connection() = default;
};

// A handler that keeps its connection alive until it has run.
template <auto Method, typename T>
auto Bind(T* self) {
  return [self = boost::intrusive_ptr<T>(self)](auto&&... results) {
    ((*self).*Method)(std::forward<decltype(results)>(results)...);
  };
}

class Edge {
 public:
  struct Options {
    int shard = 0;
    // Connections and streams of this shard; beyond, new ones are turned away.
    size_t connections_max = 16'384;
    Timeouts timeouts;
    OriginList origins;
  };
  Edge(Options options, runtime::Shard& shard, Intake& intake, RoomHints& hints, RoomDesk& desk,
       Authenticator& authenticator, Probe& probe);

  // Before the shard starts: hooks the intake's tick and the sweep into it.
  void Start();
  // From any thread.
  void Post(std::function<void()> task) { shard_.Post(std::move(task)); }

  boost::asio::io_context& context() { return shard_.context(); }
  Intake& intake() { return intake_; }
  RoomHints& hints() { return hints_; }
  RoomDesk& desk() { return desk_; }
  Authenticator& authenticator() { return authenticator_; }
  Probe& probe() { return probe_; }
  intent::Decoder& decoder() { return decoder_; }
  // Scratch message that every decoded frame of the shard passes through.
  intake::v1::ClientFrame& frame() { return frame_; }
  const Timeouts& timeouts() const { return options_.timeouts; }
  const OriginList& origins() const { return options_.origins; }
  // Monotonic milliseconds as of the last sweep: precise enough for every wait here.
  int64_t coarse_ms() const { return coarse_ms_; }
  bool draining() const { return draining_; }
  bool full() const { return connections() >= options_.connections_max; }
  size_t connections() const { return open_[0] + open_[1] + open_[2]; }

  void Add(Connection& connection, Transport transport);
  void Remove(Connection& connection, Transport transport);
  // Runs after the intake has ended its tick: what may not be done inside it, such as closing a
  // session that it is telling.
  void AfterTick(std::function<void()> task);
  // A random number in [0, kReconnectSpreadMs].
  uint32_t ReconnectSpread();

  // New submissions are refused and every connection is told to go.
  void Drain();
  void AbortAll();
  // No timer fires any more.
  void Stop();

 private:
  using Connections =
      boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

  size_t EndTick();
  void ArmDue();
  void ArmSweep();
  void Sweep();
  template <typename Visit>
  void ForEach(Visit visit);

  const Options options_;
  runtime::Shard& shard_;
  Intake& intake_;
  RoomHints& hints_;
  RoomDesk& desk_;
  Authenticator& authenticator_;
  Probe& probe_;
  intent::Decoder decoder_;
  intake::v1::ClientFrame frame_;
  Connections list_;
  std::array<size_t, kTransports> open_{};
  std::vector<std::function<void()>> after_tick_;
  std::minstd_rand random_;
  boost::asio::steady_timer sweep_timer_;
  boost::asio::steady_timer due_timer_;
  int64_t armed_due_ms_ = -1;
  int64_t coarse_ms_ = 0;
  IntakeCounts counted_;
  HintCounts hints_counted_;
  uint64_t unknown_fields_counted_ = 0;
  bool draining_ = false;
  bool stopped_ = false;
};

}  // namespace jembatan::gateway
