#pragma once

// SimViewer: a viewer's app, which keeps the client's rule (protocol rule 9): it makes the id
// before the first send; without an answer, after PENDING or a refusal that time may cure it
// resends the same id and body over any connection to any gateway; after a send that may have got
// through only an outcome or NONE ends the tap, and no new id is made for it before. It writes down
// all that it is told.
//
// Single-threaded; owned by the History.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/plan.h"
#include "tests/simulation/sim_gateway.h"
#include "tests/simulation/world.h"

namespace jembatan::simulation {

// What a careless app might do; all off but in a mutant.
struct ViewerBugs {
  bool fresh_id_after_pending = false;
  bool refused_resend_ends = false;
};

// What a viewer was told of one id.
struct IdStory {
  std::string intent_id;
  std::string buyer_ref;
  std::string offer_id;
  std::string fingerprint;
  // Submissions, and how many of them were refused.
  int sends = 0;
  int refused = 0;
  std::vector<intake::v1::Receipt> accepted;
  std::vector<intake::v1::Outcome> outcomes;
  bool none = false;
};

// One tap: a well-behaved viewer has one id for it.
struct TapStory {
  enum class End { kOpen, kOutcome, kNone, kRefused, kForgotten };
  int entry = 0;
  std::deque<IdStory> ids;
  End end = End::kOpen;
};

class SimViewer final : public SimClient {
 public:
  using Gateways = std::vector<std::unique_ptr<SimGateway>>;

  // The gateways outlive the viewer.
  SimViewer(World* world, int number, int markets, Gateways* gateways, ViewerBugs bugs);
  ~SimViewer() override;

  // The viewer taps now.
  void OnTap(const Entry& entry);
  // Asks every gateway about every tap once more.
  void AskAgain();

  void OnFrame(uint64_t connection, const intake::v1::ServerFrame& frame) override;
  void OnClosed(uint64_t connection) override;

  std::vector<const TapStory*> stories() const;
  // Outcomes and answers that spoke of somebody else's intents.
  int strangers() const { return strangers_; }

 private:
  struct Tap;
  struct Connection {
    int gateway = 0;
    bool stream = false;
    int64_t opened_ms = 0;
  };

  void NewId(Tap* tap);
  void Round(Tap* tap);
  void RoundAfter(Tap* tap, int64_t delay_ms);
  int64_t PauseMs(int64_t left_ms);
  void Send(Tap* tap);
  void Submit(Tap* tap, uint64_t connection);
  uint64_t StreamTo(int gateway);
  void CloseSilent();
  void Ask(Tap* tap, int gateway);
  Tap* Find(const std::string& intent_id, IdStory** story);
  void OnReceipt(const intake::v1::Receipt& receipt);
  void OnRefused(Tap* tap, IdStory* story, const intake::v1::Receipt& receipt);
  void OnOutcome(const intake::v1::Outcome& outcome);
  void OnAnswer(int gateway, const intake::v1::GetOutcomesResponse::Answer& answer);
  void End(Tap* tap, TapStory::End end);

  World* world_;
  const int number_;
  const int markets_;
  Gateways& gateways_;
  const ViewerBugs bugs_;
  Dice dice_;
  std::deque<std::unique_ptr<Tap>> taps_;
  std::map<uint64_t, Connection> connections_;
  int strangers_ = 0;
};

}  // namespace jembatan::simulation
