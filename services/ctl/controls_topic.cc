#include "services/ctl/controls_topic.h"

#include <chrono>
#include <memory>
#include <optional>
#include <span>

#include <boost/asio/io_context.hpp>

#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/controls/statement.h"
#include "libs/controls_reader/controls_reader.h"
#include "libs/kafka/producer.h"
#include "services/ctl/topic_scan.h"

namespace jembatan::ctl {
namespace {

absl::StatusOr<kafka::Delivery> Produce(const ControlsAccess& access, const std::string& key,
                                        const std::string& value) {
  boost::asio::io_context context{1};
  std::optional<kafka::Delivery> delivery;
  kafka::ProducerOptions options{.cluster = access.cluster,
                                 .message_timeout_ms = access.timeout_ms};
  JEMB_ASSIGN_OR_RETURN(
      auto producer,
      kafka::Producer::Create(options, context, [&](std::span<const kafka::Delivery> deliveries) {
        delivery = deliveries.front();
      }));
  JEMB_RETURN_IF_ERROR(producer->Produce(kafka::kControlsTopic, 0, key, value, 0));
  const int64_t until_ns = base::MonotonicNs() + int64_t{1'000'000} * access.timeout_ms;
  while (!delivery && base::MonotonicNs() < until_ns) {
    context.restart();
    context.run_one_for(std::chrono::milliseconds(10));
  }
  if (!delivery) return base::Unavailable("the cluster does not answer; see `controls list`");
  if (!delivery->status.ok()) return delivery->status;
  return *delivery;
}

}  // namespace

absl::StatusOr<controls::Controls> ReadControls(const ControlsAccess& access) {
  JEMB_ASSIGN_OR_RETURN(controls::Operators operators,
                        controls::LoadOperators(access.operator_keys, access.operators_needed));
  controls::Controls controls(std::move(operators));
  const TopicScan scan{.cluster = access.cluster,
                       .topic = kafka::kControlsTopic,
                       .partitions = 1,
                       .timeout_ms = access.timeout_ms};
  JEMB_RETURN_IF_ERROR(ScanTopic(scan, [&](const kafka::Record& record) {
    controls.Apply(record.offset, record.key, record.value);
  }));
  return controls;
}

absl::Status CheckPublishable(const ControlsAccess& access, const crossing::v1::Control& control) {
  const std::string value = control.SerializeAsString();
  JEMB_ASSIGN_OR_RETURN(controls::Controls now, ReadControls(access));
  const auto foreseen =
      now.Apply(static_cast<int64_t>(now.revision()), controls::RecordKey(control, value), value);
  return foreseen.refused.empty() ? absl::OkStatus() : base::FailedPrecondition(foreseen.refused);
}

absl::StatusOr<Published> PublishControl(const ControlsAccess& access,
                                         const crossing::v1::Control& control) {
  const std::string value = control.SerializeAsString();
  const std::string key = controls::RecordKey(control, value);
  JEMB_RETURN_IF_ERROR(CheckPublishable(access, control));
  const int64_t begun_ns = base::MonotonicNs();
  JEMB_ASSIGN_OR_RETURN(const kafka::Delivery delivery, Produce(access, key, value));
  Published published{.offset = delivery.offset,
                      .append_ms = delivery.append_time_ms,
                      .acknowledged_ms = (base::MonotonicNs() - begun_ns) / 1'000'000};
  JEMB_ASSIGN_OR_RETURN(const controls::Controls after, ReadControls(access));
  for (const controls::Controls::InForce& each : after.List()) {
    if (each.offset == published.offset) return published;
  }
  return absl::AbortedError("another operator was faster: see `controls list`");
}

}  // namespace jembatan::ctl
