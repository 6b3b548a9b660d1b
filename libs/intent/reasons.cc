#include "libs/intent/reasons.h"

#include <array>

namespace jembatan::intent {
namespace {

using intake::v1::Reason;
using Code = absl::StatusCode;
using Class = ReasonClass;

// The wording tells the reason and what to do next. It never says that something was bought, nor
// that no order exists: a receipt speaks of one submission, and an earlier copy may have gone
// through. Only the two hand-off reasons know that nothing is ordered yet.
//
// CLOCK_SKEW counts as retryable: an id that lies too far ahead comes into the window by waiting.
// DEADLINE_PASSED gets no code that clients retry by themselves.
constexpr std::array kReasons = {
    ReasonInfo{Reason::REASON_MALFORMED, "MALFORMED", Class::kRequest, false,
               Code::kInvalidArgument,
               "Permintaan ini tidak dapat dibaca. Silakan perbarui aplikasi Anda, lalu coba lagi.",
               "This request could not be read. Please update your app and try again."},
    ReasonInfo{Reason::REASON_SCHEMA_UNSUPPORTED, "SCHEMA_UNSUPPORTED", Class::kRequest, false,
               Code::kUnimplemented,
               "Versi aplikasi Anda tidak didukung. Silakan perbarui aplikasi Anda.",
               "Your version of the app is not supported. Please update your app."},
    ReasonInfo{Reason::REASON_ID_INVALID, "ID_INVALID", Class::kRequest, false,
               Code::kInvalidArgument,
               "Nomor permintaan ini tidak sah. Silakan perbarui aplikasi Anda, lalu coba lagi.",
               "The number of this request is not valid. Please update your app and try again."},
    ReasonInfo{
        Reason::REASON_ID_REUSED, "ID_REUSED", Class::kRequest, false, Code::kAlreadyExists,
        "Nomor permintaan ini sudah dipakai dengan isi yang berbeda. Permintaan yang pertama "
        "tetap berlaku.",
        "The number of this request was already used with different details. The first "
        "request stands."},
    ReasonInfo{Reason::REASON_DEADLINE_PASSED, "DEADLINE_PASSED", Class::kRequest, false,
               Code::kFailedPrecondition,
               "Batas waktu permintaan ini sudah lewat. Silakan periksa statusnya sebelum mencoba "
               "lagi.",
               "The time for this request has run out. Please check its status before you try "
               "again."},
    ReasonInfo{Reason::REASON_CLOCK_SKEW, "CLOCK_SKEW", Class::kRequest, true,
               Code::kFailedPrecondition,
               "Jam di perangkat Anda tidak tepat. Silakan atur jam secara otomatis, lalu coba "
               "lagi.",
               "The clock of your device is not right. Please set it to automatic and try again."},
    ReasonInfo{Reason::REASON_UNAUTHENTICATED, "UNAUTHENTICATED", Class::kRequest, false,
               Code::kUnauthenticated, "Sesi Anda tidak dapat dipastikan. Silakan masuk kembali.",
               "We could not confirm your session. Please sign in again."},
    ReasonInfo{Reason::REASON_TOO_LARGE, "TOO_LARGE", Class::kRequest, false,
               Code::kInvalidArgument,
               "Permintaan ini terlalu besar. Silakan perbarui aplikasi Anda, lalu coba lagi.",
               "This request is too large. Please update your app and try again."},
    ReasonInfo{Reason::REASON_CONSENT_NOT_GIVEN, "CONSENT_NOT_GIVEN", Class::kPolicy, false,
               Code::kPermissionDenied,
               "Anda belum menyetujui fitur belanja. Silakan beri persetujuan di pengaturan jika "
               "Anda ingin berbelanja.",
               "You have not agreed to shopping. Please give your consent in the settings if you "
               "would like to shop."},
    ReasonInfo{Reason::REASON_REGION_NOT_ENABLED, "REGION_NOT_ENABLED", Class::kPolicy, false,
               Code::kPermissionDenied, "Maaf, fitur belanja belum tersedia di wilayah Anda.",
               "Sorry, shopping is not available in your region yet."},
    ReasonInfo{Reason::REASON_MARKETPLACE_NOT_REGISTERED, "MARKETPLACE_NOT_REGISTERED",
               Class::kPolicy, false, Code::kFailedPrecondition,
               "Maaf, lokapasar untuk penawaran ini tidak terdaftar.",
               "Sorry, the marketplace of this offer is not registered."},
    ReasonInfo{Reason::REASON_LINK_OUT_ONLY, "LINK_OUT_ONLY", Class::kPolicy, false,
               Code::kFailedPrecondition,
               "Belum ada pesanan. Silakan lanjutkan di halaman lokapasar.",
               "Nothing is ordered yet. Please go on at the marketplace's page."},
    ReasonInfo{Reason::REASON_CROSS_BORDER_BELOW_MINIMUM, "CROSS_BORDER_BELOW_MINIMUM",
               Class::kPolicy, false, Code::kFailedPrecondition,
               "Maaf, barang dari luar negeri dengan harga ini tidak boleh dijual langsung.",
               "Sorry, goods from abroad at this price may not be sold directly."},
    ReasonInfo{Reason::REASON_ORIGIN_MISSING, "ORIGIN_MISSING", Class::kPolicy, false,
               Code::kFailedPrecondition, "Maaf, asal barang ini belum dinyatakan oleh lokapasar.",
               "Sorry, the marketplace has not stated where this item comes from."},
    ReasonInfo{Reason::REASON_SELLER_NOT_LICENSED, "SELLER_NOT_LICENSED", Class::kPolicy, false,
               Code::kFailedPrecondition,
               "Maaf, izin usaha penjual ini belum dinyatakan oleh lokapasar.",
               "Sorry, the marketplace has not stated a valid licence of this seller."},
    ReasonInfo{Reason::REASON_FLASH_NOT_STARTED, "FLASH_NOT_STARTED", Class::kSale, false,
               Code::kFailedPrecondition,
               "Penjualan ini belum dimulai. Silakan coba lagi saat penjualan dibuka.",
               "This sale has not started yet. Please try again when it opens."},
    ReasonInfo{Reason::REASON_FLASH_ENDED, "FLASH_ENDED", Class::kSale, false,
               Code::kFailedPrecondition, "Maaf, penjualan ini sudah berakhir.",
               "Sorry, this sale has ended."},
    ReasonInfo{Reason::REASON_CAMPAIGN_LIMIT_REACHED, "CAMPAIGN_LIMIT_REACHED", Class::kSale, false,
               Code::kFailedPrecondition, "Maaf, kuota untuk penawaran ini sudah habis.",
               "Sorry, the quota of this offer is used up."},
    ReasonInfo{Reason::REASON_SALES_HALTED, "SALES_HALTED", Class::kSale, false,
               Code::kFailedPrecondition,
               "Penjualan sedang dihentikan untuk sementara. Silakan coba lagi nanti.",
               "Sales are halted for now. Please try again later."},
    ReasonInfo{Reason::REASON_ROLLOUT_EXCLUDED, "ROLLOUT_EXCLUDED", Class::kSale, false,
               Code::kFailedPrecondition, "Maaf, penjualan ini baru dibuka untuk sebagian pembeli.",
               "Sorry, this sale is open to some buyers only for now."},
    ReasonInfo{Reason::REASON_SESSION_NOT_LIVE, "SESSION_NOT_LIVE", Class::kSale, false,
               Code::kFailedPrecondition, "Maaf, siaran ini tidak sedang berlangsung.",
               "Sorry, this live session is not on."},
    ReasonInfo{Reason::REASON_OFFER_NOT_IN_SESSION, "OFFER_NOT_IN_SESSION", Class::kSale, false,
               Code::kFailedPrecondition,
               "Maaf, penawaran ini tidak sedang ditampilkan di siaran ini.",
               "Sorry, this offer is not being shown in this live session."},
    ReasonInfo{Reason::REASON_OUT_OF_STOCK, "OUT_OF_STOCK", Class::kStock, false,
               Code::kFailedPrecondition, "Maaf, stok barang ini sudah habis.",
               "Sorry, this item is out of stock."},
    ReasonInfo{Reason::REASON_QUANTITY_EXCEEDED, "QUANTITY_EXCEEDED", Class::kStock, false,
               Code::kFailedPrecondition,
               "Jumlah barang melebihi batas untuk satu pesanan. Silakan kurangi jumlahnya.",
               "The quantity is more than one order may hold. Please choose fewer."},
    ReasonInfo{Reason::REASON_BUYER_LIMIT_TOTAL, "BUYER_LIMIT_TOTAL", Class::kStock, false,
               Code::kFailedPrecondition,
               "Anda sudah mencapai batas per pembeli untuk penawaran ini.",
               "You have reached this offer's limit per buyer."},
    ReasonInfo{Reason::REASON_PRICE_CHANGED, "PRICE_CHANGED", Class::kStock, false,
               Code::kFailedPrecondition,
               "Harga barang ini sudah berubah. Silakan periksa harga terbarunya.",
               "The price of this item has changed. Please check the current price."},
    ReasonInfo{Reason::REASON_ITEM_UNAVAILABLE, "ITEM_UNAVAILABLE", Class::kStock, false,
               Code::kNotFound, "Maaf, barang ini tidak tersedia.",
               "Sorry, this item is not available."},
    ReasonInfo{Reason::REASON_VOUCHER_INVALID, "VOUCHER_INVALID", Class::kStock, false,
               Code::kFailedPrecondition,
               "Voucher ini tidak dapat digunakan. Silakan pilih voucher lain atau lanjutkan tanpa "
               "voucher.",
               "This voucher cannot be used. Please choose another one or go on without it."},
    ReasonInfo{Reason::REASON_BUYER_NOT_LINKED, "BUYER_NOT_LINKED", Class::kBuyer, false,
               Code::kFailedPrecondition,
               "Belum ada pesanan. Silakan hubungkan akun Anda di halaman lokapasar untuk "
               "melanjutkan.",
               "Nothing is ordered yet. Please link your account on the marketplace's page to go "
               "on."},
    ReasonInfo{Reason::REASON_RISK_DECLINED, "RISK_DECLINED", Class::kBuyer, false,
               Code::kPermissionDenied, "Maaf, lokapasar tidak dapat menerima pesanan ini.",
               "Sorry, the marketplace cannot take this order."},
    ReasonInfo{Reason::REASON_RATE_LIMITED, "RATE_LIMITED", Class::kCapacity, true,
               Code::kResourceExhausted,
               "Anda mengirim permintaan terlalu cepat. Silakan tunggu sebentar, lalu coba lagi.",
               "You are sending requests too fast. Please wait a moment and try again."},
    ReasonInfo{Reason::REASON_OVERLOADED, "OVERLOADED", Class::kCapacity, true, Code::kUnavailable,
               "Layanan sedang sangat ramai. Silakan tunggu sebentar, lalu coba lagi.",
               "The service is very busy. Please wait a moment and try again."},
    ReasonInfo{Reason::REASON_MARKETPLACE_UNAVAILABLE, "MARKETPLACE_UNAVAILABLE", Class::kCapacity,
               true, Code::kUnavailable,
               "Lokapasar belum menjawab. Silakan tunggu sebentar, lalu coba lagi.",
               "The marketplace has not answered yet. Please wait a moment and try again."},
    ReasonInfo{Reason::REASON_SHUTTING_DOWN, "SHUTTING_DOWN", Class::kCapacity, true,
               Code::kUnavailable,
               "Sambungan Anda sedang dialihkan. Silakan tunggu sebentar, lalu coba lagi.",
               "Your connection is being moved. Please wait a moment and try again."},
    ReasonInfo{Reason::REASON_LOG_UNAVAILABLE, "LOG_UNAVAILABLE", Class::kCapacity, true,
               Code::kUnavailable,
               "Permintaan ini belum dapat kami terima. Silakan tunggu sebentar, lalu coba lagi.",
               "We cannot take this request yet. Please wait a moment and try again."},
};

static_assert(kReasons[0].reason == Reason::REASON_MALFORMED, "unknown numbers get the first row");

}  // namespace

const ReasonInfo& Info(intake::v1::Reason reason) {
  for (const ReasonInfo& info : kReasons) {
    if (info.reason == reason) return info;
  }
  return kReasons[0];
}

}  // namespace jembatan::intent
