#include "services/bridge/orders_grpc.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "absl/base/thread_annotations.h"

#include "libs/base/check.h"
#include "libs/base/log.h"
#include "libs/base/mutex.h"

namespace jembatan::bridge {
namespace {

constexpr int kReopenFirstMs = 50;
constexpr int kReopenLongestMs = 2'000;

}  // namespace

// One PlaceOrders stream from its opening to its end. The queue's thread keeps it flowing: it
// starts the next write and the next read as soon as one is done, because the shard, which works in
// ticks, would get to one message a tick. What was read is the shard's to look at. At most one read
// and one write are under way; the object lives until gRPC has returned every tag.
class OrdersClient::Stream {
 public:
  explicit Stream(OrdersClient* owner) : owner_(owner) {
    call_ = owner->stub_->PrepareAsyncPlaceOrders(&context_, owner->queue_->get());
    base::MutexLock lock(&mutex_);
    ++tags_;
    started_.HandOver();
    call_->StartCall(&started_);
  }

  void Place(const effect::Place& place) {
    std::unique_ptr<Request> request = Spare(&spare_requests_);
    request->Clear();
    request->set_batch_id(place.batch);
    owner_->SetScope(place.partition, place.token, request->mutable_fencing());
    for (const crossing::v1::PurchaseIntent* intent : place.intents) {
      ToOrder(*intent, request->add_orders());
    }
    base::MutexLock lock(&mutex_);
    outbox_.push_back(std::move(request));
    if (!writing_ && up_) Write();
  }

  // The owner wants to hear nothing more of this stream.
  void Abandon() {
    owner_ = nullptr;
    Break();
    FinishIfIdle();
  }

 private:
  using Request = orders::v1::PlaceOrdersRequest;
  using Response = orders::v1::PlaceOrdersResponse;

  // Messages go round: a batch of 512 orders is thousands of allocations, unless they are in place.
  template <typename Message>
  std::unique_ptr<Message> Spare(std::vector<std::unique_ptr<Message>>* spare) {
    base::MutexLock lock(&mutex_);
    return TakeSpare(spare);
  }
  template <typename Message>
  static std::unique_ptr<Message> TakeSpare(std::vector<std::unique_ptr<Message>>* spare) {
    if (spare->empty()) return std::make_unique<Message>();
    std::unique_ptr<Message> message = std::move(spare->back());
    spare->pop_back();
    return message;
  }

  // Tags are members that outlive their operations, so running one deletes nothing by itself.
  struct Step : rpc::Tag {
    Step(Stream* stream, bool (Stream::*on_queue)(bool), void (Stream::*run)(bool))
        : stream(stream), on_queue(on_queue), run(run) {}
    // An operation that is handed over counts until the shard has seen it: the stream must not be
    // deleted before.
    bool RunOnQueue(bool ok) override {
      base::MutexLock lock(&stream->mutex_);
      bool done = (stream->*on_queue)(ok);
      if (done) --stream->tags_;
      return done;
    }
    void Run(bool ok) override {
      (stream->*run)(ok);
      {
        base::MutexLock lock(&stream->mutex_);
        --stream->tags_;
      }
      stream->FinishIfIdle();
    }
    Stream* stream;
    bool (Stream::*on_queue)(bool);
    void (Stream::*run)(bool);
  };

  // --- On the queue's thread --------------------------------------------------------------------

