#include "libs/identity/token_signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "libs/base/check.h"
#include "libs/base/status.h"

namespace jembatan::identity {
namespace {

constexpr char kCurve[] = "prime256v1";

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

const uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}

// OpenSSL queues its errors per thread; nobody reads them here, so they must not pile up.
absl::Status Failed(const char* what) {
  ERR_clear_error();
  return base::InvalidArgument(what);
}

// JOSE writes an ECDSA signature as r || s, OpenSSL as DER.
std::string DerOf(std::string_view raw) {
  EcdsaSignature signature(ECDSA_SIG_new());
  Number r(BN_bin2bn(Bytes(raw), 32, nullptr));
  Number s(BN_bin2bn(Bytes(raw) + 32, 32, nullptr));
  JEMB_CHECK(signature != nullptr && r != nullptr && s != nullptr);
  JEMB_CHECK(ECDSA_SIG_set0(signature.get(), r.release(), s.release()) == 1);
  uint8_t der[80];
  uint8_t* end = der;
  int size = i2d_ECDSA_SIG(signature.get(), &end);
  JEMB_CHECK(size > 0 && static_cast<size_t>(size) <= sizeof der);
  return {reinterpret_cast<const char*>(der), static_cast<size_t>(size)};
}

std::string RawOf(std::string_view der) {
  const uint8_t* bytes = Bytes(der);
  EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size())));
  JEMB_CHECK(signature != nullptr);
  std::string raw(kSignatureBytes, '\0');
  auto* out = reinterpret_cast<uint8_t*>(raw.data());
  JEMB_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, 32) == 32);
  JEMB_CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + 32, 32) == 32);
  return raw;
}

// Ed25519 hashes by itself.
const EVP_MD* DigestOf(Algorithm algorithm) {
  return algorithm == Algorithm::kEs256 ? EVP_sha256() : nullptr;
}

int NoPassPhrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string_view AlgorithmName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kEs256:
      return "ES256";
    case Algorithm::kEdDsa:
      return "EdDSA";
  }
  return "";
}

absl::StatusOr<Key> EcPublicKey(std::string_view x, std::string_view y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
    return Failed("a P-256 coordinate is not 32 bytes");
  }
  std::string point = "\x04" + std::string(x) + std::string(y);
  std::string curve = kCurve;
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* raw_key = nullptr;
  bool made = context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
              EVP_PKEY_fromdata(context.get(), &raw_key, EVP_PKEY_PUBLIC_KEY, params) == 1;
  Key key(raw_key);
  if (!made) return Failed("not a point of P-256");
  KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) != 1) {
    return Failed("not a point of P-256");
  }
  return key;
}

absl::StatusOr<Key> Ed25519PublicKey(std::string_view x) {
  if (x.size() != kCoordinateBytes) return Failed("an Ed25519 key is not 32 bytes");
  Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(x), x.size()));
  if (key == nullptr) return Failed("not an Ed25519 key");
  return key;
}

absl::StatusOr<Key> GenerateKey(Algorithm algorithm) {
  Key key(algorithm == Algorithm::kEs256 ? EVP_EC_gen(kCurve)
                                         : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key == nullptr) return Failed("no key could be generated");
  return key;
}

absl::StatusOr<Key> PrivateKeyFromPem(std::string_view pem) {
  Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  JEMB_CHECK(memory != nullptr);
  Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, NoPassPhrase, nullptr));
  if (key == nullptr) return Failed("not an unencrypted private key in PEM");
  return key;
}

std::string PrivateKeyToPem(EVP_PKEY* key) {
  Memory memory(BIO_new(BIO_s_mem()));
  JEMB_CHECK(memory != nullptr);
  JEMB_CHECK(PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
             1);
  char* text = nullptr;
  long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<size_t>(size)};
}

absl::StatusOr<Algorithm> AlgorithmOf(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519")) return Algorithm::kEdDsa;
  char curve[32] = "";
  size_t size = 0;
  bool p256 = EVP_PKEY_is_a(key, "EC") &&
              EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve,
                                             &size) == 1 &&
              std::string_view(curve, size) == kCurve;
  if (!p256) return Failed("the key is neither P-256 nor Ed25519");
  return Algorithm::kEs256;
}

PublicPoint PublicPointOf(EVP_PKEY* key, Algorithm algorithm) {
  PublicPoint point;
  point.x.resize(kCoordinateBytes);
  auto* x = reinterpret_cast<uint8_t*>(point.x.data());
  if (algorithm == Algorithm::kEdDsa) {
    size_t size = kCoordinateBytes;
    JEMB_CHECK(EVP_PKEY_get_raw_public_key(key, x, &size) == 1 && size == kCoordinateBytes);
    return point;
  }
  BIGNUM* raw_x = nullptr;
  BIGNUM* raw_y = nullptr;
  JEMB_CHECK(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &raw_x) == 1);
  Number number_x(raw_x);
  JEMB_CHECK(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &raw_y) == 1);
  Number number_y(raw_y);
  point.y.resize(kCoordinateBytes);
  auto* y = reinterpret_cast<uint8_t*>(point.y.data());
  JEMB_CHECK(BN_bn2binpad(number_x.get(), x, kCoordinateBytes) == kCoordinateBytes);
  JEMB_CHECK(BN_bn2binpad(number_y.get(), y, kCoordinateBytes) == kCoordinateBytes);
  return point;
}

bool VerifySignature(Algorithm algorithm, EVP_PKEY* key, std::string_view input,
                     std::string_view signature) {
  if (signature.size() != kSignatureBytes) return false;
  std::string der;
  if (algorithm == Algorithm::kEs256) {
    der = DerOf(signature);
    signature = der;
  }
  DigestContext context(EVP_MD_CTX_new());
  JEMB_CHECK(context != nullptr);
  bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, DigestOf(algorithm), nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(input),
                       input.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

absl::StatusOr<std::string> MakeSignature(Algorithm algorithm, EVP_PKEY* key,
                                          std::string_view input) {
  DigestContext context(EVP_MD_CTX_new());
  JEMB_CHECK(context != nullptr);
  std::string signature(80, '\0');
  size_t size = signature.size();
  bool made = EVP_DigestSignInit(context.get(), nullptr, DigestOf(algorithm), nullptr, key) == 1 &&
              EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size,
                             Bytes(input), input.size()) == 1;
  if (!made) return Failed("the key cannot sign");
  signature.resize(size);
  if (algorithm == Algorithm::kEs256) return RawOf(signature);
  return signature;
}

}  // namespace jembatan::identity
