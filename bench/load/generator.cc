#include "bench/load/generator.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <sys/resource.h>
#include <utility>

#include "libs/base/clock.h"
#include "libs/base/status.h"

namespace jembatan::load {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kNsPerSecond = 1'000'000'000;

int64_t Seconds(double s) { return static_cast<int64_t>(s * 1e9); }

double CpuUs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

}  // namespace

// The one thread needs none of the io_context's locks.
Generator::Generator(GeneratorOptions options)
    : options_(std::move(options)),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
      timer_(context_),
      book_(options_.max_intents, options_.plan.viewers, options_.offers.size(),
            std::mt19937_64(options_.seed)()),
      arrivals_(options_.arrivals, options_.rate, Seconds(options_.seconds), options_.seed + 1,
                options_.calm),
      plan_(options_.plan),
      reader_(options_.encoding),
      random_(options_.seed + 2) {
  std::vector<std::string> creators = options_.attributions;
  if (creators.empty()) creators.emplace_back();
  for (const OfferOnSale& offer : options_.offers) {
    const auto number = static_cast<uint16_t>(shapes_.size() / creators.size());
    offer_numbers_[offer.offer_id] = number;
    for (const std::string& creator : creators) {
      shapes_.emplace_back(options_.encoding, offer, options_.quantity, options_.room, creator);
    }
  }
  viewers_.reserve(options_.plan.viewers);
  for (size_t i = 0; i < options_.plan.viewers; ++i) {
    ViewerState& viewer = viewers_.emplace_back(options_.encoding);
    viewer.target = static_cast<uint32_t>(i % options_.targets.size());
  }
}

Generator::~Generator() {
  for (ViewerState& viewer : viewers_) {
    if (viewer.link) viewer.link->Drop();
  }
}

absl::Status Generator::Run() {
  began_ns_ = start_ns_ = base::MonotonicNs();
  next_sweep_ns_ = began_ns_ + kNsPerSecond;
  for (uint32_t i = 0; i < viewers_.size(); ++i) connects_due_.push({began_ns_, i});
  Tick();
  try {
    context_.run();
  } catch (const std::exception& error) {
    return base::Internal(error.what());
  }
  return status_;
}

double Generator::elapsed_s() const {
  return static_cast<double>(RunNs(base::MonotonicNs())) / 1e9;
}

// --- Time --------------------------------------------------------------------------------------

void Generator::ScheduleTick(int64_t now_ns) {
  int64_t due = next_sweep_ns_;
  if (phase_ == Phase::kTapping) {
    int64_t next = arrivals_.over() ? Seconds(options_.seconds) : arrivals_.next_ns();
    due = std::min(due, start_ns_ + next);
  }
  if (!connects_due_.empty() && connecting_ < kConnectsAtOnce) {
    due = std::min(due, connects_due_.top().at_ns);
  }
  // Also while connections are being made or outcomes awaited: a phase must end soon after its
  // reason.
  if (phase_ != Phase::kTapping) due = std::min(due, now_ns + 10 * kNsPerMs);
  due = std::max(due, now_ns + options_.tick_us * int64_t{1000});
  timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due)));
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) Tick();
  });
}

void Generator::Tick() {
  int64_t now = base::MonotonicNs();
  Advance(now);
  if (phase_ == Phase::kOver) return;
  DropIfDue(now);
  CutDue(now);
  ConnectDue(now);
  if (phase_ == Phase::kTapping) SendDueTaps(now);
  if (now >= next_sweep_ns_) {
    next_sweep_ns_ += kNsPerSecond;
    Sweep(now);
    if (progress_) progress_(*this);
  }
  FlushTouched();
  ScheduleTick(now);
}

