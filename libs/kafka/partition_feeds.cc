#include "libs/kafka/partition_feeds.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/kafka/client.h"

namespace jembatan::kafka {
namespace {

std::string_view View(const void* bytes, size_t size) {
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes), size);
}

}  // namespace

// After the others librdkafka tries again from the same offset.
bool StopsPartition(const absl::Status& status) {
  return !base::IsRetriable(status) && !absl::IsNotFound(status) &&
         !absl::IsPermissionDenied(status) && !absl::IsUnauthenticated(status);
}

void PartitionFeeds::Open(int32_t partition, Queue queue, int64_t start_offset) {
  JEMB_CHECK(Find(partition) == nullptr);
  events_->Watch(queue.get());
  Feed feed;
  feed.partition = partition;
  feed.epoch = next_epoch_++;
  feed.queue = std::move(queue);
  feed.next_offset = start_offset;
  feeds_.push_back(std::move(feed));
}

bool PartitionFeeds::Close(int32_t partition) {
  const auto at = std::find_if(feeds_.begin(), feeds_.end(),
                               [partition](const Feed& f) { return f.partition == partition; });
  if (at == feeds_.end()) return false;
  events_->Unwatch(at->queue.get());
  feeds_.erase(at);
  return true;
}

void PartitionFeeds::CloseAll() {
  while (!feeds_.empty()) Close(feeds_.back().partition);
}

void PartitionFeeds::SetPaused(int32_t partition, bool paused) {
  Feed* feed = Find(partition);
  if (feed == nullptr || feed->paused == paused) return;
  feed->paused = paused;
  // Its queue may have filled without anybody emptying it; then it writes no wake-up.
  if (!paused) events_->Wake();
}

PartitionFeeds::Feed* PartitionFeeds::Find(int32_t partition) {
  for (Feed& feed : feeds_) {
    if (feed.partition == partition) return &feed;
  }
  return nullptr;
}

bool PartitionFeeds::Turn() {
  bool more = false;
  const size_t count = feeds_.size();
  for (size_t i = 0; i < count; ++i) {
    if (Poll(&feeds_[(first_ + i) % count])) more = true;
  }
  ++first_;
  HandOn();
  return more;
}

bool PartitionFeeds::Poll(Feed* feed) {
  while (!feed->paused && !feed->stopped) {
    if (records_.size() >= kRecordsPerTurn) return true;
    Event event(rd_kafka_queue_poll(feed->queue.get(), 0));
    if (event == nullptr) return false;
    if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_FETCH) {
      Take(feed, std::move(event));
    } else if (rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_ERROR) {
      Note(feed, event.get());
    }
  }
  return false;
}

void PartitionFeeds::Take(Feed* feed, Event event) {
  const rd_kafka_message_t* message = rd_kafka_event_message_next(event.get());
  if (message == nullptr || message->offset < feed->next_offset) return;
  feed->next_offset = message->offset + 1;
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  Record record;
  record.partition = feed->partition;
  record.offset = message->offset;
  record.append_time_ms = rd_kafka_message_timestamp(message, &type);
  record.key = View(message->key, message->key_len);
  record.value = View(message->payload, message->len);
  records_.push_back(record);
  harvest_.push_back(std::move(event));
}

void PartitionFeeds::Note(Feed* feed, rd_kafka_event_t* event) {
  Notice notice;
  notice.partition = feed->partition;
  notice.epoch = feed->epoch;
  if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    rd_kafka_topic_partition_t* place = rd_kafka_event_topic_partition(event);
    notice.next_offset = place->offset;
    rd_kafka_topic_partition_destroy(place);
  } else {
    notice.status = EventStatus(event);
    feed->stopped = StopsPartition(notice.status);
  }
  notices_.push_back(std::move(notice));
}

void PartitionFeeds::HandOn() {
  if (!records_.empty()) handler_->OnRecords(records_);
  records_.clear();
  harvest_.clear();
  for (const Notice& notice : notices_) {
    const Feed* feed = Find(notice.partition);
    // The handler may have closed the feed, or begun another, meanwhile.
    if (feed == nullptr || feed->epoch != notice.epoch) continue;
    if (!notice.status.ok()) {
      handler_->OnError(notice.partition, notice.status);
    } else if (notice.next_offset >= feed->next_offset) {
      // An end that later records have moved on from is none; the next one will be reported.
      handler_->OnPartitionEnd(notice.partition, notice.next_offset);
    }
  }
  notices_.clear();
}

}  // namespace jembatan::kafka
