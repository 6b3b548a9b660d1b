#include "libs/kafka/admin.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <librdkafka/rdkafka.h>

#include "libs/base/status.h"
#include "libs/kafka/client.h"
#include "libs/kafka/event_queue.h"
#include "libs/kafka/status.h"

namespace jembatan::kafka {
namespace {

constexpr int kRequestTimeoutMs = 5'000;
// Requests without an answer yet; beyond them a callback gets RESOURCE_EXHAUSTED.
constexpr size_t kRequestsMax = 4096;
constexpr int kEventsPerTurn = 64;
// What brokers answer when no record is as young as the time asked for (UNKNOWN_OFFSET).
constexpr int64_t kNoOffset = -1;

using TopicNames =
    std::unique_ptr<rd_kafka_TopicCollection_t, Destroy<rd_kafka_TopicCollection_destroy>>;

// The offset of the one partition of the result, or why there is none. nullopt: the time asked for
// is after all records.
absl::StatusOr<std::optional<int64_t>> OffsetOf(rd_kafka_event_t* event, int64_t spec) {
  JEMB_RETURN_IF_ERROR(EventStatus(event));
  size_t count = 0;
  const rd_kafka_ListOffsetsResultInfo_t** infos =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event), &count);
  if (count != 1) return base::Internal("offset request: no answer for the partition");
  const rd_kafka_topic_partition_t* place =
      rd_kafka_ListOffsetsResultInfo_topic_partition(infos[0]);
  const bool told = place->err == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (spec >= 0 && told && place->offset == kNoOffset) return std::nullopt;
  return OffsetTold(*place);
}

// Empty for the id of zeroes, by which a cluster says that it has none.
std::string IdOf(const rd_kafka_TopicDescription_t* topic) {
  const rd_kafka_Uuid_t* id = rd_kafka_TopicDescription_topic_id(topic);
  if (id == nullptr) return {};
  if (rd_kafka_Uuid_most_significant_bits(id) == 0 && rd_kafka_Uuid_least_significant_bits(id) == 0)
    return {};
  return rd_kafka_Uuid_base64str(id);
}

absl::StatusOr<TopicLook> LookOf(rd_kafka_event_t* event) {
  JEMB_RETURN_IF_ERROR(EventStatus(event));
  size_t count = 0;
  const rd_kafka_TopicDescription_t** topics =
      rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
  if (count != 1) return base::Internal("topic request: no answer for the topic");
  const rd_kafka_error_t* refused = rd_kafka_TopicDescription_error(topics[0]);
  if (refused != nullptr) return StatusOf(rd_kafka_error_code(refused));
  rd_kafka_TopicDescription_partitions(topics[0], &count);
  return TopicLook{.partitions = static_cast<int>(count), .id = IdOf(topics[0])};
}

}  // namespace

class Admin::Impl {
 public:
  explicit Impl(boost::asio::io_context& context) : context_(context) {}
  ~Impl() {
    if (events_ != nullptr) events_->Close();
  }

  absl::Status Open(const ClusterConfig& cluster);
  // spec: RD_KAFKA_OFFSET_SPEC_*, or a time in milliseconds.
  void Ask(const std::string& topic, int32_t partition, int64_t spec, OffsetCallback done);
  void AskLook(const std::string& topic, LookCallback done);

 private:
  struct Request {
    std::string topic;
    int32_t partition;
    int64_t spec;
    OffsetCallback done;
  };

  bool Turn();
  void Answer(rd_kafka_event_t* event);
  void AnswerLook(rd_kafka_event_t* event);
  bool Full() const { return requests_.size() + looks_.size() >= kRequestsMax; }
  template <typename Callback>
  void Refuse(Callback done) {
    boost::asio::post(context_, [done = std::move(done)] {
      done(base::ResourceExhausted("too many requests without an answer"));
    });
  }

  boost::asio::io_context& context_;
  Client client_;
  Queue queue_;
  std::shared_ptr<EventQueue> events_;
  std::map<uint64_t, Request> requests_;
  std::map<uint64_t, LookCallback> looks_;
  uint64_t next_request_ = 1;
};

