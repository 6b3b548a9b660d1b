#include "libs/kafka/topic_watch.h"

#include <chrono>
#include <utility>

namespace jembatan::kafka {

std::string Changed(const TopicLook& first, const TopicLook& now) {
  if (now.partitions != first.partitions) {
    return "has " + std::to_string(now.partitions) + " partitions instead of " +
           std::to_string(first.partitions);
  }
  if (first.id.empty() || now.id.empty() || now.id == first.id) return {};
  return "was made anew: its id is " + now.id + " instead of " + first.id;
}

TopicWatch::TopicWatch(Admin& admin, boost::asio::io_context& context, std::string topic,
                       int partitions, int every_ms, Callback told)
    : admin_(admin),
      topic_(std::move(topic)),
      every_ms_(every_ms),
      told_(std::move(told)),
      first_{.partitions = partitions},
      timer_(context) {}

void TopicWatch::Start() {
  admin_.Look(topic_, [this, alive = std::weak_ptr(alive_)](const absl::StatusOr<TopicLook>& look) {
    if (alive.expired()) return;
    Take(look);
  });
}

void TopicWatch::Take(const absl::StatusOr<TopicLook>& look) {
  if (look.ok()) {
    if (first_.id.empty()) first_.id = look->id;
    changed_ = Changed(first_, *look);
  }
  timer_.expires_after(std::chrono::milliseconds(every_ms_));
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
    if (!error && !alive.expired()) Start();
  });
  told_(look.status(), changed_);
}

}  // namespace jembatan::kafka
