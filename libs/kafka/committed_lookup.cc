#include "libs/kafka/committed_lookup.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "libs/kafka/client.h"
#include "libs/kafka/status.h"

namespace jembatan::kafka {
namespace {

absl::StatusOr<std::map<int32_t, int64_t>> Committed(rd_kafka_t* client,
                                                     rd_kafka_topic_partition_list_t* partitions) {
  const rd_kafka_resp_err_t error = rd_kafka_committed(client, partitions, kCommittedTimeoutMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return StatusOf(error, "committed offsets");
  std::map<int32_t, int64_t> offsets;
  for (int i = 0; i < partitions->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = partitions->elems[i];
    if (each.err != RD_KAFKA_RESP_ERR_NO_ERROR) return StatusOf(each.err, "committed offsets");
    if (each.offset >= 0) offsets[each.partition] = each.offset;
  }
  return offsets;
}

}  // namespace

CommittedLookup::~CommittedLookup() {
  if (thread_.joinable()) thread_.join();
}

void CommittedLookup::Ask(rd_kafka_t* client, const rd_kafka_topic_partition_list_t& partitions,
                          Answer answer) {
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this, client, answer = std::move(answer),
                         list = PartitionList(rd_kafka_topic_partition_list_copy(&partitions))] {
    boost::asio::post(context_,
                      [answer, offsets = Committed(client, list.get())] { answer(offsets); });
  });
}

}  // namespace jembatan::kafka
