#pragma once

// Generator: plays the schedule on many WebSockets from one thread. It connects every viewer, sends
// each tap at its time whatever the answers do, reconnects what breaks (to the next target,
// resending under the same ids), and after the last tap waits for the outcomes that are still due.
//
// Owned by main; Run() blocks the calling thread, which runs its one io_context. RequestStop() may
// be called from a signal handler.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "bench/load/book.h"
#include "bench/load/frames.h"
#include "bench/load/history_file.h"
#include "bench/load/schedule.h"
#include "bench/load/ws_connection.h"
#include "libs/base/histogram.h"

namespace jembatan::load {

// Connections being made at once, so that a gateway's accept queue is not what is measured.
inline constexpr int kConnectsAtOnce = 64;
// A connection not open by then is given up and tried elsewhere.
inline constexpr int64_t kConnectMs = 10'000;
// Backoff between attempts: doubles from the first to the last, with jitter.
inline constexpr int64_t kBackoffFirstMs = 100;
inline constexpr int64_t kBackoffLastMs = 5'000;
// An intent without a final is asked for again after this long.
inline constexpr int64_t kAskAgainMs = 3'000;
// A gateway silent for this long towards unanswered taps is left for the next.
inline constexpr int64_t kSilentMs = 8'000;
// No resend this close to the deadline: it could only be refused.
inline constexpr int64_t kResendUntilMs = 110'000;

struct GeneratorOptions {
  std::vector<WsConnection::Target> targets;
  Encoding encoding = Encoding::kProto;
  Arrivals::Kind arrivals = Arrivals::Kind::kConstant;
  double rate = 1000;
  double seconds = 20;
  // Before the rush; part of the seconds.
  Calm calm;
  // The first tap is due then, by the wall clock, or when all viewers are connected if that is
  // later.
  int64_t begin_at_ms = 0;
  double connect_seconds = 15;
  double settle_seconds = 30;
  // Sends are gathered for this long.
  int tick_us = 1000;
  // Second at which every connection is cut, to return in a storm; below 0: never.
  double drop_at_s = -1;
  // Connections cut a second while taps go on, each in turn, to return at once: a flood of them.
  double cuts_per_s = 0;
  TapPlanOptions plan;
  std::vector<OfferOnSale> offers;
  uint32_t quantity = 1;
  // The live room of the taps; empty: none.
  std::string room;
  // Viewers watch the room, and do not tap what they have been told is sold out there.
  bool hints = false;
  // Creators' tokens, of which each viewer's taps bear one; empty: none.
  std::vector<std::string> attributions;
  size_t max_intents = 0;
  uint64_t seed = 1;
  // Where what viewers send and are told is written; null: nowhere. Must outlive the generator.
  HistoryFile* history = nullptr;
  // A bearer token for a viewer; called once per viewer.
  std::function<absl::StatusOr<std::string>(uint32_t viewer)> token;
};

struct GeneratorReport {
  // When the first tap was due, by the wall clock.
  int64_t began_ms = 0;
  // From the first tap to the end of the schedule, and of this process's CPU time therein.
  double seconds = 0;
  double cpu_us = 0;
  double settle_seconds = 0;
  // How long after its intended time a tap was handed to its connection.
  base::Histogram lateness_ns;
  uint64_t connects = 0;
  uint64_t disconnects = 0;
  uint64_t drains = 0;
  uint64_t unreadable_frames = 0;
  // Taps of the schedule that were not made because max_intents was reached.
  uint64_t over_bound = 0;
  // Taps that were not made because a hint had told that they were in vain.
  uint64_t withheld = 0;
  // Frames that held hints.
  uint64_t hint_frames = 0;
  bool stopped_early = false;
  // Why connections ended, with how many.
  std::map<std::string, uint64_t> endings;
};

class Generator : private WsConnection::Events {
 public:
  enum class Phase { kConnecting, kTapping, kSettling, kOver };

  explicit Generator(GeneratorOptions options);
  ~Generator() override;

  // Called once a second while running.
  void SetProgress(std::function<void(Generator&)> progress) { progress_ = std::move(progress); }
  absl::Status Run();
  // Ends the schedule now; outcomes are still awaited. A second call ends that too.
  void RequestStop() { stops_.fetch_add(1, std::memory_order_relaxed); }

