#include "tests/pipeline/viewer.h"

#include <future>
#include <utility>

#include "gtest/gtest.h"
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <google/protobuf/util/json_util.h>

#include "bench/load/record.h"
#include "libs/base/check.h"
#include "tests/pipeline/patience.h"

namespace jembatan::pipeline {

ViewerLoop::ViewerLoop() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}

ViewerLoop::~ViewerLoop() {
  work_.reset();
  context_.stop();
  thread_.join();
}

template <typename Task>
void ViewerLoop::Run(Task task) {
  std::promise<void> done;
  boost::asio::post(context_, [&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

Viewer::Viewer(ViewerLoop& loop, int port, const std::string& token, intent::Encoding encoding)
    : loop_(loop), encoding_(encoding), reader_(encoding) {
  load::WsConnection::Target target;
  target.endpoint = {boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)};
  target.authority = "127.0.0.1:" + std::to_string(port);
  loop_.Run([&] {
    link_ = std::make_shared<load::WsConnection>(loop_.context(), 0, encoding,
                                                 static_cast<load::WsConnection::Events*>(this));
    link_->Start(target, token);
  });
}

Viewer::~Viewer() {
  loop_.Run([this] {
    if (link_) link_->Drop();
  });
}

void Viewer::Send(const intake::v1::ClientFrame& frame) {
  std::string bytes;
  if (encoding_ == intent::Encoding::kProto) {
    JEMB_CHECK(frame.SerializeToString(&bytes));
  } else {
    // Protobuf's own JSON: what the gateway reads was not written by the gateway's codec.
    JEMB_CHECK(google::protobuf::util::MessageToJsonString(frame, &bytes).ok());
  }
  loop_.Run([&] {
    unsent_.push_back(std::move(bytes));
    if (link_) link_->Flush();
  });
}

void Viewer::Tap(const intake::v1::Intent& intent) {
  intake::v1::ClientFrame frame;
  *frame.add_intents() = intent;
  Send(frame);
}

void Viewer::Watch(const std::string& intent_id) {
  intake::v1::ClientFrame frame;
  frame.add_watch_intent_ids(intent_id);
  Send(frame);
}

void Viewer::WatchRoom(const std::string& room_id) {
  intake::v1::ClientFrame frame;
  frame.add_watch_room_ids(room_id);
  Send(frame);
}

std::string Viewer::NextFrame(uint32_t) {
  if (unsent_.empty()) return {};
  std::string next = std::move(unsent_.front());
  unsent_.pop_front();
  return next;
}

void Viewer::OnMessage(uint32_t, std::string_view bytes) {
  const intake::v1::ServerFrame* frame = nullptr;
  const absl::Status read = reader_.Read(bytes, &frame);
  EXPECT_TRUE(read.ok()) << read;
  if (!read.ok()) return;
  const std::lock_guard lock(mutex_);
  receipts_.insert(receipts_.end(), frame->receipts().begin(), frame->receipts().end());
  outcomes_.insert(outcomes_.end(), frame->outcomes().begin(), frame->outcomes().end());
  hints_.insert(hints_.end(), frame->offers().begin(), frame->offers().end());
  changed_.notify_all();
}

void Viewer::OnClosed(uint32_t, const std::string& why) {
  link_ = nullptr;
  const std::lock_guard lock(mutex_);
  closed_why_ = why;
  changed_.notify_all();
}

template <typename Message, typename Wanted>
std::optional<Message> Viewer::AwaitTold(const std::vector<Message>& told, Wanted wanted,
                                         size_t count) {
  std::unique_lock lock(mutex_);
  std::optional<Message> found;
  Await(changed_, lock, [&] {
    size_t seen = 0;
    for (const Message& message : told) {
      if (!wanted(message) || ++seen < count) continue;
      found = message;
      return true;
    }
    return !closed_why_.empty();
  });
  if (!found) {
    ADD_FAILURE() << "not told; the connection "
                  << (closed_why_.empty() ? "is open" : "ended: " + closed_why_);
  }
  return found;
}

std::optional<intake::v1::Receipt> Viewer::AwaitReceipt(const std::string& intent_id,
                                                        size_t count) {
  auto wanted = [&](const intake::v1::Receipt& receipt) {
    return receipt.intent_id() == intent_id &&
           receipt.status() != intake::v1::Receipt::STATUS_PENDING;
  };
  return AwaitTold(receipts_, wanted, count);
}

std::optional<intake::v1::OfferHint> Viewer::AwaitHint(
    const std::string& offer_id, const std::function<bool(const intake::v1::OfferHint&)>& wanted) {
  return AwaitTold(
      hints_,
      [&](const intake::v1::OfferHint& hint) {
        return hint.offer_id() == offer_id && wanted(hint);
      },
      1);
}

std::optional<intake::v1::Outcome> Viewer::AwaitOutcome(const std::string& intent_id) {
  auto wanted = [&](const intake::v1::Outcome& outcome) {
    return outcome.intent_id() == intent_id && load::IsFinal(outcome.state());
  };
  return AwaitTold(outcomes_, wanted, 1);
}

std::optional<intake::v1::Outcome> Viewer::AwaitOutcome(const std::string& intent_id,
                                                        const std::string& fingerprint) {
  auto wanted = [&](const intake::v1::Outcome& outcome) {
    return outcome.intent_id() == intent_id && outcome.fingerprint() == fingerprint &&
           load::IsFinal(outcome.state());
  };
  return AwaitTold(outcomes_, wanted, 1);
}

std::vector<intake::v1::Receipt> Viewer::receipts() {
  const std::lock_guard lock(mutex_);
  return receipts_;
}

std::vector<intake::v1::Outcome> Viewer::outcomes() {
  const std::lock_guard lock(mutex_);
  return outcomes_;
}

}  // namespace jembatan::pipeline
