#include "services/bridge/order_states_grpc.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/log.h"
#include "libs/base/timestamp.h"

namespace jembatan::bridge {
namespace {

constexpr int kReopenFirstMs = 100;
constexpr int kReopenLongestMs = 5'000;

}  // namespace

// One stream from its opening to its end, one operation under way at a time, or none while what it
// told is being taken. The last one deletes it.
class OrderStatesWatch::Stream : public rpc::Tag {
 public:
  explicit Stream(OrderStatesWatch* owner) : owner_(owner) {
    base::SetMs(owner->handler_->SinceMs(), request_.mutable_since());
    call_ = owner->stub_->PrepareAsyncWatchOrderStates(&context_, request_, owner->queue_->get());
    HandOver();
    call_->StartCall(this);
  }

  // The owner wants to hear nothing more of it.
  void Abandon() {
    owner_ = nullptr;
    context_.TryCancel();
    if (step_ == Step::kHeld) delete this;
  }

  void Run(bool ok) override {
    // An abandoned call ends with its context; the queue may take no operation any more.
    if (owner_ == nullptr || step_ == Step::kFinish) {
      std::unique_ptr<Stream> self(this);
      if (owner_ != nullptr) owner_->OnStreamEnded(status_);
      return;
    }
    if (!ok) {
      step_ = Step::kFinish;
      HandOver();
      return call_->Finish(&status_, this);
    }
    if (step_ == Step::kStart) return Read();
    owner_->attempts_ = 0;
    step_ = Step::kHeld;
    owner_->handler_->OnStates(response_);
  }

  void TakeNext() {
    if (step_ == Step::kHeld) Read();
  }

 private:
  enum class Step { kStart, kRead, kHeld, kFinish };

  void Read() {
    step_ = Step::kRead;
    HandOver();
    call_->Read(&response_, this);
  }

  OrderStatesWatch* owner_;
  Step step_ = Step::kStart;
  grpc::ClientContext context_;
  orders::v1::WatchOrderStatesRequest request_;
  orders::v1::WatchOrderStatesResponse response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncReader<orders::v1::WatchOrderStatesResponse>> call_;
};

OrderStatesWatch::OrderStatesWatch(std::shared_ptr<grpc::Channel> channel,
                                   rpc::CompletionQueue* queue, boost::asio::io_context& context,
                                   OrderStatesHandler* handler)
    : stub_(orders::v1::OrderStateService::NewStub(std::move(channel))),
      queue_(queue),
      handler_(handler),
      reopen_(context) {}

OrderStatesWatch::~OrderStatesWatch() { JEMB_CHECK(stream_ == nullptr); }

void OrderStatesWatch::Start() {
  if (std::exchange(wanted_, true)) return;
  stream_ = new Stream(this);
}

void OrderStatesWatch::Stop() {
  wanted_ = false;
  reopen_.cancel();
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->Abandon();
}

void OrderStatesWatch::UseChannel(std::shared_ptr<grpc::Channel> channel) {
  stub_ = orders::v1::OrderStateService::NewStub(std::move(channel));
  if (stream_ != nullptr) OpenAgain();
}

void OrderStatesWatch::TakeNext() {
  if (stream_ != nullptr) stream_->TakeNext();
}

void OrderStatesWatch::OpenAgain() {
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->Abandon();
  if (wanted_) OpenLater();
}

void OrderStatesWatch::OnStreamEnded(const grpc::Status& status) {
  stream_ = nullptr;
  if (attempts_ == 0) {
    base::Log(base::Level::kWarn, "order_states_stream_down", {{"why", status.error_message()}});
  }
  OpenLater();
}

void OrderStatesWatch::OpenLater() {
  const int wait_ms = std::min(kReopenFirstMs << std::min(attempts_++, 10), kReopenLongestMs);
  reopen_.expires_after(std::chrono::milliseconds(wait_ms));
  reopen_.async_wait([this](boost::system::error_code error) {
    if (!error && wanted_ && stream_ == nullptr) stream_ = new Stream(this);
  });
}

}  // namespace jembatan::bridge
