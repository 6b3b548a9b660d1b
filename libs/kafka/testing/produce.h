#pragma once

// Produce: one record, written by a producer of its own and acknowledged before it returns, as
// tests against the mock cluster need it. Fails the test otherwise. The calling thread only.

#include <cstdint>
#include <span>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "libs/kafka/producer.h"
#include "libs/kafka/testing/run_until.h"

namespace jembatan::kafka::testing {

inline void Produce(const std::string& bootstrap, const std::string& topic, int32_t partition,
                    const std::string& key, const std::string& value) {
  boost::asio::io_context context(1);
  bool delivered = false;
  auto producer = *Producer::Create(
      {.cluster = {.brokers = bootstrap}}, context,
      [&](std::span<const Delivery> all) { delivered = all.front().status.ok(); });
  ASSERT_TRUE(producer->Produce(topic.c_str(), partition, key, value, 0).ok());
  ASSERT_TRUE(RunUntil(context, [&] { return delivered; }));
}

}  // namespace jembatan::kafka::testing
