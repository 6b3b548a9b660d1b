#include "tests/simulation/sim_viewer.h"

#include <algorithm>
#include <utility>

#include "libs/intent/intent.h"
#include "tests/simulation/offers.h"

namespace jembatan::simulation {

using intake::v1::Receipt;
using Answers = intake::v1::GetOutcomesResponse;

namespace {

// A unary call without an answer is given up.
constexpr int64_t kUnaryPatienceMs = 5'000;
// Ids watched on a new stream; a frame's bound is far beyond.
constexpr int kWatchesMax = 32;

}  // namespace

struct SimViewer::Tap {
  TapStory story;
  intake::v1::Intent intent;
  Chance chance{0};
  int64_t clock_ms = 0;  // how far the phone's clock is off
  uint64_t round = 0;    // the timer under way
  bool accepted = false;
  bool pending = false;
  std::set<int> forgotten_by;
};

SimViewer::SimViewer(World* world, int number, int markets, Gateways* gateways, ViewerBugs bugs)
    : world_(world),
      number_(number),
      markets_(markets),
      gateways_(*gateways),
      bugs_(bugs),
      dice_(world, part::kViewer + static_cast<uint64_t>(number)) {}

SimViewer::~SimViewer() = default;

std::vector<const TapStory*> SimViewer::stories() const {
  std::vector<const TapStory*> stories;
  for (const auto& tap : taps_) stories.push_back(&tap->story);
  return stories;
}

// --- Sending ------------------------------------------------------------------------------------

void SimViewer::OnTap(const Entry& entry) {
  Tap* tap = taps_.emplace_back(std::make_unique<Tap>()).get();
  tap->chance = Chance(Mix(entry.seed, 2));
  tap->clock_ms = tap->chance.Between(-3'000, 3'000);
  if (tap->chance.OneIn(20)) tap->clock_ms = tap->chance.Between(-20'000, 20'000);
  tap->story.entry = entry.number;
  tap->intent.set_offer_id(SomeOffer(tap->chance));
  tap->intent.set_quantity(1);
  tap->intent.mutable_price_seen()->set_currency("IDR");
  tap->intent.mutable_price_seen()->set_amount_minor(2'500'000);
  NewId(tap);
  RoundAfter(tap, entry.length_ms);
}

void SimViewer::NewId(Tap* tap) {
  base::Uuid id =
      base::Uuid::MakeV7(world_->now_ms() + tap->clock_ms, tap->chance.Next(), tap->chance.Next());
  tap->intent.set_intent_id(id.ToString());
  const size_t market = MarketOf(tap->intent.offer_id(), markets_);
  tap->story.ids.push_back({.intent_id = tap->intent.intent_id(),
                            .buyer_ref = BuyerOf(number_, id.unix_ms(), market),
                            .offer_id = tap->intent.offer_id(),
                            .fingerprint = intent::Fingerprint(tap->intent)});
  world_->Trace("viewer %d: tap %d is %s for %s", number_, tap->story.entry,
                tap->intent.intent_id().c_str(), tap->intent.offer_id().c_str());
}

void SimViewer::RoundAfter(Tap* tap, int64_t delay_ms) {
  world_->After(delay_ms, [this, tap, round = ++tap->round] {
    if (round == tap->round) Round(tap);
  });
}

// What an app does for an open tap now and then: send (again), ask, or both at once.
void SimViewer::Round(Tap* tap) {
  if (tap->story.end != TapStory::End::kOpen) return;
  CloseSilent();
  const IdStory& story = tap->story.ids.back();
  int64_t left_ms = base::Uuid::ParseV7(story.intent_id)->unix_ms() + intent::kTtlMs -
                    (world_->now_ms() + tap->clock_ms);
  bool first = story.sends == 0;
  bool resend = !tap->accepted && left_ms > -2'000 && dice_->OneIn(2);
  if (!first && (!resend || dice_->OneIn(3))) {
    Ask(tap, static_cast<int>(dice_->Between(0, kGateways - 1)));
  }
  if (first || resend) {
    if (bugs_.fresh_id_after_pending && tap->pending) NewId(tap);
    Send(tap);
  }
  RoundAfter(tap, PauseMs(left_ms));
}

// Now and then the phone sleeps, often to wake close to the deadline, where it matters most.
int64_t SimViewer::PauseMs(int64_t left_ms) {
  if (world_->calm) return dice_->Between(1'000, 3'000);
  if (!dice_->OneIn(15)) return dice_->Between(500, 8'000);
  int64_t edge_ms = left_ms + dice_->Between(-6'000, 2'000);
  return edge_ms > 0 && dice_->OneIn(2) ? edge_ms : dice_->Between(20'000, 150'000);
}

void SimViewer::Send(Tap* tap) {
  int gateway = static_cast<int>(dice_->Between(0, kGateways - 1));
  if (dice_->Percent(70)) {
    Submit(tap, StreamTo(gateway));
  } else {
    uint64_t unary = gateways_[gateway]->NewConnection(this, number_, /*stream=*/false);
    connections_[unary] = {gateway, false, world_->now_ms()};
    Submit(tap, unary);
  }
}

void SimViewer::Submit(Tap* tap, uint64_t connection) {
  const Connection& to = connections_.at(connection);
  intake::v1::ClientFrame frame;
  *frame.add_intents() = tap->intent;
  // A frame sent twice, as an app does that cannot tell whether the first got through.
  int times = to.stream && !world_->calm && dice_->OneIn(12) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    ++tap->story.ids.back().sends;
    gateways_[to.gateway]->Send(connection, frame);
  }
}

// The stream to a gateway; a new one first watches what is open.
uint64_t SimViewer::StreamTo(int gateway) {
  for (const auto& [connection, open] : connections_) {
    if (open.gateway == gateway && open.stream) return connection;
  }
  uint64_t stream = gateways_[gateway]->NewConnection(this, number_, /*stream=*/true);
  connections_[stream] = {gateway, true, world_->now_ms()};
  intake::v1::ClientFrame frame;
  for (const auto& tap : taps_) {
    if (tap->story.end != TapStory::End::kOpen) continue;
    if (frame.watch_intent_ids_size() < kWatchesMax) {
      frame.add_watch_intent_ids(tap->intent.intent_id());
    }
  }
  gateways_[gateway]->Send(stream, std::move(frame));
  return stream;
}

// Unary calls without an answer, and now and then a stream: the network is a phone's.
void SimViewer::CloseSilent() {
  for (auto it = connections_.begin(); it != connections_.end();) {
    bool silent = !it->second.stream && world_->now_ms() - it->second.opened_ms > kUnaryPatienceMs;
    bool lost = it->second.stream && (world_->calm ? dice_->OneIn(8) : dice_->OneIn(12));
    if (!silent && !lost) {
      ++it;
      continue;
    }
    gateways_[it->second.gateway]->Close(it->first);
    it = connections_.erase(it);
  }
}

void SimViewer::OnClosed(uint64_t connection) { connections_.erase(connection); }

// --- Being told ---------------------------------------------------------------------------------

SimViewer::Tap* SimViewer::Find(const std::string& intent_id, IdStory** story) {
  for (const auto& tap : taps_) {
    for (IdStory& id : tap->story.ids) {
      if (id.intent_id != intent_id) continue;
      *story = &id;
      return tap.get();
    }
  }
  return nullptr;
}

void SimViewer::OnFrame(uint64_t connection, const intake::v1::ServerFrame& frame) {
  auto it = connections_.find(connection);
  if (it == connections_.end()) return;
  const Connection from = it->second;
  for (const Receipt& receipt : frame.receipts()) OnReceipt(receipt);
  for (const intake::v1::Outcome& outcome : frame.outcomes()) OnOutcome(outcome);
  // A unary call is over with its first receipt.
  if (from.stream || frame.receipts().empty()) return;
  gateways_[from.gateway]->Close(connection);
  connections_.erase(connection);
}

void SimViewer::OnReceipt(const Receipt& receipt) {
  IdStory* story = nullptr;
  Tap* tap = Find(receipt.intent_id(), &story);
  if (tap == nullptr) {
    ++strangers_;
    return;
  }
  world_->Trace("viewer %d: tap %d: %s %s", number_, tap->story.entry,
                Receipt::Status_Name(receipt.status()).c_str(),
                intake::v1::Reason_Name(receipt.reason()).c_str());
  if (receipt.status() == Receipt::STATUS_ACCEPTED) {
    tap->accepted = true;
    story->accepted.push_back(receipt);
  }
  if (receipt.status() == Receipt::STATUS_PENDING) tap->pending = true;
  if (receipt.status() == Receipt::STATUS_REFUSED) OnRefused(tap, story, receipt);
}

// A refusal ends the tap only when every send was answered by one: after a send that was unanswered
// or PENDING it ends nothing.
void SimViewer::OnRefused(Tap* tap, IdStory* story, const Receipt& receipt) {
  ++story->refused;
  if (tap->story.end != TapStory::End::kOpen) return;
  bool all_refused = story->refused == story->sends;
  if (bugs_.refused_resend_ends && !all_refused && story == &tap->story.ids.back()) {
    NewId(tap);
    return;
  }
  if (!all_refused) return;
  bool cured_by_time = receipt.retry_after_ms() > 0;
  // Some viewers lose patience.
  if (!cured_by_time || dice_->OneIn(4)) {
    End(tap, TapStory::End::kRefused);
  } else {
    RoundAfter(tap, receipt.retry_after_ms() + dice_->Between(0, 500));
  }
}

void SimViewer::OnOutcome(const intake::v1::Outcome& outcome) {
  IdStory* story = nullptr;
  Tap* tap = Find(outcome.intent_id(), &story);
  if (tap == nullptr) {
    ++strangers_;
    return;
  }
  if (outcome.state() == intake::v1::Outcome::STATE_UNCONFIRMED) return;
  story->outcomes.push_back(outcome);
  End(tap, TapStory::End::kOutcome);
}

void SimViewer::Ask(Tap* tap, int gateway) {
  intake::v1::GetOutcomesRequest request;
  for (const IdStory& id : tap->story.ids) {
    auto* query = request.add_queries();
    query->set_intent_id(id.intent_id);
    query->set_offer_id(id.offer_id);
  }
  gateways_[gateway]->Ask(number_, request,
                          [this, gateway](const intake::v1::GetOutcomesResponse& response) {
                            for (const auto& answer : response.answers()) OnAnswer(gateway, answer);
                          });
}

void SimViewer::AskAgain() {
  for (const auto& tap : taps_) {
    for (int gateway = 0; gateway < kGateways; ++gateway) Ask(tap.get(), gateway);
  }
}

void SimViewer::OnAnswer(int gateway, const Answers::Answer& answer) {
  IdStory* story = nullptr;
  Tap* tap = Find(answer.intent_id(), &story);
  if (tap == nullptr) {
    ++strangers_;
    return;
  }
  world_->Trace("viewer %d: tap %d: gateway %d answers %s", number_, tap->story.entry, gateway,
                Answers::Verdict_Name(answer.verdict()).c_str());
  if (answer.verdict() == Answers::VERDICT_OUTCOME) OnOutcome(answer.outcome());
  if (answer.verdict() == Answers::VERDICT_NONE) {
    story->none = true;
    if (story == &tap->story.ids.back()) End(tap, TapStory::End::kNone);
  }
  if (answer.verdict() == Answers::VERDICT_FORGOTTEN) {
    tap->forgotten_by.insert(gateway);
    if (tap->forgotten_by.size() == kGateways) End(tap, TapStory::End::kForgotten);
  }
}

void SimViewer::End(Tap* tap, TapStory::End end) {
  if (tap->story.end != TapStory::End::kOpen) return;
  static constexpr const char* kEnds[] = {"", "an outcome", "NONE", "refused", "forgotten"};
  world_->Trace("viewer %d: tap %d ends: %s", number_, tap->story.entry,
                kEnds[static_cast<int>(end)]);
  tap->story.end = end;
}

}  // namespace jembatan::simulation
