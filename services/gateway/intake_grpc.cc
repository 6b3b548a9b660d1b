#include "services/gateway/intake_grpc.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "jembatan/intake/v1/intake.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/text.h"
#include "libs/base/timestamp.h"
#include "services/gateway/edge.h"
#include "services/gateway/unary_grpc.h"

namespace jembatan::gateway {
namespace {

using grpc::ByteBuffer;
using grpc::CallbackServerContext;

// A stream that was refused before it reached a shard.
class RefusedStream final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  explicit RefusedStream(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

class SubmitCall final : public UnaryCall, public Session {
 public:
  SubmitCall(Edge& edge, std::atomic<int>& calls, PrincipalPtr principal, const ByteBuffer* request,
             ByteBuffer* response)
      : UnaryCall(edge, calls),
        Session(std::move(principal)),
        request_(request),
        response_(response) {}

  void Run() {
    grpc::Slice slice;
    intake::v1::SubmitIntentRequest submit;
    const intent::Refusal refusal =
        edge_.decoder().DecodeSubmit(intent::Encoding::kProto, BytesOf(*request_, &slice), &submit);
    if (refusal.refused()) {
      edge_.probe().TurnedAway(Turned::kMalformed);
      return Finish(Refused(refusal.reason, refusal.message));
    }
    intake::v1::ClientFrame& frame = edge_.frame();
    frame.Clear();
    frame.add_intents()->Swap(submit.mutable_intent());
    since_ns_ = base::MonotonicNs();
    key_ = edge_.intake().Open(this, /*push_outcomes=*/false);
    const absl::Status submitted = edge_.intake().Submit(key_, frame, base::WallMs());
    if (!submitted.ok()) {
      Complete(Refused(intake::v1::REASON_TOO_LARGE, base::Std(submitted.message())));
    }
  }

  void OnOutbox() override {
    const auto frame = TakeOutbox();
    if (answered_ || !frame || frame->receipts_size() == 0) return;
    edge_.probe().ReceiptTook(base::MonotonicNs() - since_ns_);
    intake::v1::SubmitIntentResponse answer;
    answer.mutable_receipt()->Swap(frame->mutable_receipts(0));
    std::string bytes;
    intent::EncodeSubmit(intent::Encoding::kProto, answer, &bytes);
    *response_ = ToBuffer(bytes);
    Complete(grpc::Status::OK);
  }
  void OnOverflow() override {}  // one receipt cannot overflow

 private:
  // Not inside the intake's tick: it is telling this session.
  void Complete(grpc::Status status) {
    answered_ = true;
    status_ = std::move(status);
    edge_.AfterTick([this] {
      edge_.intake().Close(key_);
      Finish(std::move(status_));
    });
  }

  const ByteBuffer* const request_;
  ByteBuffer* const response_;
  Intake::SessionKey key_ = 0;
  int64_t since_ns_ = 0;
  bool answered_ = false;
  grpc::Status status_;
};

class QueryCall final : public UnaryCall {
 public:
  QueryCall(Edge& edge, std::atomic<int>& calls, PrincipalPtr principal, const ByteBuffer* request,
            ByteBuffer* response)
      : UnaryCall(edge, calls),
        principal_(std::move(principal)),
        request_(request),
        response_(response) {}

  void Run() {
    grpc::Slice slice;
    intake::v1::GetOutcomesRequest query;
    const intent::Refusal refusal =
        edge_.decoder().DecodeQuery(intent::Encoding::kProto, BytesOf(*request_, &slice), &query);
    if (refusal.refused()) {
      edge_.probe().TurnedAway(Turned::kMalformed);
      return Finish(Refused(refusal.reason, refusal.message));
    }
    intake::v1::GetOutcomesResponse answers;
    edge_.intake().Answer(*principal_, query, &answers);
    std::string bytes;
    intent::EncodeAnswers(intent::Encoding::kProto, answers, &bytes);
    *response_ = ToBuffer(bytes);
    Finish(grpc::Status::OK);
  }

 private:
  const PrincipalPtr principal_;
  const ByteBuffer* const request_;
  ByteBuffer* const response_;
};

class StreamCall final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>,
                         public Connection,
                         public Session {
 public:
  StreamCall(Edge& edge, std::atomic<int>& streams, CallbackServerContext& context,
             PrincipalPtr principal)
      : Session(std::move(principal)), edge_(edge), streams_(streams), context_(context) {
    ++streams_;
  }
  ~StreamCall() override { --streams_; }

  // Reactions, on gRPC's threads.
  void OnReadDone(bool ok) override {
    edge_.Post([this, ok] { Read(ok); });
  }
  void OnWriteDone(bool ok) override {
    edge_.Post([this, ok] { Written(ok); });
  }
  void OnCancel() override {
    edge_.Post([this] { EndWith(grpc::Status(grpc::StatusCode::CANCELLED, "cancelled")); });
  }
  void OnDone() override {
    edge_.Post([this] { edge_.AfterTick([this] { delete this; }); });
  }

  // The rest on the shard's.
  void Open() {
    if (finished_) return;  // cancelled before it began
    if (edge_.full()) {
      edge_.probe().TurnedAway(Turned::kFull);
      return EndWith(Refused(intake::v1::REASON_OVERLOADED, "too many streams"));
    }
    open_ = true;
    edge_.Add(*this, Transport::kGrpc);
    key_ = edge_.intake().Open(this, /*push_outcomes=*/true);
    base::SetMs(base::WallMs(), Outbox().mutable_server_time());
    if (edge_.draining()) OnDrain();
    Pump();
    if (!finished_) StartRead(&in_);
  }

  void OnOutbox() override { Pump(); }
  // What is to be sent to this session alone goes first, at the tick's end.
  void OnHints() override {
    if (!has_outbox()) Pump();
  }
  void OnOverflow() override {
    edge_.probe().TurnedAway(Turned::kSlowReader);
    TakeOutbox();
    // A reader that does not read would not see a status either.
    context_.TryCancel();
  }

  void OnSweep(const SweepTime& now) override {
    const Timeouts& timeouts = edge_.timeouts();
    if (writing_ && now.monotonic_ms - write_since_ms_ > timeouts.write_stall_ms) {
      edge_.probe().TurnedAway(Turned::kSlowReader);
      context_.TryCancel();
    } else if (ending_ && !finished_ && now.monotonic_ms - ending_since_ms_ > timeouts.drain_ms) {
      due_ = 0;
      Pump();
    } else if (!ending_ && !finished_ && Expired(principal(), now.wall_ms)) {
      edge_.probe().TurnedAway(Turned::kExpired);
      EndWith(Refused(intake::v1::REASON_UNAUTHENTICATED, "the token has expired"));
    }
  }

  void OnDrain() override {
    if (ending_ || finished_) return;
    Outbox().mutable_drain()->set_reconnect_after_ms(edge_.ReconnectSpread());
    EndWhenAnswered(Refused(intake::v1::REASON_SHUTTING_DOWN, "this gateway is draining"));
    Pump();
  }

  void Abort() override { context_.TryCancel(); }

 private:
  void Read(bool ok) {
    if (finished_) return;
    if (!ok) {
      EndWhenAnswered(grpc::Status::OK);
      return Pump();
    }
    grpc::Slice slice;
    const std::string_view bytes = BytesOf(in_, &slice);
    intake::v1::ClientFrame& frame = edge_.frame();
    const intent::Refusal refusal =
        edge_.decoder().DecodeFrame(intent::Encoding::kProto, bytes, &frame);
    if (refusal.refused()) {
      edge_.probe().TurnedAway(Turned::kMalformed);
      return EndWith(Refused(refusal.reason, refusal.message));
    }
    sample_.Begin(frame);
    const absl::Status submitted = edge_.intake().Submit(key_, frame, base::WallMs());
    if (!submitted.ok()) {
      edge_.probe().TurnedAway(Turned::kTooLarge);
      return EndWith(Refused(intake::v1::REASON_TOO_LARGE, base::Std(submitted.message())));
    }
    due_ += static_cast<uint32_t>(frame.intents_size());
    in_.Clear();
    StartRead(&in_);
  }

  void Pump() {
    if (finished_ || writing_) return;
    if (const auto frame = TakeOutbox()) {
      sample_.Look(*frame, edge_.probe());
      for (const auto& receipt : frame->receipts()) {
        if (receipt.status() != intake::v1::Receipt::STATUS_PENDING && due_ > 0) --due_;
      }
      std::string bytes;
      intent::EncodeFrame(intent::Encoding::kProto, *frame, &bytes);
      return Write(bytes);
    }
    // Perhaps inside the intake's tick, where its session may not be closed.
    if (ending_ && due_ == 0) {
      edge_.AfterTick([this] { EndWith(std::move(end_status_)); });
    }
    if (ending_) return;
    if (const RoomHints::Frame hint = edge_.hints().Take(*this, intent::Encoding::kProto)) {
      Write(*hint);
    }
  }

  void Write(const std::string& bytes) {
    out_ = ToBuffer(bytes);
    writing_ = true;
    write_since_ms_ = edge_.coarse_ms();
    StartWrite(&out_);
  }

  void Written(bool ok) {
    writing_ = false;
    out_.Clear();
    if (finished_) return FinishNow();
    if (!ok) return EndWith(grpc::Status(grpc::StatusCode::CANCELLED, "the client has gone"));
    Pump();
  }

  void EndWhenAnswered(grpc::Status status) {
    if (ending_) return;
    ending_ = true;
    ending_since_ms_ = edge_.coarse_ms();
    end_status_ = std::move(status);
  }

  // The last word; the first one stands.
  void EndWith(grpc::Status status) {
    if (finished_) return;
    finished_ = true;
    if (open_) edge_.intake().Close(key_);
    end_status_ = std::move(status);
    if (!writing_) FinishNow();
  }

  // Until here the sweep watches, lest a write that never ends keep the call. Afterwards nothing
  // may touch it but what is already posted.
  void FinishNow() {
    if (open_) edge_.Remove(*this, Transport::kGrpc);
    Finish(std::move(end_status_));
  }

  Edge& edge_;
  std::atomic<int>& streams_;
  CallbackServerContext& context_;
  ByteBuffer in_;
  ByteBuffer out_;
  ReceiptSample sample_;
  Intake::SessionKey key_ = 0;
  grpc::Status end_status_;
  int64_t write_since_ms_ = 0;
  int64_t ending_since_ms_ = 0;
  // Submissions whose ACCEPTED or REFUSED has not been sent.
  uint32_t due_ = 0;
  bool open_ = false;
  bool writing_ = false;
  bool ending_ = false;
  bool finished_ = false;
};

using Raw = intake::v1::IntakeService::WithRawCallbackMethod_SubmitIntent<
    intake::v1::IntakeService::WithRawCallbackMethod_StreamIntents<
        intake::v1::IntakeService::WithRawCallbackMethod_GetOutcomes<
            intake::v1::IntakeService::Service>>>;

}  // namespace

class IntakeGrpc::Service final : public Raw {
 public:
  explicit Service(std::vector<Edge*> edges) : unary_(std::move(edges)) {}

