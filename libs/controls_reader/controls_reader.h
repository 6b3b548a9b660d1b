#pragma once

// ControlsReader: reads the controls topic from its beginning and tells its owner what the controls
// say, whenever that changes: a control came into force, or it is not known (any longer) what they
// say. Each record's fate is logged and counted, and the gauge jembatan_SERVICE_controls_revision
// tells what is in force; 0 while that is not known, else one more than Controls::revision().
//
// Owned by a service's composition; everything on the io_context's thread, construction and
// destruction included. Ends by being destroyed; its pending questions go with it.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include <boost/asio/steady_timer.hpp>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "libs/controls/feed.h"
#include "libs/kafka/admin.h"
#include "libs/kafka/config.h"
#include "libs/kafka/consumer.h"

namespace jembatan::controls {

// Reads a JWKS file of operators' keys. An empty path: no signatures are asked for. needed: how
// many operators must have signed.
absl::StatusOr<Operators> LoadOperators(const std::string& path, int needed);

class ControlsReader final : public kafka::ReaderHandler {
 public:
  // Null: not known. Called from the reader's own turns, never from within Start.
  using Sink = std::function<void(const Snapshot&)>;

  // service: the middle of the metrics' names.
  ControlsReader(kafka::ClusterConfig cluster, Operators operators, const std::string& service,
                 prometheus::Registry& registry, boost::asio::io_context& context, Sink sink);
  ~ControlsReader() override;

  absl::Status Start();
  void OnRecords(std::span<const kafka::Record> records) override;
  void OnPartitionEnd(int32_t partition, int64_t next_offset) override;
  void OnError(int32_t partition, const absl::Status& status) override;

 private:
  void Begin();
  void Look();
  void Tell();

  const kafka::ClusterConfig cluster_;
  boost::asio::io_context& context_;
  const Sink sink_;
  const Operators operators_;
  ControlsFeed feed_;
  // What the sink was told last, and whether it was told anything.
  Snapshot told_;
  bool reading_ = false;
  bool asking_ = false;
  prometheus::Gauge& revision_;
  prometheus::Counter& refused_;
  std::unique_ptr<kafka::PartitionReader> reader_;
  boost::asio::steady_timer look_;
  // Destroyed first: no answer comes to a reader that is gone.
  std::unique_ptr<kafka::Admin> admin_;
};

}  // namespace jembatan::controls
