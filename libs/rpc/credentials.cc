// Credentials from PEM files. gRPC reports a bad file only in its own log and only when a port is
// bound, so the files are judged here first, with a line that names the file.

#include <memory>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/rpc/server.h"

namespace jembatan::rpc {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// A PEM file of a chain is a few kilobytes.
constexpr size_t kPemBytesMax = 1 << 20;

Bio Memory(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
}

Certificate ParseCertificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(Memory(pem).get(), nullptr, nullptr, nullptr), &X509_free);
}

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
  // An empty passphrase: an encrypted key is refused instead of asking on the terminal.
  std::string passphrase;
  const Key key(
      PEM_read_bio_PrivateKey(Memory(material->key).get(), nullptr, nullptr, passphrase.data()),
      &EVP_PKEY_free);
  if (key == nullptr) return base::InvalidArgument(files.key + " holds no plain private key");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return base::InvalidArgument(files.key + " does not belong to " + files.certificate);
  }
  return absl::OkStatus();
}

bool Plaintext(const TlsFiles& files) {
  return files.certificate.empty() && files.key.empty() && files.ca.empty();
}

}  // namespace

absl::Status ServerCredentials(const TlsFiles& files,
                               std::shared_ptr<grpc::ServerCredentials>* credentials) {
  if (Plaintext(files)) {
    *credentials = grpc::InsecureServerCredentials();
    return absl::OkStatus();
  }
  if (files.certificate.empty()) {
    return base::InvalidArgument("a TLS server needs a certificate and its key");
  }
  Material material;
  JEMB_RETURN_IF_ERROR(Load(files, &material));
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
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = material.ca;
  options.pem_private_key = material.key;
  options.pem_cert_chain = material.certificate;
  *credentials = grpc::SslCredentials(options);
  return absl::OkStatus();
}

}  // namespace jembatan::rpc
