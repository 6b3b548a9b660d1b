#include "bench/load/history_file.h"

#include <string>

#include "gtest/gtest.h"

#include "libs/base/file.h"

namespace jembatan::load {
namespace {

TEST(HistoryFile, WritesWhatViewersSentAndWereTold) {
  const std::string path = testing::TempDir() + "/history_file_test";
  const base::Uuid id = base::Uuid::MakeV7(1'800'000'000'000, 1, 1);
  HistoryFile history;
  ASSERT_TRUE(history.Open(path).ok());
  history.Invoke(1, id, "kopi \"gayo\"");
  intake::v1::Receipt receipt;
  receipt.set_intent_id(id.ToString());
  for (auto status : {intake::v1::Receipt::STATUS_PENDING, intake::v1::Receipt::STATUS_REFUSED,
                      intake::v1::Receipt::STATUS_ACCEPTED}) {
    receipt.set_status(status);
    receipt.set_partition(3);
    receipt.set_offset(9);
    history.Receipt(2, receipt);
  }
  intake::v1::Outcome outcome;
  outcome.set_intent_id(id.ToString());
  outcome.set_state(intake::v1::Outcome::STATE_UNCONFIRMED);
  history.Outcome(3, outcome);
  outcome.set_state(intake::v1::Outcome::STATE_HANDED_OFF);
  history.Outcome(4, outcome);
  ASSERT_TRUE(history.Close().ok());
  const std::string with_id = ",\"id\":\"" + id.ToString() + "\"";
  EXPECT_EQ(*base::ReadWholeFile(path, 4096),
            "{\"t\":1,\"e\":\"invoke\"" + with_id + ",\"offer\":\"kopi \\\"gayo\\\"\"}\n" +
                "{\"t\":2,\"e\":\"pending\"" + with_id + "}\n" + "{\"t\":2,\"e\":\"refused\"" +
                with_id + "}\n" + "{\"t\":2,\"e\":\"accepted\"" + with_id +
                ",\"partition\":3,\"offset\":9}\n" + "{\"t\":4,\"e\":\"outcome\"" + with_id +
                ",\"state\":\"HANDED_OFF\",\"order_id\":\"\"}\n");
}

TEST(HistoryFile, SaysWhenItCannotBeWritten) {
  HistoryFile history;
  EXPECT_TRUE(absl::IsInvalidArgument(history.Open("/nowhere/history")));
}

}  // namespace
}  // namespace jembatan::load