  grpc::ServerUnaryReactor* SubmitIntent(CallbackServerContext* context, const ByteBuffer* request,
                                         ByteBuffer* response) override {
    return unary_.Begin<SubmitCall>(*context, request, response);
  }

  grpc::ServerUnaryReactor* GetOutcomes(CallbackServerContext* context, const ByteBuffer* request,
                                        ByteBuffer* response) override {
    return unary_.Begin<QueryCall>(*context, request, response);
  }

  grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* StreamIntents(
      CallbackServerContext* context) override {
    Edge& edge = unary_.NextEdge();
    auto principal = edge.authenticator().Authenticate(TokenOf(*context), base::WallMs());
    if (!principal.ok()) return new RefusedStream(Unauthenticated(edge, principal.status()));
    auto* call = new StreamCall(edge, streams_, *context, *std::move(principal));
    edge.Post([call] { call->Open(); });
    return call;
  }

  int calls() const { return unary_.alive() + streams_.load(); }

 private:
  UnaryCalls unary_;
  std::atomic<int> streams_{0};
};

IntakeGrpc::IntakeGrpc(std::vector<Edge*> edges)
    : service_(std::make_unique<Service>(std::move(edges))) {}

IntakeGrpc::~IntakeGrpc() = default;

grpc::Service* IntakeGrpc::service() { return service_.get(); }
int IntakeGrpc::calls() const { return service_->calls(); }

}  // namespace jembatan::gateway
