#include "libs/rpc/pem.h"

#include <string>

#include <openssl/pem.h>

namespace jembatan::rpc {

Bio Memory(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
}

Certificate ParseCertificate(std::string_view pem) {
  return Certificate(PEM_read_bio_X509(Memory(pem).get(), nullptr, nullptr, nullptr), &X509_free);
}

RevocationList ParseRevocationList(std::string_view pem) {
  return RevocationList(PEM_read_bio_X509_CRL(Memory(pem).get(), nullptr, nullptr, nullptr),
                        &X509_CRL_free);
}

Key ParseKey(std::string_view pem) {
  // An empty passphrase: an encrypted key is refused instead of asking on the terminal.
  std::string passphrase;
  return Key(PEM_read_bio_PrivateKey(Memory(pem).get(), nullptr, nullptr, passphrase.data()),
             &EVP_PKEY_free);
}

}  // namespace jembatan::rpc
