#include "libs/ledger/note.h"

#include "gtest/gtest.h"

namespace jembatan::ledger {
namespace {

// The example that the format's first implementation is documented with.
constexpr char kPublicKey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kPrivateKey[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr char kText[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr char kNote[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    "\n";

TEST(Note, PublishedExample) {
  const auto signer = NoteSigner::Parse(kPrivateKey);
  ASSERT_TRUE(signer.ok()) << signer.status();
  EXPECT_EQ(signer->verifier().text(), kPublicKey);
  EXPECT_EQ(signer->private_text(), kPrivateKey);
  EXPECT_EQ(signer->Sign(kText), kNote);
  const auto verifier = NoteVerifier::Parse(kPublicKey);
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const auto text = verifier->Open(kNote);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, kText);
}

TEST(Note, EveryFlippedBitOfItIsSeen) {
  const auto verifier = *NoteVerifier::Parse(kPublicKey);
  const std::string note = kNote;
  for (size_t i = 0; i < 8 * note.size(); ++i) {
    std::string flipped = note;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << i % 8));
    EXPECT_FALSE(verifier.Open(flipped).ok()) << "bit " << i;
  }
  for (size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(verifier.Open(note.substr(0, size)).ok()) << size;
  }
}

TEST(Note, SignaturesOfOthersCountForNothing) {
  const auto mine = *NoteSigner::Generate("auditor.example");
  const auto other = *NoteSigner::Generate("witness.example");
  // The same name, another key.
  const auto twin = *NoteSigner::Generate("auditor.example");
  const std::string text = "origin\n1\n";
  std::string both = other.Sign(text);
  both += mine.Sign(text).substr(text.size() + 1);
  EXPECT_TRUE(mine.verifier().Open(both).ok());
  EXPECT_TRUE(other.verifier().Open(both).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(twin.verifier().Open(both).status()));
  EXPECT_TRUE(absl::IsUnauthenticated(mine.verifier().Open(other.Sign(text)).status()));
}

TEST(Note, Refused) {
  const auto signer = *NoteSigner::Generate("auditor.example");
  const std::string signature = signer.Sign("a\n").substr(3);
  const struct {
    std::string what, note;
  } kRows[] = {
      {"empty", ""},
      {"no signature", "a\n\n"},
      {"no empty line", "a\n" + signature},
      {"no line end", signer.Sign("a\n") + "x"},
      {"a line that is no signature", signer.Sign("a\n") + "hello\n"},
      {"a control character", "a\tb\n\n" + signature},
      {"not UTF-8", "a\xff\n\n" + signature},
      {"another text", "b\n\n" + signature},
      {"too long", std::string(kNoteBytesMax, 'a') + "\n\n" + signature},
  };
  for (const auto& row : kRows) EXPECT_FALSE(signer.verifier().Open(row.note).ok()) << row.what;
}

TEST(Note, KeysThatAreNone) {
  const std::string good = kPublicKey;
  const std::string kRows[] = {
      "",
      "PeterNeumann",
      "PeterNeumann+c74f20a3+",
      "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
      "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  // another hash
      "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  // another algorithm
      "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
      good + "\n",
  };
  for (const std::string& text : kRows) EXPECT_FALSE(NoteVerifier::Parse(text).ok()) << text;
  EXPECT_FALSE(NoteSigner::Parse(good).ok());
  const auto refused = NoteSigner::Parse(std::string(kPrivateKey) + "x");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().message().find("AYEK"), absl::string_view::npos) << "tells a secret";
  for (const char* name : {"", "a b", "a+b", "a\n"}) EXPECT_FALSE(NoteSigner::Generate(name).ok());
}

}  // namespace
}  // namespace jembatan::ledger
