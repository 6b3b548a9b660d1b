#include "libs/rpc/caller_check.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include <openssl/pem.h>

#include "libs/base/status.h"
#include "libs/rpc/pem.h"
#include "libs/rpc/testing/revoked_text.h"

namespace jembatan::rpc {
namespace {

Key NewKey() { return Key(EVP_EC_gen("P-256"), &EVP_PKEY_free); }

// An authority that signs certificates and revokes them.
class Authority {
 public:
  explicit Authority(const char* name) : name_(name), key_(NewKey()) {}

  std::string Sign(int64_t serial) const {
    const Key key = NewKey();
    const Certificate certificate(X509_new(), &X509_free);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), serial == 1 ? key_.get() : key.get());
    Name(X509_get_issuer_name(certificate.get()));
    X509_sign(certificate.get(), key_.get(), EVP_sha256());
    const Bio out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(out.get(), certificate.get());
    return testing::TextOf(out.get());
  }
  std::string Itself() const { return Sign(1); }

  std::string Revoke(int64_t serial, int64_t good_for_s) const {
    X509_NAME* name = X509_NAME_new();
    Name(name);
    std::string text = testing::RevokedText(name, key_.get(), serial, good_for_s);
    X509_NAME_free(name);
    return text;
  }

 private:
  void Name(X509_NAME* name) const {
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name_), -1, -1, 0);
  }

  const char* name_;
  Key key_;
};

class CallerCheckTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Revoked(const std::string& text) const {
    std::string path = (folder_ / "revoked.pem").string();
    std::ofstream(path) << text;
    return path;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / "caller_check_test";
  const Authority authority_{"marketplace link"};
};

TEST_F(CallerCheckTest, NamesMatchWholeAndTheCommonNameOnlyWhereThereIsNoOther) {
  const CallerCheck check({.names = {"bridge.example", "spiffe://jembatan/bridge"}, .revoked = {}},
                          authority_.Itself());
  const struct {
    CallerNames caller;
    bool let_in;
  } table[] = {
      {{{"bridge.example"}, "anybody"}, true},
      {{{"other.example", "spiffe://jembatan/bridge"}, ""}, true},
      {{{}, "bridge.example"}, true},
      {{{"gateway.example"}, "bridge.example"}, false},
      {{{"bridge.example.evil"}, ""}, false},
      {{{"*.example"}, ""}, false},
      {{{}, ""}, false},
  };
  for (const auto& row : table) {
    EXPECT_EQ(check.Check(row.caller, authority_.Sign(2)).ok(), row.let_in)
        << (row.caller.names.empty() ? row.caller.common_name : row.caller.names.front());
  }
}

TEST_F(CallerCheckTest, WhatIsRevokedStaysOutFromThenOn) {
  const std::string path = Revoked(authority_.Revoke(8, 3600));
  const CallerCheck check({.names = {}, .revoked = path}, authority_.Itself());
  EXPECT_TRUE(check.CheckList().ok());
  const std::string certificate = authority_.Sign(7);
  EXPECT_TRUE(check.Check({}, certificate).ok());
  Revoked(authority_.Revoke(7, 3600));
  EXPECT_EQ(base::ToString(check.Check({}, certificate)),
            "PERMISSION_DENIED: the certificate is revoked");
}

TEST_F(CallerCheckTest, AListThatProvesNothingLetsNobodyIn) {
  const Authority other("another");
  const std::string texts[] = {"", "no list", authority_.Revoke(8, -60), other.Revoke(8, 3600)};
  for (const std::string& text : texts) {
    const CallerCheck check({.names = {}, .revoked = Revoked(text)}, authority_.Itself());
    EXPECT_FALSE(check.CheckList().ok()) << text;
    EXPECT_FALSE(check.Check({}, authority_.Sign(7)).ok()) << text;
  }
  const CallerCheck gone({.names = {}, .revoked = "/nowhere/revoked.pem"}, authority_.Itself());
  EXPECT_FALSE(gone.CheckList().ok());
  // Of what another authority signed the list tells nothing.
  const CallerCheck check({.names = {}, .revoked = Revoked(authority_.Revoke(8, 3600))},
                          authority_.Itself());
  EXPECT_FALSE(check.Check({}, other.Sign(7)).ok());
  EXPECT_FALSE(check.Check({}, "no certificate").ok());
}

}  // namespace
}  // namespace jembatan::rpc