void Generator::Advance(int64_t now_ns) {
  const int stops = stops_.load(std::memory_order_relaxed);
  if (phase_ == Phase::kConnecting) {
    const bool all = open_connections_ == viewers_.size();
    const bool connected = all || now_ns - began_ns_ > Seconds(options_.connect_seconds);
    const bool is_time = base::WallMs() >= options_.begin_at_ms;
    if ((connected && is_time) || stops > 0) BeginTapping(now_ns);
  }
  if (phase_ == Phase::kTapping) {
    bool over = RunNs(now_ns) >= Seconds(options_.seconds) && arrivals_.over();
    if (over || stops > 0) {
      report_.stopped_early = !over;
      BeginSettling(now_ns);
    }
  }
  if (phase_ == Phase::kSettling) {
    bool settled = book_.counts().open == 0;
    if (settled || stops > 1 || now_ns - settle_began_ns_ > Seconds(options_.settle_seconds)) {
      report_.settle_seconds = static_cast<double>(now_ns - settle_began_ns_) / 1e9;
      Finish(absl::OkStatus());
    }
  }
}

void Generator::BeginTapping(int64_t now_ns) {
  if (open_connections_ == 0) {
    std::string why = report_.endings.empty() ? "no answer" : report_.endings.begin()->first;
    Finish(base::Unavailable("no viewer could connect: " + why));
    return;
  }
  phase_ = Phase::kTapping;
  start_ns_ = now_ns;
  report_.began_ms = base::WallMs();
  next_sweep_ns_ = now_ns + kNsPerSecond;
  cpu_before_us_ = CpuUs();
}

void Generator::BeginSettling(int64_t now_ns) {
  phase_ = Phase::kSettling;
  settle_began_ns_ = now_ns;
  report_.seconds = static_cast<double>(RunNs(now_ns)) / 1e9;
  report_.cpu_us = CpuUs() - cpu_before_us_;
}

void Generator::Finish(absl::Status status) {
  phase_ = Phase::kOver;
  status_ = std::move(status);
  for (ViewerState& viewer : viewers_) {
    if (viewer.link) viewer.link->Drop();
  }
  context_.stop();
}

// --- Taps --------------------------------------------------------------------------------------

void Generator::SendDueTaps(int64_t now_ns) {
  const int64_t run_ns = RunNs(now_ns);
  const int64_t wall_ms = base::WallMs();
  for (; !arrivals_.over() && arrivals_.next_ns() <= run_ns; arrivals_.Advance()) {
    if (book_.full()) {
      ++report_.over_bound;
      continue;
    }
    const int64_t intended = arrivals_.next_ns();
    Tap tap = plan_.Next(intended);
    if (viewers_[tap.viewer].sold_out.contains(tap.offer)) {
      ++report_.withheld;
      continue;
    }
    uint32_t record = book_.Add(tap.viewer, tap.offer, intended, wall_ms);
    report_.lateness_ns.Add(run_ns - intended);
    const ViewerState& viewer = viewers_[tap.viewer];
    // Otherwise it waits in the viewer's list, and its latency grows, until there is a connection.
    if (viewer.state == State::kOpen && viewer.leave_ns < 0) Send(record, now_ns);
  }
}

void Generator::Send(uint32_t i, int64_t now_ns) {
  const IntentRecord& record = book_.record(i);
  viewers_[record.viewer].writer.AddIntent(ShapeOf(record), record.id);
  book_.OnSent(i, RunNs(now_ns));
  if (options_.history != nullptr) {
    options_.history->Invoke(base::WallMs(), record.id, options_.offers[record.offer].offer_id);
  }
  Touch(record.viewer);
}

// A tap that is sent again is the same to the byte: its viewer came by the same creator.
const IntentTemplate& Generator::ShapeOf(const IntentRecord& record) const {
  const size_t creators = shapes_.size() / options_.offers.size();
  return shapes_[record.offer * creators + record.viewer % creators];
}

void Generator::Watch(uint32_t i, int64_t now_ns) {
  const IntentRecord& record = book_.record(i);
  viewers_[record.viewer].writer.AddWatch(record.id);
  book_.OnWatched(i, RunNs(now_ns));
  Touch(record.viewer);
}

void Generator::Touch(uint32_t viewer) {
  if (viewers_[viewer].touched) return;
  viewers_[viewer].touched = true;
  touched_.push_back(viewer);
}

void Generator::FlushTouched() {
  for (uint32_t i : touched_) {
    viewers_[i].touched = false;
    if (viewers_[i].link) viewers_[i].link->Flush();
  }
  touched_.clear();
}

