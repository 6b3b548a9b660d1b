#pragma once

// TopicWatch: looks at a topic every so often, and tells whether it is still the log it was: as
// many partitions as configured, and the same topic. One that was deleted and made anew under its
// name is another log, though it looks the same: its offsets mean other records, what was in it is
// gone, and offsets committed for it lie anywhere in the new one.
//
// Owned by the service, on the io_context's thread, where it calls back; admin outlives it.
// Destroying it ends the looking.

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "libs/kafka/admin.h"

namespace jembatan::kafka {

// How often a service looks.
inline constexpr int kTopicWatchMs = 5'000;

// How the topic differs from what it was, in words; empty: it does not. An empty id is one that the
// cluster does not tell.
std::string Changed(const TopicLook& first, const TopicLook& now);

class TopicWatch {
 public:
  // status: whether the topic could be looked at; if not, changed is as before. changed: Changed()
  // since the first look. A broker with old metadata may say either for a moment.
  using Callback = std::function<void(const absl::Status& status, const std::string& changed)>;

  TopicWatch(Admin& admin, boost::asio::io_context& context, std::string topic, int partitions,
             int every_ms, Callback told);

  // Looks at once, and from then on.
  void Start();

 private:
  void Take(const absl::StatusOr<TopicLook>& look);

  Admin& admin_;
  const std::string topic_;
  const int every_ms_;
  const Callback told_;
  // Its partitions are the configured ones, its id that of the first look.
  TopicLook first_;
  std::string changed_;
  boost::asio::steady_timer timer_;
  // An answer, or the timer's end, may come after we are gone; it looks here first.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace jembatan::kafka
