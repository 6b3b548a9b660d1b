#include "libs/rpc/server.h"

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/method_handler.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "libs/base/status.h"
#include "libs/rpc/testing/revoked_text.h"

namespace jembatan::rpc {
namespace {

constexpr const char* kEcho = "/test.Echo/Echo";

grpc::ByteBuffer Bytes(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

std::string Text(const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  if (!bytes.DumpToSingleSlice(&slice).ok()) return "unreadable";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// Answers with the request; "wait" is answered when the call is cancelled.
class EchoService final : public grpc::Service {
 public:
  EchoService() {
    using Handler =
        grpc::internal::RpcMethodHandler<EchoService, grpc::ByteBuffer, grpc::ByteBuffer,
                                         grpc::ByteBuffer, grpc::ByteBuffer>;
    AddMethod(new grpc::internal::RpcServiceMethod(
        kEcho, grpc::internal::RpcMethod::NORMAL_RPC,
        new Handler(
            [](EchoService* self, grpc::ServerContext* context, const grpc::ByteBuffer* request,
               grpc::ByteBuffer* response) { return self->Echo(context, *request, response); },
            this)));
  }
  void AwaitEntered() {
    std::unique_lock lock(mutex_);
    entered_.wait(lock, [this] { return waiting_; });
  }

 private:
  grpc::Status Echo(grpc::ServerContext* context, const grpc::ByteBuffer& request,
                    grpc::ByteBuffer* response) {
    if (Text(request) == "wait") {
      {
        const std::scoped_lock lock(mutex_);
        waiting_ = true;
      }
      entered_.notify_all();
      while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    *response = request;
    return grpc::Status::OK;
  }

  std::mutex mutex_;
  std::condition_variable entered_;
  bool waiting_ = false;
};

grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const char* method,
                  const std::string& request, std::string* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  context.set_wait_for_ready(false);
  const grpc::internal::RpcMethod rpc(method, grpc::internal::RpcMethod::NORMAL_RPC, channel);
  grpc::ByteBuffer answer;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      channel.get(), rpc, &context, Bytes(request), &answer);
  if (status.ok() && response != nullptr) *response = Text(answer);
  return status;
}

ServerOptions Loopback() {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  return options;
}

std::shared_ptr<grpc::Channel> ConnectTo(int port, const TlsFiles& tls = {}) {
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  const absl::Status status = ChannelCredentials(tls, &credentials);
  EXPECT_TRUE(status.ok()) << base::ToString(status);
  return Connect("127.0.0.1:" + std::to_string(port), credentials);
}

TEST(ServerTest, ServesOnAFreePortAndAnswersHealth) {
  EchoService echo;
  Server server(Loopback());
  server.Register(&echo);
  ASSERT_TRUE(server.Start().ok());
  ASSERT_GT(server.port(), 0);
  const auto channel = ConnectTo(server.port());
  std::string answer;
  EXPECT_TRUE(Call(channel, kEcho, "halo", &answer).ok());
  EXPECT_EQ(answer, "halo");
  // HealthCheckResponse{status: SERVING}.
  EXPECT_TRUE(Call(channel, "/grpc.health.v1.Health/Check", "", &answer).ok());
  EXPECT_EQ(answer, "\x08\x01");
}

TEST(ServerTest, ABusyPortFailsWithOneLine) {
  EchoService echo;
  Server first(Loopback());
  first.Register(&echo);
  ASSERT_TRUE(first.Start().ok());
  ServerOptions options;
  options.listen = "127.0.0.1:" + std::to_string(first.port());
  EchoService other;
  Server second(options);
  second.Register(&other);
  EXPECT_EQ(base::ToString(second.Start()),
            "UNAVAILABLE: cannot listen on " + options.listen + ": Address already in use");
}

TEST(ServerTest, ABadAddressFails) {
  for (const char* listen :
       {"", "localhost", ":80", "127.0.0.1:", "127.0.0.1:http!", "1.2.3.4:1"}) {
    EchoService echo;
    ServerOptions options;
    options.listen = listen;
    Server server(options);
    server.Register(&echo);
    EXPECT_FALSE(server.Start().ok()) << listen;
  }
}

TEST(ServerTest, AMessageOverTheBoundIsRefused) {
  EchoService echo;
  ServerOptions options = Loopback();
  options.max_message_bytes = 1'000;
  Server server(options);
  server.Register(&echo);
  ASSERT_TRUE(server.Start().ok());
  const auto channel = ConnectTo(server.port());
  EXPECT_TRUE(Call(channel, kEcho, std::string(900, 'x'), nullptr).ok());
  EXPECT_EQ(Call(channel, kEcho, std::string(1'100, 'x'), nullptr).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(ServerTest, StopCancelsWhatOutlivesTheGraceAndIsIdempotent) {
  EchoService echo;
  Server server(Loopback());
  server.Register(&echo);
  ASSERT_TRUE(server.Start().ok());
  const auto channel = ConnectTo(server.port());
  std::atomic<bool> failed = false;
  std::thread caller([&] { failed = !Call(channel, kEcho, "wait", nullptr).ok(); });
  echo.AwaitEntered();
  server.Stop(std::chrono::milliseconds(10));
  server.Stop(std::chrono::milliseconds(10));
  caller.join();
  EXPECT_TRUE(failed);
}

// One self-signed certificate for the loopback address that plays authority, server and client.
// A server of the EchoService over TLS.
struct EchoServer {
  explicit EchoServer(const TlsFiles& tls, std::vector<std::string> callers = {})
      : server(Options(tls, std::move(callers))) {
    server.Register(&service);
    started = server.Start();
  }
  static ServerOptions Options(const TlsFiles& tls, std::vector<std::string> callers) {
    ServerOptions options = Loopback();
    options.tls = tls;
    options.callers.names = std::move(callers);
    return options;
  }

  EchoService service;
  Server server;
  absl::Status started;
};

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / "rpc_tls_test";
    std::filesystem::create_directories(folder_);
    tls_ = {Path("peer.crt"), Path("peer.key"), Path("peer.crt")};
    WriteCertificate(tls_.certificate, tls_.key);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Path(const char* name) const { return (folder_ / name).string(); }

  static void WriteCertificate(const std::string& certificate_path, const std::string& key_path,
                               const char* names = "IP:127.0.0.1") {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* san = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    X509_add_ext(certificate, san, -1);
    X509_EXTENSION_free(san);
    X509_EXTENSION* authority =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(certificate, authority, -1);
    X509_EXTENSION_free(authority);
    X509_sign(certificate, key, EVP_sha256());
    std::FILE* file = std::fopen(certificate_path.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(key_path.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  // A revocation list of the certificate that plays authority, with one serial number in it.
  static void WriteRevoked(const TlsFiles& authority, const std::string& path, long serial) {
    std::FILE* file = std::fopen(authority.key.c_str(), "r");
    EVP_PKEY* key = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
    std::fclose(file);
    file = std::fopen(authority.certificate.c_str(), "r");
    X509* certificate = PEM_read_X509(file, nullptr, nullptr, nullptr);
    std::fclose(file);
    std::ofstream(path) << testing::RevokedText(X509_get_subject_name(certificate), key, serial,
                                                3600);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  std::filesystem::path folder_;
  TlsFiles tls_;
};

TEST_F(TlsTest, OnlyAPeerWithACertificateGetsIn) {
  EchoServer echo(tls_);
  ASSERT_TRUE(echo.started.ok()) << base::ToString(echo.started);
  std::string answer;
  const grpc::Status mutual = Call(ConnectTo(echo.server.port(), tls_), kEcho, "halo", &answer);
  EXPECT_TRUE(mutual.ok()) << mutual.error_message();
  EXPECT_EQ(answer, "halo");
  TlsFiles nobody;
  nobody.ca = tls_.ca;
  EXPECT_FALSE(Call(ConnectTo(echo.server.port(), nobody), kEcho, "halo", nullptr).ok());
  EXPECT_FALSE(Call(ConnectTo(echo.server.port()), kEcho, "halo", nullptr).ok());
}

TEST_F(TlsTest, OnlyACallerOnTheListGetsIn) {
  for (const char* name : {"localhost", "elsewhere"}) {
    EchoServer echo(tls_, {name});
    ASSERT_TRUE(echo.started.ok()) << base::ToString(echo.started);
    const grpc::Status status = Call(ConnectTo(echo.server.port(), tls_), kEcho, "halo", nullptr);
    EXPECT_EQ(status.ok(), std::string(name) == "localhost") << name;
  }
  std::shared_ptr<grpc::ServerCredentials> credentials;
  EXPECT_EQ(
      base::ToString(ServerCredentials({}, {.names = {"bridge"}, .revoked = {}}, &credentials)),
      "INVALID_ARGUMENT: only with a CA of callers can some of them be let in");
}

TEST_F(TlsTest, ARevokedServerGetsNoFurtherConnection) {
  EchoServer echo(tls_);
  ASSERT_TRUE(echo.started.ok()) << base::ToString(echo.started);
  TlsFiles wary = tls_;
  wary.revoked = Path("revoked.pem");
  WriteRevoked(tls_, wary.revoked, 2);
  const std::shared_ptr<grpc::Channel> before = ConnectTo(echo.server.port(), wary);
  const grpc::Status good = Call(before, kEcho, "halo", nullptr);
  EXPECT_TRUE(good.ok()) << good.error_message();
  WriteRevoked(tls_, wary.revoked, 1);
  EXPECT_FALSE(Call(ConnectTo(echo.server.port(), wary), kEcho, "halo", nullptr).ok());
  EXPECT_TRUE(Call(before, kEcho, "halo", nullptr).ok()) << "an open connection stays";
  wary.ca.clear();
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  EXPECT_EQ(base::ToString(ChannelCredentials(wary, &credentials)),
            "INVALID_ARGUMENT: a revocation list needs its CA");
}

// A verifier of one's own takes the place of gRPC's check of the host.
TEST_F(TlsTest, WhoLooksForRevocationLooksAtTheServersNameToo) {
  const TlsFiles elsewhere{Path("elsewhere.crt"), Path("elsewhere.key"), Path("elsewhere.crt")};
  WriteCertificate(elsewhere.certificate, elsewhere.key, "DNS:orders.example");
  EchoServer echo(elsewhere);
  ASSERT_TRUE(echo.started.ok()) << base::ToString(echo.started);
  TlsFiles wary = elsewhere;
  wary.revoked = Path("revoked.pem");
  WriteRevoked(elsewhere, wary.revoked, 2);
  EXPECT_FALSE(Call(ConnectTo(echo.server.port(), wary), kEcho, "halo", nullptr).ok());
}

TEST_F(TlsTest, BadFilesAreNamed) {
  const std::string other_key = Path("other.key");
  WriteCertificate(Path("other.crt"), other_key);
  std::ofstream(Path("junk")) << "no PEM";
  const struct {
    TlsFiles files;
    std::string message;
  } cases[] = {
      {{Path("none"), tls_.key, ""}, "cannot read " + Path("none") + ": No such file or directory"},
      {{tls_.certificate, "", ""}, "TLS needs both a certificate and its key"},
      {{"", "", tls_.ca}, "a TLS server needs a certificate and its key"},
      {{Path("junk"), tls_.key, ""}, Path("junk") + " holds no certificate"},
      {{tls_.certificate, Path("junk"), ""}, Path("junk") + " holds no plain private key"},
      {{tls_.certificate, tls_.key, Path("junk")}, Path("junk") + " holds no certificate"},
      {{tls_.certificate, other_key, ""}, other_key + " does not belong to " + tls_.certificate},
  };
  for (const auto& c : cases) {
    std::shared_ptr<grpc::ServerCredentials> credentials;
    EXPECT_EQ(base::ToString(ServerCredentials(c.files, {}, &credentials)),
              "INVALID_ARGUMENT: " + c.message);
  }
}

}  // namespace
}  // namespace jembatan::rpc
