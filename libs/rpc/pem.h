#pragma once

// OpenSSL's objects from PEM texts; null if the text holds none. Any thread.

#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

namespace jembatan::rpc {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using RevocationList = std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// A PEM file of a chain is a few kilobytes.
inline constexpr size_t kPemBytesMax = 1 << 20;

Bio Memory(std::string_view pem);
Certificate ParseCertificate(std::string_view pem);
RevocationList ParseRevocationList(std::string_view pem);
Key ParseKey(std::string_view pem);

}  // namespace jembatan::rpc
