#include "libs/rpc/completion_queue.h"

#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "libs/base/check.h"

namespace jembatan::rpc {
namespace {

// Most operations handed over at once: a longer run is cut, so that the io_context gets to its
// other handlers in between.
constexpr size_t kMaxBatch = 256;

struct Finished {
  Tag* tag;
  bool ok;
};

}  // namespace

CompletionQueue::CompletionQueue(boost::asio::io_context& context) : context_(context) {}

CompletionQueue::~CompletionQueue() { Stop(); }

void CompletionQueue::Start() {
  JEMB_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { Poll(); });
}

void CompletionQueue::Stop() {
  if (stopped_) return;
  stopped_ = true;
  queue_.Shutdown();
  if (thread_.joinable()) {
    thread_.join();
  } else {
    // Never started: what was begun is drained here, as gRPC demands.
    Poll();
  }
}

void CompletionQueue::Poll() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
    std::vector<Finished> batch;
    auto take = [&] {
      auto* finished = static_cast<Tag*>(tag);
      finished->handed_over_.load(std::memory_order_acquire);
      if (!finished->RunOnQueue(ok)) batch.push_back({finished, ok});
    };
    take();
    // What else is finished by now goes along: one wake-up of the io_context for all of it.
    const gpr_timespec now = gpr_time_0(GPR_CLOCK_REALTIME);
    while (batch.size() < kMaxBatch &&
           queue_.AsyncNext(&tag, &ok, now) == grpc::CompletionQueue::GOT_EVENT) {
      take();
    }
    if (batch.empty()) continue;
    boost::asio::post(context_, [batch = std::move(batch)] {
      for (const Finished& finished : batch) finished.tag->Run(finished.ok);
    });
  }
}

}  // namespace jembatan::rpc
