#include "services/ctl/reasons.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace jembatan::ctl {
namespace {

std::string File(const std::string& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(Reasons, AReasonIsARowForPeopleAndAnObjectForPrograms) {
  EXPECT_THAT(ReasonsMarkdown(),
              testing::HasSubstr("| 401 | `OUT_OF_STOCK` | stock | no | Maaf, stok barang ini "
                                 "sudah habis. | Sorry, this item is out of stock. |\n"));
  EXPECT_THAT(ReasonsJsonLines(),
              testing::HasSubstr(R"({"number":601,"name":"RATE_LIMITED","class":"capacity",)"
                                 R"("retryable":1,"id":"Anda mengirim)"));
}

TEST(Reasons, TheFilesWrittenFromThemAreUpToDate) {
  EXPECT_EQ(File("docs/reference/reasons.md"), ReasonsMarkdown())
      << "jembatan-ctl reasons > docs/reference/reasons.md";
  EXPECT_EQ(File("clients/typescript/reasons.jsonl"), ReasonsJsonLines())
      << "jembatan-ctl reasons --format=json > clients/typescript/reasons.jsonl";
}

}  // namespace
}  // namespace jembatan::ctl
