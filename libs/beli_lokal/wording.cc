#include "libs/beli_lokal/wording.h"

namespace jembatan::beli_lokal {
namespace {

constexpr ReportText kReport = {
    .title = {"Laporan Beli Lokal", "Beli Lokal report"},
    .opening =
        {"Belanja dari siaran langsung: berapa yang dipesan, milik siapa dan buatan mana "
         "barangnya, "
         "kreator mana yang membawanya, dan apakah penjual kecil dilayani sama dengan yang lain.",
         "Shopping from live streams: how much was ordered, whose goods they were and where they "
         "were made, which creators brought them, and whether small sellers fared like others."},
    .from = {"Dari", "From"},
    .to = {"Sampai sebelum", "To, exclusive"},
    .sealed = {"Dihitung dari rekaman yang disegel auditor",
               "Reckoned from records that an auditor has sealed"},
    .not_sealed = {"Dihitung langsung dari catatan transaksi, dengan hak baca saja",
                   "Reckoned from the transaction log itself, with the right to read only"},
    .orders = {"Pesanan", "Orders"},
    .value = {"Nilai", "Value"},
    .umkm_share = {"Dari UMKM", "From UMKM"},
    .local_share = {"Beli Lokal", "Beli Lokal"},
    .made_here_share = {"Buatan Indonesia", "Made in Indonesia"},
    .of_orders = {"dari semua pesanan", "of all orders"},
    .nothing_ordered = {"Tidak ada pesanan dalam rentang waktu ini.",
                        "Nothing was ordered in this time."},
    .units = {"Barang", "Units"},
    .share = {"Bagian", "Share"},
    .value_share = {"Bagian nilai", "Share of value"},
    .all_row = {"Semua", "All"},
    .shares_heading = {"Barang siapa, buatan mana", "Whose goods, made where"},
    .shares_opening =
        {"Menurut pernyataan yang ditandatangani lokapasar tentang setiap penawaran, tidak pernah "
         "menurut aplikasi atau penonton. Barang tanpa pernyataan dihitung tersendiri.",
         "By what marketplaces attest and sign about each offer, never by what an app or a viewer "
         "says. Goods without an attestation are counted apart."},
    .shares_chart = {"Bagian pesanan menurut tiga pertanyaan tentang barangnya",
                     "Shares of the orders by three questions about the goods"},
    .goods_column = {"Barang", "Goods"},
    .yes = {"ya", "yes"},
    .no = {"tidak", "no"},
    .not_attested = {"tidak dinyatakan", "not attested"},
    .umkm = {{"Apakah penjualnya UMKM (usaha mikro, kecil, dan menengah)?",
              "Is the seller an UMKM (micro, small or medium business)?"},
             {{{"UMKM", "UMKM"},
               {"penjual lain", "other sellers"},
               {"tidak dinyatakan", "not attested"}}}},
    .local = {{"Apakah barangnya Beli Lokal?", "Are they goods of Beli Lokal?"},
              {{{"Beli Lokal", "Beli Lokal"},
                {"barang lain", "other goods"},
                {"tidak dinyatakan", "not attested"}}}},
    .made_here = {{"Apakah dibuat di Indonesia?", "Were they made in Indonesia?"},
                  {{{"buatan Indonesia", "made in Indonesia"},
                    {"buatan luar negeri", "made abroad"},
                    {"tidak dinyatakan", "not attested"}}}},
    .attested_later =
        {"Pesanan atas barang yang pernyataannya baru terbit sesudahnya; dihitung menurut "
         "pernyataan itu",
         "Orders of goods attested only afterwards; counted by that attestation"},
    .time_heading = {"Dari waktu ke waktu", "In the course of time"},
    .time_opening = {"Pesanan menurut saat niat belinya diterima (WIB).",
                     "Orders by when their purchase intents were taken in (UTC+7)."},
    .time_chart = {"Pesanan dari waktu ke waktu: Beli Lokal dan lainnya",
                   "Orders in the course of time: Beli Lokal and others"},
    .time_column = {"Mulai (WIB)", "From (UTC+7)"},
    .local_orders = {"Beli Lokal", "Beli Lokal"},
    .other_orders = {"lainnya", "others"},
    .creators_heading = {"Kreator", "Creators"},
    .creators_opening =
        {"Pesanan menurut token atribusi, misalnya dari program talenta. Token dengan kurang dari "
         "sepuluh pembeli digabung, agar tidak seorang pembeli pun tampak.",
         "Orders by attribution token, as talent programmes give them out. Tokens with fewer than "
         "ten buyers are gathered, so that no single buyer shows."},
    .creators_chart = {"Pesanan menurut token kreator", "Orders by creators' tokens"},
    .creator_column = {"Token", "Token"},
    .gathered = {"Lainnya (digabung)", "Others (gathered)"},
    .without_creator = {"Tanpa token", "Without a token"},
    .no_creators = {"Tidak ada pesanan yang membawa token.", "No order bears a token."},
    .parity_heading = {"Kesetaraan penjual", "Parity of sellers"},
    .parity_opening =
        {"Dari setiap niat beli yang diterima: berapa yang menjadi pesanan, dan berapa lama sampai "
         "ada hasil akhirnya. Habis terjual bukan penolakan: barangnya memang sudah tidak ada.",
         "Of all purchase intents taken in: how many became orders, and how long it took until the "
         "outcome. Sold out is no refusal: nothing was left to be had."},
    .parity_chart = {"Bagian niat beli yang menjadi pesanan, menurut golongan penjual",
                     "Share of the purchase intents that became orders, by tier of the seller"},
    .latency_chart = {"Waktu sampai hasil menurut golongan penjual, dalam milidetik",
                      "Time to the outcome by tier of the seller, in milliseconds"},
    .tier_column = {"Golongan penjual", "Tier of the seller"},
    .tiers = {{{"UMKM", "UMKM"},
               {"Penjual lain", "Other sellers"},
               {"Tidak dinyatakan", "Not attested"}}},
    .intents = {"Niat beli", "Intents"},
    .ordered_share = {"Dipesan", "Ordered"},
    .sold_out = {"Habis terjual", "Sold out"},
    .by_rule = {"Ditolak aturan", "Refused by rule"},
    .rejected = {"Ditolak", "Rejected"},
    .handed_off = {"Dialihkan", "Handed off"},
    .expired = {"Kedaluwarsa", "Expired"},
    .open = {"Terbuka", "Open"},
    .p50 = {"p50, ms", "p50, ms"},
    .p99 = {"p99, ms", "p99, ms"},
    .gap_row = {"Selisih: UMKM dikurangi penjual lain", "Difference: UMKM minus other sellers"},
    .points = {"poin", "points"},
    .method_heading = {"Bagaimana dihitung", "How it is reckoned"},
    .method_privacy =
        {"Tidak ada data penonton atau pembeli di sini: tidak ada nama samaran, tidak ada nomor "
         "niat beli atau pesanan. Pembeli hanya dihitung jumlahnya.",
         "There is no data of viewers or buyers here: no pseudonym, no number of an intent or an "
         "order. Buyers are counted only."},
    .method_goods =
        {"Sebuah pesanan dihitung menurut pernyataan lokapasar yang terakhir terbit sebelum niat "
         "belinya. Tanda tangan setiap pernyataan diperiksa; pernyataan tanpa tanda tangan yang "
         "sah "
         "tidak dihitung.",
         "An order is counted by the attestation that its marketplace had issued last before the "
         "purchase intent. The signature under each is checked; one without a valid signature "
         "counts for nothing."},
    .method_time =
        {"Setiap niat beli dihitung sekali, menurut saat pertama kali diterima. Waktu sampai hasil "
         "dihitung dari diterimanya niat beli sampai tercatatnya hasil akhir, menurut jam broker.",
         "Every purchase intent is counted once, by when it was first taken in. The time to the "
         "outcome is that from the intent's append to its outcome's, by the brokers' clocks."},
    .minor_units = {"satuan terkecil", "minor units"},
    .table_hint = {"Angkanya ada di tabel di sampingnya.", "The figures are in the table beside."},
};

}  // namespace

const ReportText& TheReportText() { return kReport; }

}  // namespace jembatan::beli_lokal