  const IntentBook& book() const { return book_; }
  const GeneratorReport& report() const { return report_; }
  Phase phase() const { return phase_; }
  size_t open_connections() const { return open_connections_; }
  size_t viewers() const { return viewers_.size(); }
  // p99 of the receipts that came since the last call, in nanoseconds.
  int64_t TakeRecentReceiptP99() { return book_.TakeRecentReceipts().Quantile(0.99); }
  // Seconds since the first tap was due.
  double elapsed_s() const;

 private:
  enum class State : uint8_t { kWaiting, kConnecting, kOpen };
  struct ViewerState {
    explicit ViewerState(Encoding encoding) : writer(encoding) {}

    std::shared_ptr<WsConnection> link;
    std::string token;
    FrameWriter writer;
    // Offers of which it was told that they are sold out.
    absl::flat_hash_set<uint16_t> sold_out;
    int64_t connect_began_ns = 0;
    int64_t heard_ns = 0;
    // The gateway drains: nothing more is sent, and at this time the connection is left. -1: it
    // does not.
    int64_t leave_ns = -1;
    uint32_t target = 0;
    uint8_t attempts = 0;
    State state = State::kWaiting;
    bool touched = false;
  };
  struct Due {
    int64_t at_ns;
    uint32_t viewer;
    bool operator>(const Due& other) const { return at_ns > other.at_ns; }
  };

  void OnOpen(uint32_t viewer) override;
  void OnMessage(uint32_t viewer, std::string_view bytes) override;
  std::string NextFrame(uint32_t viewer) override;
  void OnClosed(uint32_t viewer, const std::string& why) override;

  void ScheduleTick(int64_t now_ns);
  void Tick();
  void Advance(int64_t now_ns);
  void BeginTapping(int64_t now_ns);
  void BeginSettling(int64_t now_ns);
  void Finish(absl::Status status);
  void SendDueTaps(int64_t now_ns);
  void DropIfDue(int64_t now_ns);
  void CutDue(int64_t now_ns);
  void FlushTouched();
  void ConnectDue(int64_t now_ns);
  void Connect(uint32_t viewer, int64_t now_ns);
  void Reconnect(uint32_t viewer, int64_t delay_ms);
  void Leave(uint32_t viewer, const std::string& why);
  void Sweep(int64_t now_ns);
  void SweepViewer(uint32_t viewer, int64_t now_ns);
  void Send(uint32_t record, int64_t now_ns);
  const IntentTemplate& ShapeOf(const IntentRecord& record) const;
  void Watch(uint32_t record, int64_t now_ns);
  void TakeHints(ViewerState& viewer, const intake::v1::ServerFrame& frame);
  void Touch(uint32_t viewer);
  int64_t Jittered(int64_t ms);
  // Since the start of the schedule.
  int64_t RunNs(int64_t now_ns) const { return now_ns - start_ns_; }

  const GeneratorOptions options_;
  boost::asio::io_context context_;
  boost::asio::steady_timer timer_;
  IntentBook book_;
  Arrivals arrivals_;
  TapPlan plan_;
  FrameReader reader_;
  // By offer, and of each by creator.
  std::vector<IntentTemplate> shapes_;
  absl::flat_hash_map<std::string, uint16_t> offer_numbers_;
  std::vector<ViewerState> viewers_;
  std::vector<uint32_t> touched_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> connects_due_;
  std::mt19937_64 random_;
  std::function<void(Generator&)> progress_;
  GeneratorReport report_;
  absl::Status status_;
  std::atomic<int> stops_{0};
  Phase phase_ = Phase::kConnecting;
  size_t open_connections_ = 0;
  int connecting_ = 0;
  bool dropped_ = false;
  uint64_t cuts_ = 0;
  int64_t began_ns_ = 0;
  int64_t start_ns_ = 0;
  int64_t settle_began_ns_ = 0;
  int64_t next_sweep_ns_ = 0;
  double cpu_before_us_ = 0;
};

}  // namespace jembatan::load