  // True: the shard need not hear of it.
  bool QueueStarted(bool ok) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ok && !broken_) {
      up_ = true;
      Read();
    }
    return false;
  }

  bool QueueRead(bool ok) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!ok || broken_) return false;
    bool told = !inbox_.empty();
    inbox_.push_back(std::exchange(response_, TakeSpare(&spare_responses_)));
    Read();
    // The shard takes all there is at once.
    return told;
  }

  bool QueueWritten(bool ok) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writing_ = false;
    spare_requests_.push_back(std::move(outbox_.front()));
    outbox_.pop_front();
    if (!ok || broken_) return false;
    if (!outbox_.empty()) Write();
    return true;
  }

  bool QueueFinished(bool /*ok*/) { return false; }

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ++tags_;
    read_.HandOver();
    call_->Read(response_.get(), &read_);
  }

  void Write() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writing_ = true;
    ++tags_;
    written_.HandOver();
    call_->Write(*outbox_.front(), &written_);
  }

  // --- On the shard's thread --------------------------------------------------------------------

  void OnStarted(bool ok) {
    if (!ok) return Break();
    if (owner_ == nullptr) return;
    owner_->attempts_ = 0;
    owner_->handler_->OnStreamUp();
  }

  void OnRead(bool ok) {
    std::vector<std::unique_ptr<Response>> responses;
    {
      base::MutexLock lock(&mutex_);
      responses.swap(inbox_);
    }
    for (const std::unique_ptr<Response>& response : responses) Answer(*response);
    if (!ok) Break();
    base::MutexLock lock(&mutex_);
    std::move(responses.begin(), responses.end(), std::back_inserter(spare_responses_));
  }

  void Answer(const Response& response) {
    if (owner_ == nullptr) return;
    owner_->OnAnswer();
    owner_->unknown_fields_ += UnknownFieldsIn(response);
    size_t count = static_cast<size_t>(response.results_size());
    if (decisions_.size() < count) decisions_.resize(count);
    for (size_t i = 0; i < count; ++i) {
      ToDecision(response.results(static_cast<int>(i)), &owner_->options_.urls, &decisions_[i]);
    }
    std::span<const Decision> decisions(decisions_.data(), count);
    owner_->handler_->OnAnswered(event::Answered{response.batch_id(), response.stale(), decisions});
  }

  void OnWritten(bool ok) {
    if (!ok) Break();
  }

  void OnFinished(bool /*ok*/) { finished_seen_ = true; }

  void Break() {
    base::MutexLock lock(&mutex_);
    broken_ = true;
    context_.TryCancel();
  }

  // Once broken and without operations under way: collect the status, tell the owner, go.
  void FinishIfIdle() {
    {
      base::MutexLock lock(&mutex_);
      if (!broken_ || tags_ > 0) return;
      if (owner_ != nullptr && !finish_asked_) {
        finish_asked_ = true;
        ++tags_;
        finished_.HandOver();
        call_->Finish(&status_, &finished_);
        return;
      }
    }
    // An abandoned call ends with its context: nobody asks for the status, and the queue may be
    // shut down and take no operation any more.
    if (owner_ != nullptr) {
      if (!finished_seen_) return;
      owner_->OnStreamEnded(status_.error_message());
    }
    delete this;
  }

  OrdersClient* owner_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<orders::v1::PlaceOrdersRequest,
                                                orders::v1::PlaceOrdersResponse>>
      call_;
  std::vector<Decision> decisions_;
  grpc::Status status_;
  bool finish_asked_ = false;
  bool finished_seen_ = false;

  base::Mutex mutex_;
  // All bounded by the core's kBatchesInFlight for each partition.
  std::deque<std::unique_ptr<Request>> outbox_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Response>> inbox_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Request>> spare_requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Response>> spare_responses_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Response> response_ ABSL_GUARDED_BY(mutex_) = std::make_unique<Response>();
  int tags_ ABSL_GUARDED_BY(mutex_) = 0;
  bool up_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;

  Step started_{this, &Stream::QueueStarted, &Stream::OnStarted};
  Step read_{this, &Stream::QueueRead, &Stream::OnRead};
  Step written_{this, &Stream::QueueWritten, &Stream::OnWritten};
  Step finished_{this, &Stream::QueueFinished, &Stream::OnFinished};
};

class OrdersClient::FenceCall : public rpc::Tag {
 public:
  FenceCall(OrdersClient* owner, const effect::Fence& fence) : owner_(owner), fence_(fence) {
    owner->SetScope(fence.partition, fence.token, request_.mutable_fencing());
    owner->SetDeadline(&context_);
    call_ = owner->stub_->AsyncFence(&context_, request_, owner->queue_->get());
    HandOver();
    call_->Finish(&response_, &status_, this);
  }
  void Run(bool /*ok*/) override {
    std::unique_ptr<FenceCall> self(this);
    if (owner_->stopped_) return;
    owner_->unknown_fields_ += UnknownFieldsIn(response_);
    event::Fenced fenced{fence_.partition, fence_.token, std::nullopt};
    if (status_.ok()) fenced.highest = response_.token();
    owner_->handler_->OnFenced(fenced);
    owner_->OnCallEnded(status_);
  }

 private:
  OrdersClient* const owner_;
  const effect::Fence fence_;
  grpc::ClientContext context_;
  orders::v1::FenceRequest request_;
  orders::v1::FenceResponse response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<orders::v1::FenceResponse>> call_;
};

