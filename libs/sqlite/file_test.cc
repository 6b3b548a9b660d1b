#include "libs/sqlite/file.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace jembatan::sqlite {
namespace {

const Form kForm{"a database of this test", "77", "2",
                 "BEGIN; CREATE TABLE t(v INTEGER); PRAGMA application_id = 77; "
                 "PRAGMA user_version = 2; COMMIT"};

class File : public testing::Test {
 protected:
  File() {
    folder_ = testing::TempDir() + "/sqlite_file_test";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = folder_ + "/a.db";
  }
  ~File() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(File, IsMadeOnceAndFoundAgain) {
  {
    auto database = OpenFile(path_, kForm);
    ASSERT_TRUE(database.ok()) << database.status();
    ASSERT_TRUE(database->Execute("INSERT INTO t VALUES(5)").ok());
  }
  auto database = OpenFile(path_, kForm);
  ASSERT_TRUE(database.ok()) << database.status();
  EXPECT_EQ(*database->Query("SELECT v FROM t"), "5");
  EXPECT_EQ(*database->Query("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(*database->Query("PRAGMA synchronous"), "2");
}

TEST_F(File, ThatIsAnothersIsRefused) {
  ASSERT_TRUE(OpenFile(path_, kForm).ok());
  Form other = kForm;
  other.application_id = "78";
  EXPECT_EQ(OpenFile(path_, other).status().message(), path_ + " is not a database of this test");
  other = kForm;
  other.user_version = "3";
  EXPECT_EQ(OpenFile(path_, other).status().message(),
            path_ + " has schema version 2; this program knows 3");
  std::ofstream(folder_ + "/text.db") << std::string(10'000, 'x');
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenFile(folder_ + "/text.db", kForm).status()));
}

TEST_F(File, ReadersDoNotWrite) {
  ASSERT_TRUE(OpenFile(path_, kForm).ok());
  auto reader = OpenReader(path_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_FALSE(reader->Execute("INSERT INTO t VALUES(1)").ok());
}

TEST_F(File, HasOneOwner) {
  {
    const auto lock = FileLock::Take(path_);
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_EQ(FileLock::Take(path_).status().message(), path_ + " is in use by another process");
  }
  EXPECT_TRUE(FileLock::Take(path_).ok());
}

}  // namespace
}  // namespace jembatan::sqlite
