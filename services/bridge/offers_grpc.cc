#include "services/bridge/offers_grpc.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/log.h"

namespace jembatan::bridge {
namespace {

constexpr int kReopenFirstMs = 100;
constexpr int kReopenLongestMs = 5'000;

}  // namespace

// One stream from its opening to its end, one operation under way at a time: each step of it starts
// the next, and the last one deletes it.
class OffersWatch::Stream : public rpc::Tag {
 public:
  explicit Stream(OffersWatch* owner) : owner_(owner) {
    call_ = owner->stub_->PrepareAsyncWatchOffers(&context_, request_, owner->queue_->get());
    HandOver();
    call_->StartCall(this);
  }

  // The owner wants to hear nothing more of it.
  void Abandon() {
    owner_ = nullptr;
    context_.TryCancel();
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
    if (std::exchange(step_, Step::kRead) == Step::kStart) {
      owner_->handler_->OnWatchBegun();
    } else {
      Tell();
    }
    HandOver();
    call_->Read(&response_, this);
  }

 private:
  enum class Step { kStart, kRead, kFinish };

  void Tell() {
    owner_->attempts_ = 0;
    owner_->unknown_fields_ += UnknownFieldsIn(response_);
    for (const orders::v1::Offer& offer : response_.offers()) {
      ToOfferRecord(offer, owner_->marketplace_id_, &record_);
      owner_->handler_->OnOffer(record_);
    }
    if (response_.snapshot_complete()) owner_->handler_->OnAllTold();
  }

  OffersWatch* owner_;
  Step step_ = Step::kStart;
  grpc::ClientContext context_;
  const orders::v1::WatchOffersRequest request_;
  orders::v1::WatchOffersResponse response_;
  crossing::v1::Offer record_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncReader<orders::v1::WatchOffersResponse>> call_;
};

OffersWatch::OffersWatch(std::string marketplace_id, std::shared_ptr<grpc::Channel> channel,
                         rpc::CompletionQueue* queue, boost::asio::io_context& context,
                         OffersWatchHandler* handler)
    : marketplace_id_(std::move(marketplace_id)),
      stub_(orders::v1::OrderService::NewStub(std::move(channel))),
      queue_(queue),
      handler_(handler),
      reopen_(context) {}

OffersWatch::~OffersWatch() { JEMB_CHECK(stream_ == nullptr); }

void OffersWatch::Start() {
  if (std::exchange(wanted_, true)) return;
  stream_ = new Stream(this);
}

void OffersWatch::Stop() {
  wanted_ = false;
  reopen_.cancel();
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->Abandon();
}

void OffersWatch::OnStreamEnded(const grpc::Status& status) {
  stream_ = nullptr;
  if (attempts_ == 0) {
    base::Log(base::Level::kWarn, "offers_stream_down", {{"why", status.error_message()}});
  }
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    handler_->OnWatchUnsupported();
  } else {
    handler_->OnWatchEnded();
  }
  OpenLater();
}

void OffersWatch::UseChannel(std::shared_ptr<grpc::Channel> channel) {
  stub_ = orders::v1::OrderService::NewStub(std::move(channel));
  if (stream_ == nullptr) return;
  std::exchange(stream_, nullptr)->Abandon();
  handler_->OnWatchEnded();
  OpenLater();
}

void OffersWatch::OpenLater() {
  const int wait_ms = std::min(kReopenFirstMs << std::min(attempts_++, 10), kReopenLongestMs);
  reopen_.expires_after(std::chrono::milliseconds(wait_ms));
  reopen_.async_wait([this](boost::system::error_code error) {
    if (!error && wanted_ && stream_ == nullptr) stream_ = new Stream(this);
  });
}

}  // namespace jembatan::bridge
