#include "libs/evidence/wording.h"

namespace jembatan::evidence {
namespace {

constexpr ReportText kReport = {
    .title = {"Laporan bukti Jembatan", "Jembatan evidence report"},
    .opening =
        {"Laporan ini dihitung dari rekaman yang disegel oleh auditor pada saat kejadian. Setiap "
         "angka dapat dihitung ulang dari berkas yang menyertainya, tanpa jaringan dan tanpa "
         "rahasia. Pembeli hanya dikenal dengan nama samaran; tidak ada data pembayaran di "
         "dalamnya.",
         "This report is reckoned from records that an auditor sealed as they came. Every figure "
         "can be made again from the files beside it, without a network and without secrets. "
         "Buyers are known by pseudonyms only; there is no payment data in it."},
    .from = {"Dari", "From"},
    .to = {"Sampai sebelum", "To, exclusive"},
    .auditor = {"Kunci auditor", "Auditor's key"},
    .checkpoint = {"Segel yang ditandatangani", "Seals signed for"},
    .sealed_at = {"Disegel pada", "Sealed at"},
    .records = {"Rekaman menurut topik", "Records by topic"},
    .verdicts_heading = {"Putusan per pasal", "Verdicts by article"},
    .verdicts_opening =
        {"\"Tidak dinilai\" berarti berkas ini tidak memuat apa pun untuk menilainya; itu tidak "
         "pernah dianggap terpenuhi.",
         "\"Not judged\" means that the files hold nothing to judge it by; that is never taken for "
         "held."},
    .article_column = {"Pasal", "Article"},
    .check_column = {"Yang diperiksa", "What is checked"},
    .verdict_column = {"Putusan", "Verdict"},
    .judged_column = {"Diperiksa", "Looked at"},
    .broken_column = {"Dilanggar", "Broken"},
    .faults_heading = {"Pelanggaran yang ditemukan", "Breaches found"},
    .place_column = {"Tempat", "Place"},
    .fault_column = {"Temuan (teks program)", "Finding"},
    .payment_heading = {"1. Sistem pembayaran", "1. Payment system"},
    .payment_opening =
        {"Pembeli membayar di halaman lokapasar. Bagian ini menunjukkan apa yang terjadi pada "
         "setiap niat beli, seberapa cepat, dan ke mana tautannya menuju.",
         "Buyers pay on the marketplace's pages. This part shows what became of every purchase "
         "intent, how fast, and where its links lead."},
    .user_data_heading = {"2. Pemisahan data pengguna", "2. Separation of user data"},
    .user_data_opening =
        {"Bagian ini menyebut setiap ruas data yang melintas dan berapa kali ruas itu terisi.",
         "This part names every field that crossed and how often it was filled in."},
    .merchants_heading = {"3. Operasi pedagang", "3. Merchant operations"},
    .merchants_opening =
        {"Bagian ini menunjukkan apakah pedagang diperlakukan sama dan aturan apa yang memutuskan.",
         "This part shows whether merchants are treated alike and which rules decided."},
    .hours_heading = {"Rekonsiliasi per jam", "Reconciliation by hour"},
    .hours_opening =
        {"Niat beli menurut jam diterimanya (WIB), dan hasil akhirnya; jumlah hasil sama dengan "
         "jumlah niat beli. Yang terbuka belum berhasil akhir ketika buku besar disegel.",
         "Purchase intents by the hour they were taken in (UTC+7), and their outcomes, which add "
         "up to the intents. Open ones had no outcome yet when the ledger was sealed."},
    .hour_column = {"Jam (WIB)", "Hour (UTC+7)"},
    .intents = {"Niat beli", "Intents"},
    .ordered = {"Dipesan", "Ordered"},
    .handed_off = {"Dialihkan ke lokapasar", "Handed off"},
    .rejected = {"Ditolak", "Rejected"},
    .expired = {"Kedaluwarsa", "Expired"},
    .open = {"Terbuka", "Open"},
    .all_row = {"Semua", "All"},
    .latency_heading = {"Waktu dari niat beli sampai hasil", "Time from intent to outcome"},
    .latency_opening =
        {"Dalam milidetik, menurut jam broker: dari diterimanya niat beli sampai tercatatnya hasil "
         "akhir.",
         "In milliseconds by the brokers' clocks: from the intent's append to its outcome's."},
    .p50 = {"p50", "p50"},
    .p95 = {"p95", "p95"},
    .p99 = {"p99", "p99"},
    .longest = {"Terlama", "Longest"},
    .links_heading = {"Ke mana tautan menuju", "Where links lead"},
    .links_opening = {"Halaman lanjutan dan faktur, menurut hosnya.",
                      "Pages to go on at, and invoices, by their hosts."},
    .field_column = {"Ruas", "Field"},
    .host_column = {"Hos", "Host"},
    .count_column = {"Jumlah", "Count"},
    .digests_heading = {"Ringkasan pesanan per jam", "Digests of orders by hour"},
    .digests_opening =
        {"Lokapasar menghitung ringkasan yang sama dari bukunya sendiri; bila sama, kedua pihak "
         "memuat pesanan yang sama tanpa saling mengirim daftar. Hanya jam yang termuat utuh.",
         "The marketplace makes the same digests from its own books; where they are equal both "
         "sides hold the same orders, and no list was exchanged. Only hours that lie in the window "
         "whole."},
    .marketplace_column = {"Lokapasar", "Marketplace"},
    .digest_column = {"Ringkasan (SHA-256)", "Digest (SHA-256)"},
    .dead_letters_heading = {"Rekaman yang disisihkan", "Records set aside"},
    .dead_letters_opening = {"Rekaman yang tidak dapat dilayani, menurut sebabnya.",
                             "Records that could not be served, by their cause."},
    .cause_column = {"Sebab", "Cause"},
    .consent_heading = {"Persetujuan", "Consent"},
    .consent_given = {"Niat beli dengan persetujuan", "Intents with consent"},
    .consent_withheld = {"Niat beli tanpa persetujuan yang melintas (harus 0)",
                         "Intents that crossed without consent (must be 0)"},
    .fields_heading = {"Ruas yang melintas", "Fields that crossed"},
    .fields_opening =
        {"Untuk niat beli dalam rentang waktu ini dan hasil akhirnya. Ruas lain tidak ada.",
         "Of the intents of this window and their outcomes. There are no other fields."},
    .meaning_column = {"Isi", "What it holds"},
    .purpose_column = {"Keperluan", "Purpose"},
    .share_column = {"Bagian", "Share"},
    .prices_heading = {"Harga", "Prices"},
    .price_as_seen = {"Dipesan dengan harga yang dilihat", "Ordered at the price seen"},
    .price_other = {"Dipesan dengan harga lain (harus 0)", "Ordered at another price (must be 0)"},
    .rules_heading = {"Keputusan menurut aturan", "Decisions by rules"},
    .rules_opening =
        {"Aturan yang menolak, atau yang terakhir meloloskan. Setiap keputusan dihitung ulang dari "
         "teks aturan yang berlaku saat itu.",
         "The rule that refused, or the last one that let pass. Every decision was made again from "
         "the text of the rules in force."},
    .rule_column = {"Aturan", "Rule"},
    .decision_column = {"Keputusan", "Decision"},
    .passes = {"meloloskan", "lets pass"},
    .parity_heading = {"Perlakuan antar lokapasar", "Parity of marketplaces"},
    .parity_opening = {"Bagian yang dipesan dan ditolak, dan waktunya.",
                       "Shares ordered and rejected, and the times taken."},
    .tiers_heading = {"Perlakuan menurut golongan penjual", "Parity of seller tiers"},
    .tiers_opening =
        {"Golongan berasal dari pernyataan yang ditandatangani lokapasar, tidak pernah dari "
         "aplikasi. Tanpa pernyataan, golongan tidak diketahui.",
         "Tiers are what the marketplace attests and signs, never what an app says. Without an "
         "attestation the tier is not known."},
    .tier_column = {"Golongan", "Tier"},
    .not_attested = {"tidak dinyatakan", "not attested"},
    .origins_heading = {"Beli Lokal", "Beli Lokal"},
    .origins_opening =
        {"Barang dalam negeri (local) dan lainnya, menurut pernyataan lokapasar yang "
         "ditandatangani.",
         "Domestic goods (local) and others, as their marketplace attests and signs."},
    .origin_column = {"Barang", "Goods"},
    .campaigns_heading = {"Kampanye", "Campaigns"},
    .campaigns_opening = {"Menurut kampanye yang disebut oleh niat beli.",
                          "By the campaign that the intents name."},
    .campaign_column = {"Kampanye", "Campaign"},
    .reasons_heading = {"Hasil dan alasannya", "Outcomes and reasons"},
    .reason_column = {"Alasan", "Reason"},
    .state_column = {"Hasil", "Outcome"},
    .controls_heading = {"Perintah operator", "Operators' controls"},
    .controls_opening =
        {"Siapa menghentikan, mengalihkan, atau membuka penjualan, kapan, dan dengan tanda tangan "
         "siapa: seluruhnya sejak awal.",
         "Who stopped, rerouted or opened sales, when, and signed by whom: all there ever were."},
    .time_column = {"Waktu (WIB)", "Time (UTC+7)"},
    .control_column = {"Perintah", "Control"},
    .why_column = {"Sebab", "Why"},
    .signers_column = {"Penanda tangan", "Signed by"},
    .in_force_column = {"Berlaku", "In force"},
    .in_force = {"ya", "yes"},
    .nothing = {"Tidak ada.", "None."},
    .trail_title = {"Jejak pemrosesan satu pembeli", "Trail of one buyer's processing"},
    .trail_opening =
        {"Semua rekaman di sini tentang satu nama samaran, masing-masing dengan bukti bahwa "
         "auditor "
         "menyegelnya. Tidak ada data orang lain di dalamnya. Siapa pemilik nama samaran itu hanya "
         "diketahui aplikasi video.",
         "All records here are about one pseudonym, each with the proof that the auditor sealed "
         "it. Nothing of anybody else is in it. Whose pseudonym it is only the video app knows."},
    .subject = {"Nama samaran", "Pseudonym"},
    .event_column = {"Peristiwa", "Event"},
    .intent_event = {"Niat beli diterima", "Purchase intent taken in"},
    .outcome_event = {"Hasil dicatat", "Outcome recorded"},
    .dead_letter_event = {"Rekaman disisihkan", "Record set aside"},
    .offer_column = {"Penawaran", "Offer"},
    .verify_heading = {"Cara memeriksa sendiri", "How to check it yourself"},
    .verify_opening =
        {"Jalankan perintah ini pada berkas ZIP yang memuat laporan ini, dengan kunci yang "
         "diumumkan auditor; perintah itu menghitung ulang semuanya.",
         "Run this command on the ZIP file that holds this report, with the key that the auditor "
         "has published; it makes everything anew."},
};

constexpr std::array<Text, kArticles> kChecks = {{
    {"Rekaman persis seperti yang disegel, dan tidak ada yang hilang.",
     "The records are just those that were sealed, and none is missing."},
    {"Angka dan laporan sama dengan yang dihitung dari rekaman.",
     "Figures and report are what the records give."},
    {"Setiap niat beli mendapat tepat satu hasil akhir; yang ditolak tidak pernah dipesan.",
     "Every intent has exactly one outcome; what was refused is never ordered."},
    {"Pesanan memakai harga yang dilihat pembeli; tidak ada yang mengubahnya di tengah jalan.",
     "Orders carry the price that the buyer saw; nothing changes it on the way."},
    {"Hanya pesan sesuai kontrak yang melintas, dan setiap hasil menjawab satu niat beli.",
     "Only messages of the contract cross, and every outcome answers an intent."},
    {"Tidak ada ruas terlarang, dan tanpa persetujuan tidak ada yang melintas.",
     "There is no forbidden field, and without consent nothing crosses."},
    {"Keputusan tentang barang lintas negara dan izin penjual sesuai aturan yang berlaku.",
     "Decisions about goods from abroad and sellers' licences follow the rules in force."},
    {"Setiap barang yang dipesan punya penjual berizin yang dinyatakan lokapasar.",
     "All goods ordered have a licensed seller that the marketplace attests."},
    {"Tidak ada ruas pembayaran; halaman bayar dan faktur hanya di hos lokapasar.",
     "There is no field for payment; pay pages and invoices are on the marketplace's hosts only."},
    {"Perintah berhenti ditandatangani dan dipatuhi.", "Orders to stop are signed and obeyed."},
    {"Setiap pemrosesan tercatat bersama versi persetujuannya, dan aturan persetujuan dipatuhi.",
     "All processing is recorded with its version of consent, and the rule of consent is kept."},
    {"Catatan transaksi utuh: tidak ada nomor yang hilang di antaranya.",
     "The records of transactions are kept whole: no number among them is missing."},
}};

constexpr std::array<Text, 3> kVerdicts = {{
    {"terpenuhi", "held"},
    {"dilanggar", "broken"},
    {"tidak dinilai", "not judged"},
}};

}  // namespace

const ReportText& TheReportText() { return kReport; }
const Text& CheckText(Article article) { return kChecks[static_cast<size_t>(article)]; }
const Text& VerdictText(Verdict verdict) { return kVerdicts[static_cast<size_t>(verdict)]; }

}  // namespace jembatan::evidence