class OrdersClient::AskCall : public rpc::Tag {
 public:
  AskCall(OrdersClient* owner, const effect::Ask& ask) : owner_(owner), ask_(ask.ask) {
    owner->SetScope(ask.partition, ask.token, request_.mutable_fencing());
    owner->SetDeadline(&context_);
    for (const crossing::v1::PurchaseIntent* intent : ask.intents) {
      orders::v1::GetOrdersRequest::Key* key = request_.add_keys();
      key->set_buyer_ref(intent->buyer_ref());
      key->set_intent_id(intent->intent_id());
    }
    call_ = owner->stub_->AsyncGetOrders(&context_, request_, owner->queue_->get());
    HandOver();
    call_->Finish(&response_, &status_, this);
  }
  void Run(bool /*ok*/) override {
    std::unique_ptr<AskCall> self(this);
    if (owner_->stopped_) return;
    owner_->unknown_fields_ += UnknownFieldsIn(response_);
    std::vector<Finding> findings;
    for (const orders::v1::GetOrdersResponse::Answer& answer : response_.answers()) {
      findings.push_back(ToFinding(answer, &owner_->options_.urls));
    }
    owner_->handler_->OnFound(event::Found{ask_, status_.ok(), response_.stale(), findings});
    owner_->OnCallEnded(status_);
  }

 private:
  OrdersClient* const owner_;
  const uint64_t ask_;
  grpc::ClientContext context_;
  orders::v1::GetOrdersRequest request_;
  orders::v1::GetOrdersResponse response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<orders::v1::GetOrdersResponse>> call_;
};

OrdersClient::OrdersClient(Options options, Connect connect, rpc::CompletionQueue* queue,
                           boost::asio::io_context& context, OrdersHandler* handler)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      stub_(orders::v1::OrderService::NewStub(connect_())),
      queue_(queue),
      handler_(handler),
      reopen_(context) {}

OrdersClient::~OrdersClient() { JEMB_CHECK(stream_ == nullptr); }

void OrdersClient::Start() { Open(); }

void OrdersClient::Stop() {
  stopped_ = true;
  reopen_.cancel();
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->Abandon();
}

void OrdersClient::Open() { stream_ = new Stream(this); }

void OrdersClient::OnStreamEnded(const std::string& why) {
  stream_ = nullptr;
  if (stopped_) return;
  if (attempts_ == 0) base::Log(base::Level::kWarn, "orders_stream_down", {{"why", why}});
  handler_->OnStreamDown();
  int wait_ms = std::min(kReopenFirstMs << std::min(attempts_++, 10), kReopenLongestMs);
  reopen_.expires_after(std::chrono::milliseconds(wait_ms));
  reopen_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopped_) Open();
  });
}

void OrdersClient::Place(const effect::Place& place) {
  // Without a stream the core hears of the break in this same turn; the batch counts as unanswered.
  if (stream_ != nullptr) stream_->Place(place);
}

void OrdersClient::Ask(const effect::Ask& ask) { new AskCall(this, ask); }

void OrdersClient::Fence(const effect::Fence& fence) { new FenceCall(this, fence); }

void OrdersClient::Reset() {
  if (stream_ != nullptr) Replace("a batch was not answered in time");
}

void OrdersClient::OnCallEnded(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) return OnAnswer();
  const auto now = std::chrono::steady_clock::now();
  if (!unanswered_since_) {
    unanswered_since_ = now - std::chrono::milliseconds(options_.call_timeout_ms);
  }
  if (now - *unanswered_since_ < std::chrono::milliseconds(options_.unanswered_ms)) return;
  Replace("no call was answered in time");
}

void OrdersClient::Replace(const std::string& why) {
  unanswered_since_.reset();
  stub_ = orders::v1::OrderService::NewStub(connect_());
  if (stream_ == nullptr) return;
  std::exchange(stream_, nullptr)->Abandon();
  OnStreamEnded(why);
}

void OrdersClient::SetScope(int32_t partition, uint64_t token, orders::v1::Fencing* fencing) const {
  fencing->set_topic_version(options_.topic_version);
  fencing->set_partition(static_cast<uint32_t>(partition));
  fencing->set_token(token);
}

void OrdersClient::SetDeadline(grpc::ClientContext* context) const {
  context->set_deadline(std::chrono::system_clock::now() +
                        std::chrono::milliseconds(options_.call_timeout_ms));
}

}  // namespace jembatan::bridge
