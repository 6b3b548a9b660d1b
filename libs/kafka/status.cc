#include "libs/kafka/status.h"

#include <string>

#include "libs/base/status.h"
#include "libs/base/text.h"

namespace jembatan::kafka {
namespace {

// Grouped by what a caller can do about it. Kept as a table because a total switch is longer than
// any function should be. base::IsRetriable() holds for kUnavailable, kDeadlineExceeded,
// kResourceExhausted and kAborted; whether an undelivered record may be in the log all the same is
// a question for Delivery::persistence, never for the code.
#define JEMB_KAFKA_ERRORS(X)                                  \
  X(NO_ERROR, kOk)                                            \
  X(_DESTROY, kUnavailable)                                   \
  X(_TRANSPORT, kUnavailable)                                 \
  X(_RESOLVE, kUnavailable)                                   \
  X(_ALL_BROKERS_DOWN, kUnavailable)                          \
  X(_NODE_UPDATE, kUnavailable)                               \
  X(_WAIT_COORD, kUnavailable)                                \
  X(_WAIT_CACHE, kUnavailable)                                \
  X(_INTR, kUnavailable)                                      \
  X(_PURGE_QUEUE, kUnavailable)                               \
  X(_PURGE_INFLIGHT, kUnavailable)                            \
  X(_FATAL, kUnavailable)                                     \
  X(_UNKNOWN_BROKER, kUnavailable)                            \
  X(_DESTROY_BROKER, kUnavailable)                            \
  X(_ISR_INSUFF, kUnavailable)                                \
  X(_RETRY, kUnavailable)                                     \
  X(_PARTIAL, kUnavailable)                                   \
  X(_UNDERFLOW, kUnavailable)                                 \
  X(LEADER_NOT_AVAILABLE, kUnavailable)                       \
  X(NOT_LEADER_FOR_PARTITION, kUnavailable)                   \
  X(BROKER_NOT_AVAILABLE, kUnavailable)                       \
  X(REPLICA_NOT_AVAILABLE, kUnavailable)                      \
  X(NETWORK_EXCEPTION, kUnavailable)                          \
  X(COORDINATOR_LOAD_IN_PROGRESS, kUnavailable)               \
  X(COORDINATOR_NOT_AVAILABLE, kUnavailable)                  \
  X(NOT_COORDINATOR, kUnavailable)                            \
  X(NOT_ENOUGH_REPLICAS, kUnavailable)                        \
  X(NOT_ENOUGH_REPLICAS_AFTER_APPEND, kUnavailable)           \
  X(NOT_CONTROLLER, kUnavailable)                             \
  X(KAFKA_STORAGE_ERROR, kUnavailable)                        \
  X(FENCED_LEADER_EPOCH, kUnavailable)                        \
  X(UNKNOWN_LEADER_EPOCH, kUnavailable)                       \
  X(STALE_BROKER_EPOCH, kUnavailable)                         \
  X(OFFSET_NOT_AVAILABLE, kUnavailable)                       \
  X(PREFERRED_LEADER_NOT_AVAILABLE, kUnavailable)             \
  X(ELIGIBLE_LEADERS_NOT_AVAILABLE, kUnavailable)             \
  X(STALE_CTRL_EPOCH, kUnavailable)                           \
  X(LISTENER_NOT_FOUND, kUnavailable)                         \
  X(REBOOTSTRAP_REQUIRED, kUnavailable)                       \
  X(UNKNOWN_CONTROLLER_ID, kUnavailable)                      \
  X(FETCH_SESSION_ID_NOT_FOUND, kUnavailable)                 \
  X(INVALID_FETCH_SESSION_EPOCH, kUnavailable)                \
  X(UNSTABLE_OFFSET_COMMIT, kUnavailable)                     \
  X(OUT_OF_ORDER_SEQUENCE_NUMBER, kUnavailable)               \
  X(UNKNOWN_PRODUCER_ID, kUnavailable)                        \
  X(_MSG_TIMED_OUT, kDeadlineExceeded)                        \
  X(_TIMED_OUT, kDeadlineExceeded)                            \
  X(_TIMED_OUT_QUEUE, kDeadlineExceeded)                      \
  X(REQUEST_TIMED_OUT, kDeadlineExceeded)                     \
  X(_QUEUE_FULL, kResourceExhausted)                          \
  X(_CRIT_SYS_RESOURCE, kResourceExhausted)                   \
  X(THROTTLING_QUOTA_EXCEEDED, kResourceExhausted)            \
  X(GROUP_MAX_SIZE_REACHED, kResourceExhausted)               \
  X(SHARE_SESSION_LIMIT_REACHED, kResourceExhausted)          \
  X(TELEMETRY_TOO_LARGE, kResourceExhausted)                  \
  X(_MAX_POLL_EXCEEDED, kAborted)                             \
  X(_ASSIGNMENT_LOST, kAborted)                               \
  X(_OUTDATED, kAborted)                                      \
  X(_PREV_IN_PROGRESS, kAborted)                              \
  X(_IN_PROGRESS, kAborted)                                   \
  X(_FENCED, kAborted)                                        \
  X(_STATE, kAborted)                                         \
  X(_CONFLICT, kAborted)                                      \
  X(ILLEGAL_GENERATION, kAborted)                             \
  X(UNKNOWN_MEMBER_ID, kAborted)                              \
  X(REBALANCE_IN_PROGRESS, kAborted)                          \
  X(MEMBER_ID_REQUIRED, kAborted)                             \
  X(FENCED_INSTANCE_ID, kAborted)                             \
  X(FENCED_MEMBER_EPOCH, kAborted)                            \
  X(STALE_MEMBER_EPOCH, kAborted)                             \
  X(UNRELEASED_INSTANCE_ID, kAborted)                         \
  X(INVALID_PRODUCER_EPOCH, kAborted)                         \
  X(PRODUCER_FENCED, kAborted)                                \
  X(CONCURRENT_TRANSACTIONS, kAborted)                        \
  X(TRANSACTION_COORDINATOR_FENCED, kAborted)                 \
  X(TRANSACTION_ABORTABLE, kAborted)                          \
  X(REASSIGNMENT_IN_PROGRESS, kAborted)                       \
  X(FENCED_STATE_EPOCH, kAborted)                             \
  X(INVALID_SHARE_SESSION_EPOCH, kAborted)                    \
  X(INVALID_PRODUCER_ID_MAPPING, kAborted)                    \
  X(INVALID_TXN_STATE, kAborted)                              \
  X(OPERATION_NOT_ATTEMPTED, kAborted)                        \
  X(_UNKNOWN_PARTITION, kNotFound)                            \
  X(_UNKNOWN_TOPIC, kNotFound)                                \
  X(_UNKNOWN_GROUP, kNotFound)                                \
  X(_NOENT, kNotFound)                                        \
  X(_NO_OFFSET, kNotFound)                                    \
  X(UNKNOWN_TOPIC_OR_PART, kNotFound)                         \
  X(GROUP_ID_NOT_FOUND, kNotFound)                            \
  X(LOG_DIR_NOT_FOUND, kNotFound)                             \
  X(RESOURCE_NOT_FOUND, kNotFound)                            \
  X(DELEGATION_TOKEN_NOT_FOUND, kNotFound)                    \
  X(UNKNOWN_TOPIC_ID, kNotFound)                              \
  X(UNKNOWN_SUBSCRIPTION_ID, kNotFound)                       \
  X(SHARE_SESSION_NOT_FOUND, kNotFound)                       \
  X(VOTER_NOT_FOUND, kNotFound)                               \
  X(NO_REASSIGNMENT_IN_PROGRESS, kNotFound)                   \
  X(TOPIC_ALREADY_EXISTS, kAlreadyExists)                     \
  X(DUPLICATE_RESOURCE, kAlreadyExists)                       \
  X(DUPLICATE_VOTER, kAlreadyExists)                          \
  X(DUPLICATE_SEQUENCE_NUMBER, kAlreadyExists)                \
  X(_EXISTING_SUBSCRIPTION, kAlreadyExists)                   \
  X(OFFSET_OUT_OF_RANGE, kOutOfRange)                         \
  X(_AUTO_OFFSET_RESET, kOutOfRange)                          \
  X(_PARTITION_EOF, kOutOfRange)                              \
  X(_BAD_MSG, kDataLoss)                                      \
  X(_BAD_COMPRESSION, kDataLoss)                              \
  X(INVALID_MSG, kDataLoss)                                   \
  X(_LOG_TRUNCATION, kDataLoss)                               \
  X(_INCONSISTENT, kDataLoss)                                 \
  X(INCONSISTENT_TOPIC_ID, kDataLoss)                         \
  X(PRINCIPAL_DESERIALIZATION_FAILURE, kDataLoss)             \
  X(_GAPLESS_GUARANTEE, kDataLoss)                            \
  X(TOPIC_AUTHORIZATION_FAILED, kPermissionDenied)            \
  X(GROUP_AUTHORIZATION_FAILED, kPermissionDenied)            \
  X(CLUSTER_AUTHORIZATION_FAILED, kPermissionDenied)          \
  X(TRANSACTIONAL_ID_AUTHORIZATION_FAILED, kPermissionDenied) \
  X(DELEGATION_TOKEN_AUTHORIZATION_FAILED, kPermissionDenied) \
  X(DELEGATION_TOKEN_OWNER_MISMATCH, kPermissionDenied)       \
  X(DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, kPermissionDenied)  \
  X(POLICY_VIOLATION, kPermissionDenied)                      \
  X(_READ_ONLY, kPermissionDenied)                            \
  X(_AUTHENTICATION, kUnauthenticated)                        \
  X(_SSL, kUnauthenticated)                                   \
  X(SASL_AUTHENTICATION_FAILED, kUnauthenticated)             \
  X(UNSUPPORTED_SASL_MECHANISM, kUnauthenticated)             \
  X(ILLEGAL_SASL_STATE, kUnauthenticated)                     \
  X(DELEGATION_TOKEN_EXPIRED, kUnauthenticated)               \
  X(UNACCEPTABLE_CREDENTIAL, kUnauthenticated)                \
  X(_NOT_IMPLEMENTED, kUnimplemented)                         \
  X(_UNSUPPORTED_FEATURE, kUnimplemented)                     \
  X(_UNKNOWN_PROTOCOL, kUnimplemented)                        \
  X(UNSUPPORTED_VERSION, kUnimplemented)                      \
  X(UNSUPPORTED_FOR_MESSAGE_FORMAT, kUnimplemented)           \
  X(UNSUPPORTED_COMPRESSION_TYPE, kUnimplemented)             \
  X(UNSUPPORTED_ASSIGNOR, kUnimplemented)                     \
  X(UNSUPPORTED_ENDPOINT_TYPE, kUnimplemented)                \
  X(MISMATCHED_ENDPOINT_TYPE, kUnimplemented)                 \
  X(_INVALID_ARG, kInvalidArgument)                           \
  X(_INVALID_TYPE, kInvalidArgument)                          \
  X(_KEY_SERIALIZATION, kInvalidArgument)                     \
  X(_VALUE_SERIALIZATION, kInvalidArgument)                   \
  X(_KEY_DESERIALIZATION, kInvalidArgument)                   \
  X(_VALUE_DESERIALIZATION, kInvalidArgument)                 \
  X(_INVALID_DIFFERENT_RECORD, kInvalidArgument)              \
  X(INVALID_MSG_SIZE, kInvalidArgument)                       \
  X(MSG_SIZE_TOO_LARGE, kInvalidArgument)                     \
  X(OFFSET_METADATA_TOO_LARGE, kInvalidArgument)              \
  X(TOPIC_EXCEPTION, kInvalidArgument)                        \
  X(RECORD_LIST_TOO_LARGE, kInvalidArgument)                  \
  X(INVALID_REQUIRED_ACKS, kInvalidArgument)                  \
  X(INVALID_GROUP_ID, kInvalidArgument)                       \
  X(INVALID_SESSION_TIMEOUT, kInvalidArgument)                \
  X(INVALID_COMMIT_OFFSET_SIZE, kInvalidArgument)             \
  X(INVALID_TIMESTAMP, kInvalidArgument)                      \
  X(INVALID_PARTITIONS, kInvalidArgument)                     \
  X(INVALID_REPLICATION_FACTOR, kInvalidArgument)             \
  X(INVALID_REPLICA_ASSIGNMENT, kInvalidArgument)             \
  X(INVALID_CONFIG, kInvalidArgument)                         \
  X(INVALID_REQUEST, kInvalidArgument)                        \
  X(INVALID_TRANSACTION_TIMEOUT, kInvalidArgument)            \
  X(INVALID_PRINCIPAL_TYPE, kInvalidArgument)                 \
  X(INVALID_RECORD, kInvalidArgument)                         \
  X(INVALID_UPDATE_VERSION, kInvalidArgument)                 \
  X(INVALID_REGISTRATION, kInvalidArgument)                   \
  X(INVALID_RECORD_STATE, kInvalidArgument)                   \
  X(INVALID_VOTER_KEY, kInvalidArgument)                      \
  X(INVALID_REGULAR_EXPRESSION, kInvalidArgument)             \
  X(STREAMS_INVALID_TOPOLOGY, kInvalidArgument)               \
  X(STREAMS_INVALID_TOPOLOGY_EPOCH, kInvalidArgument)         \
  X(STREAMS_TOPOLOGY_FENCED, kInvalidArgument)                \
  X(_NOT_CONFIGURED, kFailedPrecondition)                     \
  X(SECURITY_DISABLED, kFailedPrecondition)                   \
  X(DELEGATION_TOKEN_AUTH_DISABLED, kFailedPrecondition)      \
  X(NON_EMPTY_GROUP, kFailedPrecondition)                     \
  X(TOPIC_DELETION_DISABLED, kFailedPrecondition)             \
  X(ELECTION_NOT_NEEDED, kFailedPrecondition)                 \
  X(GROUP_SUBSCRIBED_TO_TOPIC, kFailedPrecondition)           \
  X(INCONSISTENT_GROUP_PROTOCOL, kFailedPrecondition)         \
  X(INCONSISTENT_VOTER_SET, kFailedPrecondition)              \
  X(FEATURE_UPDATE_FAILED, kFailedPrecondition)               \
  X(_FAIL, kInternal)                                         \
  X(_FS, kInternal)                                           \
  X(_ASSIGN_PARTITIONS, kInternal)                            \
  X(_REVOKE_PARTITIONS, kInternal)                            \
  X(_APPLICATION, kInternal)                                  \
  X(_NOOP, kInternal)                                         \
  X(_BEGIN, kInternal)                                        \
  X(_END, kInternal)                                          \
  X(END_ALL, kInternal)                                       \
  X(UNKNOWN, kUnknown)

// Another version of librdkafka knows other codes; there the fallback below must do.
#if RD_KAFKA_VERSION != 0x020f01ff
#pragma GCC diagnostic ignored "-Wswitch"
#pragma GCC diagnostic ignored "-Wswitch-enum"
#endif

absl::StatusCode CodeOf(rd_kafka_resp_err_t error) {
#define JEMB_KAFKA_CASE(name, code) \
  case RD_KAFKA_RESP_ERR_##name:    \
    return absl::StatusCode::code;
  switch (error) { JEMB_KAFKA_ERRORS(JEMB_KAFKA_CASE) }
#undef JEMB_KAFKA_CASE
  // A number that a newer broker sent.
  return absl::StatusCode::kUnknown;
}

}  // namespace

absl::Status StatusOf(rd_kafka_resp_err_t error, std::string_view detail) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  std::string message = rd_kafka_err2str(error);
  if (!detail.empty() && detail != message) message.append(": ").append(detail);
  return absl::Status(CodeOf(error), base::Absl(message));
}

absl::StatusOr<int64_t> OffsetTold(const rd_kafka_topic_partition_t& place) {
  if (place.err != RD_KAFKA_RESP_ERR_NO_ERROR) return StatusOf(place.err);
  if (place.offset < 0) return base::Unavailable("the partition's leader tells no offset");
  return place.offset;
}

}  // namespace jembatan::kafka
