#pragma once

// RevokedText: an authority's revocation list as PEM, with one serial number in it. Pure; any
// thread.

#include <cstdint>
#include <string>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "libs/rpc/pem.h"

namespace jembatan::rpc::testing {

// What was written into a memory BIO.
inline std::string TextOf(BIO* bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

// Issued an hour ago; good_for_s from now on, negative: no longer.
inline std::string RevokedText(const X509_NAME* issuer, EVP_PKEY* key, int64_t serial,
                               int64_t good_for_s) {
  const RevocationList list(X509_CRL_new(), &X509_CRL_free);
  X509_CRL_set_issuer_name(list.get(), issuer);
  ASN1_TIME* time = ASN1_TIME_new();
  X509_CRL_set1_lastUpdate(list.get(), X509_gmtime_adj(time, -3600));
  X509_CRL_set1_nextUpdate(list.get(), X509_gmtime_adj(time, good_for_s));
  X509_REVOKED* entry = X509_REVOKED_new();
  ASN1_INTEGER* number = ASN1_INTEGER_new();
  ASN1_INTEGER_set_int64(number, serial);
  X509_REVOKED_set_serialNumber(entry, number);
  X509_REVOKED_set_revocationDate(entry, X509_gmtime_adj(time, -60));
  X509_CRL_add0_revoked(list.get(), entry);
  ASN1_INTEGER_free(number);
  ASN1_TIME_free(time);
  X509_CRL_sign(list.get(), key, EVP_sha256());
  const Bio out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_X509_CRL(out.get(), list.get());
  return TextOf(out.get());
}

}  // namespace jembatan::rpc::testing
