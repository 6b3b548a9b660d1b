#include "libs/kafka/topic_watch.h"

#include <gtest/gtest.h>

namespace jembatan::kafka {
namespace {

TEST(TopicWatch, SaysHowATopicHasChanged) {
  struct Case {
    TopicLook now;
    const char* changed;
  };
  const TopicLook first{.partitions = 6, .id = "A"};
  const Case cases[] = {
      {{6, "A"}, ""},
      {{7, "A"}, "has 7 partitions instead of 6"},
      {{5, "B"}, "has 5 partitions instead of 6"},
      {{6, "B"}, "was made anew: its id is B instead of A"},
      {{6, ""}, ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Changed(first, c.now), c.changed) << c.now.partitions << c.now.id;
  }
  EXPECT_EQ(Changed({.partitions = 6}, {6, "A"}), "");
}

}  // namespace
}  // namespace jembatan::kafka