// --- Connections -------------------------------------------------------------------------------

int64_t Generator::Jittered(int64_t ms) {
  return ms / 2 + static_cast<int64_t>(random_() % static_cast<uint64_t>(ms / 2 + 1));
}

void Generator::ConnectDue(int64_t now_ns) {
  while (phase_ != Phase::kOver && !connects_due_.empty() && connecting_ < kConnectsAtOnce &&
         connects_due_.top().at_ns <= now_ns) {
    uint32_t viewer = connects_due_.top().viewer;
    connects_due_.pop();
    Connect(viewer, now_ns);
  }
}

void Generator::Connect(uint32_t i, int64_t now_ns) {
  ViewerState& viewer = viewers_[i];
  if (viewer.token.empty()) {
    absl::StatusOr<std::string> token = options_.token(i);
    if (!token.ok()) return Finish(token.status());
    viewer.token = *std::move(token);
  }
  viewer.state = State::kConnecting;
  viewer.connect_began_ns = now_ns;
  ++connecting_;
  ++report_.connects;
  viewer.link = std::make_shared<WsConnection>(context_, i, options_.encoding,
                                               static_cast<WsConnection::Events*>(this));
  viewer.link->Start(options_.targets[viewer.target], viewer.token);
}

void Generator::OnOpen(uint32_t i) {
  ViewerState& viewer = viewers_[i];
  --connecting_;
  ++open_connections_;
  viewer.state = State::kOpen;
  viewer.attempts = 0;
  viewer.leave_ns = -1;
  const int64_t now = base::MonotonicNs();
  viewer.heard_ns = now;
  if (options_.hints) {
    viewer.writer.AddRoom(options_.room);
    Touch(i);
  }
  for (uint32_t r = book_.FirstOpen(i); r != kNoRecord; r = book_.record(r).next) {
    if (book_.record(r).accepted) {
      Watch(r, now);
    } else {
      Send(r, now);
    }
  }
}

void Generator::OnClosed(uint32_t i, const std::string& why) {
  ViewerState& viewer = viewers_[i];
  if (viewer.state == State::kConnecting) --connecting_;
  if (viewer.state == State::kOpen) {
    --open_connections_;
    ++report_.disconnects;
  }
  // The kinds of endings are few; the bound only guards against surprises.
  if (report_.endings.size() < 64 || report_.endings.contains(why)) ++report_.endings[why];
  viewer.state = State::kWaiting;
  viewer.link = nullptr;
  viewer.writer.Clear();
  book_.OnDisconnected(i);
  viewer.target = (viewer.target + 1) % static_cast<uint32_t>(options_.targets.size());
  int64_t delay = std::min(kBackoffLastMs, kBackoffFirstMs << std::min<int>(viewer.attempts, 6));
  if (viewer.attempts < 255) ++viewer.attempts;
  Reconnect(i, Jittered(delay));
}

void Generator::DropIfDue(int64_t now_ns) {
  if (dropped_ || options_.drop_at_s < 0 || phase_ != Phase::kTapping) return;
  if (RunNs(now_ns) < Seconds(options_.drop_at_s)) return;
  dropped_ = true;
  for (uint32_t i = 0; i < viewers_.size(); ++i) {
    if (viewers_[i].state == State::kOpen) Leave(i, "cut by --drop_at_s");
  }
}

// A turn that falls on a connection which is not open is lost, so that no tick cuts one twice.
void Generator::CutDue(int64_t now_ns) {
  if (options_.cuts_per_s <= 0 || phase_ != Phase::kTapping) return;
  const double due = static_cast<double>(RunNs(now_ns)) / 1e9 * options_.cuts_per_s;
  for (; static_cast<double>(cuts_ + 1) <= due; ++cuts_) {
    const auto i = static_cast<uint32_t>(cuts_ % viewers_.size());
    if (viewers_[i].state == State::kOpen) Leave(i, "cut by --cuts_per_s");
  }
}

