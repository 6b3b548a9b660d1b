#include "libs/crossing/link_host.h"

#include <gtest/gtest.h>

namespace jembatan::crossing {
namespace {

TEST(LinkHost, IsWhereABrowserWouldGo) {
  EXPECT_EQ(LinkHost("https://pay.example/o/1?a=b"), "pay.example");
  EXPECT_EQ(LinkHost("http://127.0.0.1:9580/o/1"), "127.0.0.1:9580");
  EXPECT_EQ(LinkHost("https://pay.example?x"), "pay.example");
  EXPECT_EQ(LinkHost("https://pay.example#x"), "pay.example");
}

TEST(LinkHost, IsNoneOfWhatIsNoLinkOrDisguisesIt) {
  for (const char* url : {"", "pay.example", "ftp://pay.example", "javascript:alert(1)",
                          "https://pay.example@evil.example/", "//pay.example/"}) {
    EXPECT_EQ(LinkHost(url), "") << url;
  }
}

}  // namespace
}  // namespace jembatan::crossing
