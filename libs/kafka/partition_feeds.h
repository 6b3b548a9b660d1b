#pragma once

// PartitionFeeds: the fetched records of several partitions, each from a librdkafka queue of its
// own, as batches for a handler. Shared by GroupConsumer and PartitionReader.
//
// Why a queue per partition instead of the consumer's common one: pausing is then merely not
// polling. librdkafka's own pause purges what was fetched and starts anew from a position that it
// keeps apart; with a rebalance or an assignment close by it has lost the start offset, repeated
// records and left partitions paused for ever. Here the fetched records simply wait, and librdkafka
// stops fetching the partition when its queue is full.
//
// Order and completeness: a feed hands on records by rising offset only, so that a refetch after an
// internal pause (every rebalance makes one) repeats nothing. An error after which librdkafka would
// go on behind the place (a batch that fails its checksum, an offset that is gone) ends the feed:
// nothing is skipped in silence.
//
// The io_context's thread only; the handler may call every method but Turn, and must not destroy
// this.

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include <librdkafka/rdkafka.h>

#include "libs/kafka/client.h"
#include "libs/kafka/consumer.h"
#include "libs/kafka/event_queue.h"

namespace jembatan::kafka {

class PartitionFeeds {
 public:
  explicit PartitionFeeds(ReaderHandler* handler) : handler_(handler) {}

  // Wakes its owner's turns; before the first Open.
  void SetEvents(std::shared_ptr<EventQueue> events) { events_ = std::move(events); }
  // Begins a feed; the partition must have none.
  void Open(int32_t partition, Queue queue, int64_t start_offset);
  // No record of the partition follows. False if there was no feed.
  bool Close(int32_t partition);
  void CloseAll();
  void SetPaused(int32_t partition, bool paused);
  bool IsOpen(int32_t partition) { return Find(partition) != nullptr; }

  // Hands on at most kRecordsPerTurn records, then ends and errors; whether more may wait.
  bool Turn();

 private:
  struct Feed {
    int32_t partition = -1;
    uint64_t epoch = 0;
    Queue queue;
    // Records below it were handed on already.
    int64_t next_offset = 0;
    bool paused = false;
    bool stopped = false;
  };
  // What a queue told besides records: the end of the log (OK) or an error.
  struct Notice {
    int32_t partition = -1;
    uint64_t epoch = 0;
    int64_t next_offset = -1;
    absl::Status status;
  };

  Feed* Find(int32_t partition);
  // False when the queue was seen empty or the feed must rest.
  bool Poll(Feed* feed);
  void Take(Feed* feed, Event event);
  void Note(Feed* feed, rd_kafka_event_t* event);
  void HandOn();

  ReaderHandler* const handler_;
  std::shared_ptr<EventQueue> events_;
  std::vector<Feed> feeds_;
  uint64_t next_epoch_ = 1;
  // Whose turn is first, so that a partition that always fills the turn starves no other.
  size_t first_ = 0;
  // One turn's harvest; the events keep the records' bytes alive until the handler has returned.
  std::vector<Event> harvest_;
  std::vector<Record> records_;
  std::vector<Notice> notices_;
};

}  // namespace jembatan::kafka