void Generator::Reconnect(uint32_t viewer, int64_t delay_ms) {
  if (phase_ == Phase::kOver) return;
  connects_due_.push({base::MonotonicNs() + delay_ms * kNsPerMs, viewer});
}

void Generator::Leave(uint32_t i, const std::string& why) {
  viewers_[i].link->Drop();
  OnClosed(i, why);
}

std::string Generator::NextFrame(uint32_t i) {
  FrameWriter& writer = viewers_[i].writer;
  return writer.empty() ? std::string() : writer.Take();
}

void Generator::OnMessage(uint32_t i, std::string_view bytes) {
  const int64_t now = base::MonotonicNs();
  ViewerState& viewer = viewers_[i];
  viewer.heard_ns = now;
  const intake::v1::ServerFrame* frame = nullptr;
  if (!reader_.Read(bytes, &frame).ok()) {
    ++report_.unreadable_frames;
    return;
  }
  for (const auto& receipt : frame->receipts()) book_.OnReceipt(receipt, RunNs(now));
  for (const auto& outcome : frame->outcomes()) book_.OnOutcome(outcome, RunNs(now));
  if (options_.hints) TakeHints(viewer, *frame);
  if (options_.history != nullptr) {
    const int64_t wall_ms = base::WallMs();
    for (const auto& receipt : frame->receipts()) options_.history->Receipt(wall_ms, receipt);
    for (const auto& outcome : frame->outcomes()) options_.history->Outcome(wall_ms, outcome);
  }
  if (frame->has_drain() && viewer.leave_ns < 0) {
    ++report_.drains;
    viewer.leave_ns = now + frame->drain().reconnect_after_ms() * kNsPerMs;
  }
}

// The contract's rule: a room's hint voids what was told of its offers before.
void Generator::TakeHints(ViewerState& viewer, const intake::v1::ServerFrame& frame) {
  if (frame.rooms_size() > 0) viewer.sold_out.clear();
  if (frame.rooms_size() + frame.offers_size() > 0) ++report_.hint_frames;
  for (const intake::v1::OfferHint& hint : frame.offers()) {
    const auto at = offer_numbers_.find(hint.offer_id());
    if (at == offer_numbers_.end()) continue;
    if (hint.stock() == intake::v1::OfferHint::STOCK_CLOSED) {
      viewer.sold_out.insert(at->second);
    } else {
      viewer.sold_out.erase(at->second);
    }
  }
}

// --- Once a second -----------------------------------------------------------------------------

void Generator::Sweep(int64_t now_ns) {
  for (uint32_t i = 0; i < viewers_.size(); ++i) {
    const ViewerState& viewer = viewers_[i];
    if (viewer.state == State::kConnecting &&
        now_ns - viewer.connect_began_ns > kConnectMs * kNsPerMs) {
      Leave(i, "connect: no answer in time");
    } else if (viewer.state == State::kOpen && viewer.leave_ns >= 0 && now_ns >= viewer.leave_ns) {
      Leave(i, "left a draining gateway");
    } else if (viewer.state == State::kOpen) {
      SweepViewer(i, now_ns);
    }
  }
}

void Generator::SweepViewer(uint32_t i, int64_t now_ns) {
  const int64_t run_ms = RunNs(now_ns) / kNsPerMs;
  const int64_t heard_ms = RunNs(viewers_[i].heard_ns) / kNsPerMs;
  for (uint32_t r = book_.FirstOpen(i); r != kNoRecord; r = book_.record(r).next) {
    const IntentRecord& record = book_.record(r);
    const int64_t waited_ms = run_ms - record.asked_ms;
    if (waited_ms < kAskAgainMs) continue;
    if (record.accepted) {
      Watch(r, now_ns);
      continue;
    }
    // A gateway owes an answer, PENDING at least, within a second.
    if (record.unanswered && waited_ms < kSilentMs) continue;
    if (record.unanswered && heard_ms < record.asked_ms) {
      return Leave(i, "left a silent gateway");
    }
    if (run_ms - record.intended_ns / kNsPerMs < kResendUntilMs) {
      Send(r, now_ns);
    } else {
      Watch(r, now_ns);
    }
  }
}

}  // namespace jembatan::load
