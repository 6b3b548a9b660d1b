#pragma once

// Session: what the intake core knows of one connection (WebSocket, gRPC stream) or one unary call:
// who speaks, and the frame that gathers receipts and outcomes until the tick's end. Transports
// derive from it.
//
// A session belongs to one shard and is touched by that shard's thread only. The transport owns it
// and closes it at the Intake before destroying it.
//
// SessionTable: the open sessions of one Intake, their outboxes' bound, and who is told a viewer's
// outcomes. Owned by the Intake; the same thread.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"

#include "jembatan/intake/v1/intake.pb.h"
#include "libs/identity/buyer_keys.h"
#include "libs/identity/buyer_ref.h"
#include "libs/identity/token.h"
#include "services/gateway/keyring.h"

namespace jembatan::gateway {

// Who speaks: the verified token and the pseudonyms made of it. Immutable, shared.
struct Principal {
  identity::Viewer viewer;
  // At the first marketplace, and at the further ones.
  identity::BuyerRefs buyers;
  std::vector<identity::BuyerRefs> further = {};
  // The keys that made them; none where they were not made of keys (tests).
  Keyring keys = {};

  size_t markets() const { return 1 + further.size(); }
  // By the marketplace's number.
  const identity::BuyerRefs& BuyersAt(size_t market) const {
    return market == 0 ? buyers : further.at(market - 1);
  }
};

// keys are complete.
std::shared_ptr<const Principal> MakePrincipal(identity::Viewer viewer, Keyring keys);

// Receipts, outcomes and hints that may wait for a slow reader.
inline constexpr size_t kOutboxEntries = 4096;

// Outcomes that come to at least so many sessions within one tick are held until a receipt goes the
// same way, or for kOutcomeHoldMs: a send costs more than all else that is done for an outcome.
// Fewer are handed on at once.
inline constexpr size_t kOutcomesHeldFrom = 64;
inline constexpr int64_t kOutcomeHoldMs = 20;

struct RoomWatch;

class Session {
 public:
  // One for each room that it watches; RoomHints' alone to touch.
  using RoomWatches = absl::InlinedVector<RoomWatch*, 1>;

  explicit Session(std::shared_ptr<const Principal> principal) : principal_(std::move(principal)) {}
  virtual ~Session() = default;

  const Principal& principal() const { return *principal_; }
  // The same viewer with pseudonyms by other keys; the SessionTable's alone to call.
  void Renew(const Keyring& keys) { principal_ = MakePrincipal(principal_->viewer, keys); }

  // The frame being gathered; made on first use, so that an idle connection holds none.
  intake::v1::ServerFrame& Outbox() {
    if (!outbox_) outbox_ = std::make_unique<intake::v1::ServerFrame>();
    return *outbox_;
  }
  size_t outbox_entries() const;
  bool has_outbox() const { return outbox_ != nullptr; }
  // Takes the gathered frame; null when there is none.
  std::unique_ptr<intake::v1::ServerFrame> TakeOutbox() { return std::move(outbox_); }

  // The tick ended and the outbox holds something. The transport takes it and sends; or, while an
  // earlier send is under way, leaves it to gather more and takes it then.
  virtual void OnOutbox() = 0;
  // More than kOutboxEntries wait: the reader is too slow. The transport drops the outbox and
  // closes; what was accepted stays accepted and can be asked for. Called at most once.
  virtual void OnOverflow() = 0;
  // A hint is due: the transport takes it from RoomHints now, or when nothing else is to be sent.
  virtual void OnHints() {}

  RoomWatches& room_watches() { return room_watches_; }

 private:
  std::shared_ptr<const Principal> principal_;
  std::unique_ptr<intake::v1::ServerFrame> outbox_;
  RoomWatches room_watches_;
};

// Sessions of one viewer that are told its outcomes; with more, the one opened first is no longer
// told: it is most likely dead, and a living one can still watch and ask.
inline constexpr size_t kPushSessionsPerViewer = 16;

class SessionTable {
 public:
  // Names a session for as long as it is open; never 0 and not used again.
  using Key = uint64_t;

  struct Entry {
    Session* session = nullptr;
    // Submissions not yet settled.
    size_t in_flight = 0;
    // An intent of its last frame was over its viewer's rate.
    bool over_rate = false;

   private:
    friend class SessionTable;
    uint32_t generation = 1;
    bool push = false;
    bool overflowed = false;
    // In waiting_.
    bool waiting = false;
    // In told_ or held_.
    bool held = false;
  };

  Key Open(Session* session, bool push_outcomes);
  // Unknown and closed keys are ignored.
  void Close(Key key);
  // Null when closed. Valid until closed.
  Entry* Find(Key key);
  // Gives every session, and those that open from now on, pseudonyms by these keys: an epoch began
  // to be known, or an old one is forgotten.
  void SetBuyerKeys(Keyring keys);

  // The frame to which one entry may be added now, to be handed on at the tick's end; null when the
  // session is closed or its outbox has overflowed.
  intake::v1::ServerFrame* Gather(Key key);
  // Adds the outcome to every session that is told this buyer's; returns how many.
  size_t Push(const identity::BuyerRef& buyer, const intake::v1::Outcome& outcome);
  // Calls OnOutbox or OnOverflow of every session that gathered something and holds it no longer;
  // these may open and close sessions. Returns the frames handed on.
  size_t HandOn(int64_t now_ms);
  // When HandOn is to be called again: 0 at once, -1 for nothing that waits.
  int64_t NextDueMs() const;

 private:
  using Keys = absl::InlinedVector<Key, 1>;
  struct Held {
    Key key;
    int64_t due_ms;
  };

  // A viewer is told under each of its pseudonyms. Calls visit(pseudonym) for them.
  template <typename Visit>
  static void EachPseudonym(const Principal& principal, Visit visit);
  void StartPush(Key key, Entry& entry);
  void StopPush(Key key, Entry& entry);
  void Wait(Key key, Entry& entry);
  void HoldOutcomes(int64_t now_ms);

  Keyring keys_;               // none: sessions keep what they come with
  std::deque<Entry> entries_;  // grows without moving what it holds
  std::vector<uint32_t> free_;
  absl::flat_hash_map<identity::BuyerRef, Keys> push_by_buyer_;
  std::vector<Key> waiting_;
  std::vector<Key> handing_on_;
  // Sessions that got outcomes since the last HandOn, and those whose outcomes are held, in the
  // order of their due times; each session at most once in both together.
  std::vector<Key> told_;
  std::deque<Held> held_;
};

}  // namespace jembatan::gateway
