#pragma once

// ClusterTest: the fixture of tests against the mock cluster: one broker, or several, with one
// topic, and the io_context that its clients' callbacks run on. One thread.

#include <memory>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "libs/kafka/testing/mock_cluster.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::kafka::testing {

inline constexpr char kTopic[] = "things";

class ClusterTest : public ::testing::Test {
 protected:
  explicit ClusterTest(int partitions, int brokers = 1) {
    auto cluster = MockCluster::Create(brokers, {{kTopic, partitions, {}}});
    EXPECT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    config_.brokers = cluster_->bootstrap();
  }

  boost::asio::io_context context_{1};
  std::unique_ptr<MockCluster> cluster_;
  ClusterConfig config_;
};

}  // namespace jembatan::kafka::testing
