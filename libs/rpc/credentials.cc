// Credentials from PEM files. gRPC reports a bad file only in its own log and only when a port is
// bound, so the files are judged here first, with a line that names the file.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "libs/base/file.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/rpc/caller_check.h"
#include "libs/rpc/pem.h"
#include "libs/rpc/server.h"

namespace jembatan::rpc {
namespace {

struct Material {
  std::string certificate;
  std::string key;
  std::string ca;
};

absl::Status Load(const TlsFiles& files, Material* material) {
  if (files.certificate.empty() != files.key.empty()) {
    return base::InvalidArgument("TLS needs both a certificate and its key");
  }
  if (!files.ca.empty()) {
    JEMB_ASSIGN_OR_RETURN(material->ca, base::ReadWholeFile(files.ca, kPemBytesMax));
    if (ParseCertificate(material->ca) == nullptr) {
      return base::InvalidArgument(files.ca + " holds no certificate");
    }
  }
  if (files.certificate.empty()) return absl::OkStatus();
  JEMB_ASSIGN_OR_RETURN(material->certificate,
                        base::ReadWholeFile(files.certificate, kPemBytesMax));
  JEMB_ASSIGN_OR_RETURN(material->key, base::ReadWholeFile(files.key, kPemBytesMax));
  const Certificate certificate = ParseCertificate(material->certificate);
  if (certificate == nullptr) {
    return base::InvalidArgument(files.certificate + " holds no certificate");
  }
  const Key key = ParseKey(material->key);
  if (key == nullptr) return base::InvalidArgument(files.key + " holds no plain private key");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return base::InvalidArgument(files.key + " does not belong to " + files.certificate);
  }
  return absl::OkStatus();
}

bool Plaintext(const TlsFiles& files) {
  return files.certificate.empty() && files.key.empty() && files.ca.empty() &&
         files.revoked.empty();
}

// "host", "host:port", "[address]:port", or an IPv6 address -> the host.
std::string HostOf(std::string_view target) {
  if (target.starts_with('[')) return std::string(target.substr(1, target.find(']') - 1));
  const bool address = target.find(':') != target.rfind(':');
  return std::string(address ? target : target.substr(0, target.find(':')));
}

std::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

// What a verifier tells gRPC; a refusal is logged as the event.
void Answer(const absl::Status& status, const char* event, grpc::Status* result) {
  if (status.ok()) return;
  const std::string why(base::Std(status.message()));
  base::Log(base::Level::kWarn, event, {{"why", why}});
  *result = grpc::Status(grpc::StatusCode::UNAUTHENTICATED, why);
}

// CallerCheck where gRPC asks, after the handshake.
class CallerVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit CallerVerifier(CallerCheck check) : check_(std::move(check)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* result) override {
    CallerNames caller;
    caller.common_name = View(request->common_name());
    for (const grpc::string_ref& name : request->dns_names()) caller.names.emplace_back(View(name));
    for (const grpc::string_ref& name : request->uri_names()) caller.names.emplace_back(View(name));
    Answer(check_.Check(caller, View(request->peer_cert())), "caller_refused", result);
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  const CallerCheck check_;
};

// The same for a client: a verifier of one's own takes the place of gRPC's check of the host.
class ServerVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit ServerVerifier(CallerCheck check) : check_(std::move(check)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* result) override {
    absl::Status status =
        CheckHost(HostOf(View(request->target_name())), View(request->peer_cert()));
    if (status.ok()) status = check_.Check({}, View(request->peer_cert()));
    Answer(status, "server_refused", result);
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  static absl::Status CheckHost(const std::string& host, std::string_view pem) {
    const Certificate certificate = ParseCertificate(pem);
    if (certificate == nullptr) return base::InvalidArgument("the certificate cannot be read");
    const bool named =
        X509_check_ip_asc(certificate.get(), host.c_str(), 0) == 1 ||
        X509_check_host(certificate.get(), host.data(), host.size(), 0, nullptr) == 1;
    return named ? absl::OkStatus()
                 : absl::PermissionDeniedError("the certificate is not for " + host);
  }

  const CallerCheck check_;
};

absl::Status WaryCredentials(const TlsFiles& files, const Material& material,
                             std::shared_ptr<grpc::ChannelCredentials>* credentials) {
  if (files.ca.empty()) return base::InvalidArgument("a revocation list needs its CA");
  CallerCheck check({.names = {}, .revoked = files.revoked}, material.ca);
  JEMB_RETURN_IF_ERROR(check.CheckList());
  grpc::experimental::TlsChannelCredentialsOptions options;
  std::vector<grpc::experimental::IdentityKeyCertPair> identity;
  if (!material.key.empty()) identity.push_back({material.key, material.certificate});
  const bool shows_itself = !identity.empty();
  options.set_certificate_provider(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(material.ca,
                                                                          std::move(identity)));
  options.watch_root_certs();
  if (shows_itself) options.watch_identity_key_cert_pairs();
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<ServerVerifier>(std::move(check)));
  *credentials = grpc::experimental::TlsCredentials(options);
  return absl::OkStatus();
}

absl::Status PickyCredentials(const Material& material, const Callers& callers,
                              std::shared_ptr<grpc::ServerCredentials>* credentials) {
  CallerCheck check(callers, material.ca);
  JEMB_RETURN_IF_ERROR(check.CheckList());
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
          material.ca, std::vector<grpc::experimental::IdentityKeyCertPair>{
                           {material.key, material.certificate}}));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<CallerVerifier>(std::move(check)));
  *credentials = grpc::experimental::TlsServerCredentials(options);
  return absl::OkStatus();
}

}  // namespace

absl::Status ServerCredentials(const TlsFiles& files, const Callers& callers,
                               std::shared_ptr<grpc::ServerCredentials>* credentials) {
  if (!callers.Everybody() && files.ca.empty()) {
    return base::InvalidArgument("only with a CA of callers can some of them be let in");
  }
  if (Plaintext(files)) {
    *credentials = grpc::InsecureServerCredentials();
    return absl::OkStatus();
  }
  if (files.certificate.empty()) {
    return base::InvalidArgument("a TLS server needs a certificate and its key");
  }
  Material material;
  JEMB_RETURN_IF_ERROR(Load(files, &material));
  if (!callers.Everybody()) return PickyCredentials(material, callers, credentials);
  grpc::SslServerCredentialsOptions options(
      files.ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                       : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = material.ca;
  options.pem_key_cert_pairs.push_back({material.key, material.certificate});
  *credentials = grpc::SslServerCredentials(options);
  return absl::OkStatus();
}

absl::Status ChannelCredentials(const TlsFiles& files,
                                std::shared_ptr<grpc::ChannelCredentials>* credentials) {
  if (Plaintext(files)) {
    *credentials = grpc::InsecureChannelCredentials();
    return absl::OkStatus();
  }
  Material material;
  JEMB_RETURN_IF_ERROR(Load(files, &material));
  if (!files.revoked.empty()) return WaryCredentials(files, material, credentials);
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = material.ca;
  options.pem_private_key = material.key;
  options.pem_cert_chain = material.certificate;
  *credentials = grpc::SslCredentials(options);
  return absl::OkStatus();
}

}  // namespace jembatan::rpc