absl::Status Admin::Impl::Open(const ClusterConfig& cluster) {
  // An offset request carries the leader's epoch as cached, and nothing else of this client would
  // learn of a new one: after a broker's restart every request would be refused for 15 minutes.
  JEMB_ASSIGN_OR_RETURN(
      client_, NewClient(RD_KAFKA_PRODUCER, cluster, {{"metadata.max.age.ms", "1000"}}, 0));
  queue_.reset(rd_kafka_queue_new(client_.get()));
  JEMB_ASSIGN_OR_RETURN(events_, EventQueue::Create(context_, [this] { return Turn(); }));
  events_->Watch(queue_.get());
  return absl::OkStatus();
}

void Admin::Impl::Ask(const std::string& topic, int32_t partition, int64_t spec,
                      OffsetCallback done) {
  if (Full()) return Refuse(std::move(done));
  const uint64_t id = next_request_++;
  const AdminOptions admin =
      NewAdminOptions(client_.get(), RD_KAFKA_ADMIN_OP_LISTOFFSETS, kRequestTimeoutMs, id);
  TakeError(rd_kafka_AdminOptions_set_isolation_level(admin.get(),
                                                      RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED))
      .IgnoreError();
  const PartitionList wanted(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), partition)->offset = spec;
  requests_.emplace(id, Request{topic, partition, spec, std::move(done)});
  rd_kafka_ListOffsets(client_.get(), wanted.get(), admin.get(), queue_.get());
}

void Admin::Impl::AskLook(const std::string& topic, LookCallback done) {
  if (Full()) return Refuse(std::move(done));
  const uint64_t id = next_request_++;
  const AdminOptions admin =
      NewAdminOptions(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, kRequestTimeoutMs, id);
  const char* name = topic.c_str();
  const TopicNames names(rd_kafka_TopicCollection_of_topic_names(&name, 1));
  looks_.emplace(id, std::move(done));
  rd_kafka_DescribeTopics(client_.get(), names.get(), admin.get(), queue_.get());
}

bool Admin::Impl::Turn() {
  for (int i = 0; i < kEventsPerTurn; ++i) {
    const Event event(rd_kafka_queue_poll(queue_.get(), 0));
    if (event == nullptr) return false;
    const rd_kafka_event_type_t type = rd_kafka_event_type(event.get());
    if (type == RD_KAFKA_EVENT_LISTOFFSETS_RESULT) Answer(event.get());
    if (type == RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT) AnswerLook(event.get());
  }
  return true;
}

void Admin::Impl::Answer(rd_kafka_event_t* event) {
  auto node = requests_.extract(OpaqueOf(event));
  if (node.empty()) return;
  Request& request = node.mapped();
  const absl::StatusOr<std::optional<int64_t>> offset = OffsetOf(event, request.spec);
  if (!offset.ok()) return request.done(offset.status());
  // No record at or after the time, or a mock cluster, which never knows.
  if (!offset->has_value()) {
    const int64_t spec =
        IsMockCluster(client_.get()) ? RD_KAFKA_OFFSET_SPEC_EARLIEST : RD_KAFKA_OFFSET_SPEC_LATEST;
    return Ask(request.topic, request.partition, spec, std::move(request.done));
  }
  request.done(**offset);
}

void Admin::Impl::AnswerLook(rd_kafka_event_t* event) {
  auto node = looks_.extract(OpaqueOf(event));
  if (!node.empty()) node.mapped()(LookOf(event));
}

absl::StatusOr<std::unique_ptr<Admin>> Admin::Create(const ClusterConfig& cluster,
                                                     boost::asio::io_context& context) {
  auto impl = std::make_unique<Impl>(context);
  JEMB_RETURN_IF_ERROR(impl->Open(cluster));
  return std::unique_ptr<Admin>(new Admin(std::move(impl)));
}

Admin::Admin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Admin::~Admin() = default;

void Admin::EndOffset(const std::string& topic, int32_t partition, OffsetCallback done) {
  impl_->Ask(topic, partition, RD_KAFKA_OFFSET_SPEC_LATEST, std::move(done));
}

void Admin::BeginOffset(const std::string& topic, int32_t partition, OffsetCallback done) {
  impl_->Ask(topic, partition, RD_KAFKA_OFFSET_SPEC_EARLIEST, std::move(done));
}

void Admin::OffsetAtTime(const std::string& topic, int32_t partition, int64_t unix_ms,
                         OffsetCallback done) {
  impl_->Ask(topic, partition, std::max<int64_t>(unix_ms, 0), std::move(done));
}

void Admin::Look(const std::string& topic, LookCallback done) {
  impl_->AskLook(topic, std::move(done));
}

}  // namespace jembatan::kafka
