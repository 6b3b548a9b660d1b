#include "libs/separation/wording.h"

#include <algorithm>
#include <iterator>

namespace jembatan::separation {
namespace {

constexpr AnnexText kAnnex = {
    .title = {"Lampiran Pembagian Data", "Data-sharing annex"},
    .opening =
        {"Lampiran ini menyebut setiap ruas data yang boleh meninggalkan sisi aplikasi video, "
         "sejauh mana ruas itu boleh sampai, untuk keperluan apa, dan apa yang diungkapkannya "
         "tentang seseorang. Lampiran ini dihasilkan dari kontrak pesan yang dipakai program itu "
         "sendiri; ruas yang tidak tercantum di sini dibuang di perbatasan dan dihitung.",
         "This annex names every field of data that may leave the video app's side, how far it "
         "may go, what it is needed for, and what it tells of a person. It is generated from the "
         "message contracts that the programs themselves use; a field that is not listed here is "
         "dropped at the border and counted."},
    .zones_heading = {"Sejauh mana data boleh sampai", "How far data may go"},
    .purposes_heading = {"Untuk keperluan apa", "What it is needed for"},
    .data_heading = {"Apa yang diungkapkan tentang seseorang", "What it tells of a person"},
    .forbidden_heading = {"Yang tidak pernah melintas", "What never crosses"},
    .forbidden_opening =
        {"Tidak ada ruas untuk jenis data berikut; pemeriksaan saat program dibangun menolak bila "
         "salah satunya ditambahkan.",
         "There is no field for the following kinds of data; the check that runs when the programs "
         "are built refuses one that is added."},
    .crossing_heading = {"Antara kedua sisi: topik Jembatan",
                         "Between the two sides: Jembatan's topics"},
    .crossing_opening = {"Pesan-pesan ini disimpan di topik Kafka milik Jembatan.",
                         "These messages are kept in Jembatan's own Kafka topics."},
    .orders_heading = {"Dengan lokapasar: layanan pesanan", "With the marketplace: order service"},
    .orders_opening = {"Pesan-pesan ini dipertukarkan dengan lokapasar, dan tidak ada yang lain.",
                       "These messages are exchanged with the marketplace, and no others."},
    .field_column = {"Ruas", "Field"},
    .meaning_column = {"Isi", "What it holds"},
    .zone_column = {"Sampai", "Goes as far as"},
    .purpose_column = {"Keperluan", "Purpose"},
    .data_column = {"Tentang seseorang", "Of a person"},
    .term_column = {"Istilah", "Term"},
    .explanation_column = {"Arti", "Meaning"},
    .no_fields = {"Pesan ini tidak memuat ruas apa pun.", "This message holds no field."},
};

struct ZoneRow {
  v1::Zone zone;
  TermText text;
};

constexpr ZoneRow kZones[] = {
    {v1::ZONE_SOCIAL,
     {{"aplikasi video", "video app"},
      {"Tetap di aplikasi video dan pintu masuk Jembatan.",
       "Stays with the video app and Jembatan's intake."}}},
    {v1::ZONE_CROSSING,
     {{"Jembatan", "Jembatan"},
      {"Disimpan di topik Jembatan; lokapasar tidak diberi tahu.",
       "Kept in Jembatan's topics; the marketplace is not told."}}},
    {v1::ZONE_COMMERCE,
     {{"lokapasar", "marketplace"}, {"Diketahui oleh lokapasar.", "Known to the marketplace."}}},
};

struct PurposeRow {
  v1::Purpose purpose;
  TermText text;
};

constexpr PurposeRow kPurposes[] = {
    {v1::PURPOSE_IDENTIFY,
     {{"pengenalan", "identification"},
      {"Membedakan satu niat beli beserta salinannya dari yang lain, agar menjadi paling banyak "
       "satu pesanan.",
       "Tells a purchase intent and its copies apart from all others, so that it becomes at most "
       "one order."}}},
    {v1::PURPOSE_BUYER,
     {{"pembeli", "buyer"},
      {"Membuat lokapasar mengenali kembali pembeli yang telah menautkan akunnya di sana.",
       "Lets the marketplace know the same buyer again once the buyer has linked an account "
       "there."}}},
    {v1::PURPOSE_GOODS,
     {{"barang", "goods"},
      {"Menyebut apa yang dijual dan apa yang hendak dipesan.",
       "Says what is on sale and what is to be ordered."}}},
    {v1::PURPOSE_PRICE,
     {{"harga", "price"},
      {"Menjaga agar harga sama dengan yang dilihat penonton.",
       "Holds the price to what the viewer saw."}}},
    {v1::PURPOSE_CAMPAIGN,
     {{"kampanye", "campaign"},
      {"Mencatat jasa kampanye, kreator, atau voucer.",
       "Credits the campaign, the creator or the voucher."}}},
    {v1::PURPOSE_CONSENT,
     {{"persetujuan", "consent"},
      {"Membuktikan bahwa penonton telah setuju sebelum apa pun melintas.",
       "Proves that the viewer had agreed before anything crossed."}}},
    {v1::PURPOSE_DEADLINE,
     {{"batas waktu", "time limit"},
      {"Membatasi kapan sesuatu boleh dipesan atau ditahan.",
       "Bounds when something may be ordered or is held."}}},
    {v1::PURPOSE_SEQUENCE,
     {{"urutan", "sequence"},
      {"Menjaga agar yang datang lebih dahulu dilayani lebih dahulu, dengan satu pemutus pada "
       "satu waktu.",
       "Keeps first come, first served, with one bridge deciding at a time."}}},
    {v1::PURPOSE_RESULT,
     {{"hasil", "result"},
      {"Memberi tahu apa jadinya sebuah niat beli atau panggilan.",
       "Tells what became of a purchase intent or a call."}}},
    {v1::PURPOSE_CHECKOUT,
     {{"pembayaran di lokapasar", "checkout at the marketplace"},
      {"Mengantar pembeli ke halaman milik lokapasar sendiri.",
       "Leads the buyer to the marketplace's own page."}}},
    {v1::PURPOSE_EVIDENCE,
     {{"bukti", "evidence"},
      {"Memungkinkan auditor atau operator menelusuri apa yang terjadi.",
       "Lets an auditor or an operator follow what happened."}}},
    {v1::PURPOSE_CONTROL,
     {{"kendali", "control"},
      {"Memungkinkan operator menghentikan, mengarahkan, atau membuka penjualan.",
       "Lets operators stop, route or open sales."}}},
};

struct DataRow {
  v1::Data data;
  TermText text;
};

constexpr DataRow kData[] = {
    {v1::DATA_NONE,
     {{"tidak ada", "nothing"},
      {"Tidak mengungkapkan apa pun tentang seseorang.", "Tells nothing of a person."}}},
    {v1::DATA_PSEUDONYM,
     {{"nama samaran", "pseudonym"},
      {"Nama samaran berkunci; hanya kunci di pintu masuk yang dapat mengaitkannya dengan "
       "penonton.",
       "A keyed pseudonym that only the gateway's key can tie to a viewer."}}},
    {v1::DATA_PURCHASE,
     {{"pembelian", "purchase"},
      {"Satu pembelian oleh seseorang yang dikenal hanya dengan nama samaran itu.",
       "One purchase of somebody known by that pseudonym only."}}},
    {v1::DATA_CONSENT,
     {{"persetujuan", "consent"},
      {"Pilihan penonton untuk mengizinkan niat belinya melintas.",
       "The viewer's choice to let a purchase intent cross."}}},
    {v1::DATA_SELLER,
     {{"penjual", "seller"},
      {"Penjual, sebagaimana disebut lokapasarnya.", "A seller, as its marketplace names it."}}},
    {v1::DATA_SOCIAL_PROFILE,
     {{"profil sosial", "social profile"},
      {"Nama, pengenal penonton, minat, riwayat tontonan, pengikut, pesan.",
       "Name, viewer id, interests, watch history, followers, messages."}}},
    {v1::DATA_CONTACT,
     {{"kontak", "contact"}, {"Telepon, surel, alamat.", "Phone, e-mail, postal address."}}},
    {v1::DATA_NATIONAL_ID,
     {{"nomor kependudukan", "national id"},
      {"NIK atau nomor lain dari negara.", "NIK or another number of a state."}}},
    {v1::DATA_LOCATION,
     {{"lokasi", "location"}, {"Tempat seseorang berada.", "Where a person is."}}},
    {v1::DATA_PAYMENT,
     {{"pembayaran", "payment"},
      {"Cara, kartu, rekening, token, atau jumlah pembayaran.",
       "Method, card, account, token or amount of a payment."}}},
    {v1::DATA_DEVICE,
     {{"perangkat", "device"},
      {"Alamat IP, pengenal perangkat, agen pengguna.", "IP address, device id, user agent."}}},
};

struct NamedText {
  std::string_view name;
  Text text;
};

constexpr NamedText kMessages[] = {
    {"jembatan.crossing.v1.Money", {"Harga.", "A price."}},
    {"jembatan.crossing.v1.PurchaseIntent",
     {"Niat beli seorang penonton: ketukan pada tombol beli.",
      "A viewer's purchase intent: the tap on buy."}},
    {"jembatan.crossing.v1.Outcome",
     {"Apa jadinya sebuah niat beli pada akhirnya.", "What finally became of a purchase intent."}},
    {"jembatan.crossing.v1.Claim",
     {"Permintaan sebuah program jembatan untuk menjadi pemutus sebuah partisi.",
      "A bridge's bid to be the one that decides for a partition."}},
    {"jembatan.crossing.v1.Open",
     {"Pernyataan bahwa sebuah program jembatan kini menjadi pemutus.",
      "A bridge's word that it decides from here on."}},
    {"jembatan.crossing.v1.OutcomeRecord",
     {"Satu catatan pada topik hasil.", "One record of the topic of outcomes."}},
    {"jembatan.crossing.v1.OrderStateRecord",
     {"Nasib sebuah pesanan setelah dibuat.", "How an order fares after it was placed."}},
    {"jembatan.crossing.v1.Offer",
     {"Penawaran sebuah lokapasar, sebagaimana diberitakan olehnya.",
      "An offer of a marketplace, as it tells it."}},
    {"jembatan.crossing.v1.DeadLetter",
     {"Bukti tentang catatan yang tidak dapat dilayani.",
      "Evidence of a record that could not be served."}},
    {"jembatan.crossing.v1.Halt",
     {"Menghentikan penjualan, atau melanjutkannya.", "Stops sales, or lets them go on."}},
    {"jembatan.crossing.v1.Route",
     {"Jalan yang ditempuh pesanan menuju sebuah lokapasar.",
      "The way that orders take to a marketplace."}},
    {"jembatan.crossing.v1.Milestone",
     {"Sesuatu yang harus ditunjukkan selama uji coba.", "Something to be shown during a trial."}},
    {"jembatan.crossing.v1.Trial",
     {"Pembukaan bertahap dengan tanggal.", "A gradual opening with dates."}},
    {"jembatan.crossing.v1.Rollout",
     {"Membuka sebuah lokapasar bagi sebagian pembeli.",
      "Opens a marketplace to a share of the buyers."}},
    {"jembatan.crossing.v1.Policy",
     {"Kebijakan: aturan untuk menilai niat beli.",
      "A policy: the rules that purchase intents are judged by."}},
    {"jembatan.crossing.v1.ControlSignature",
     {"Tanda tangan seorang operator.", "One operator's signature."}},
    {"jembatan.crossing.v1.Control",
     {"Satu perintah operator kepada pintu masuk dan jembatan.",
      "One order of operators to gateways and bridges."}},
    {"jembatan.orders.v1.Fencing",
     {"Siapa yang boleh memutus untuk sebuah partisi.", "Who may decide for a partition."}},
    {"jembatan.orders.v1.Money", {"Harga.", "A price."}},
    {"jembatan.orders.v1.Order", {"Pesanan yang hendak dibuat.", "An order to place."}},
    {"jembatan.orders.v1.OrderResult", {"Apa jadinya sebuah pesanan.", "What became of an order."}},
    {"jembatan.orders.v1.FenceRequest",
     {"Permintaan agar sebuah tanda pemutus berlaku.", "Asks that a token holds."}},
    {"jembatan.orders.v1.FenceResponse",
     {"Jawaban: tanda pemutus tertinggi yang dikenal.", "The answer: the highest token known."}},
    {"jembatan.orders.v1.PlaceOrdersRequest",
     {"Sekumpulan pesanan berurutan.", "An ordered batch of orders."}},
    {"jembatan.orders.v1.PlaceOrdersResponse",
     {"Hasil sebagian atau seluruh kumpulan itu.", "Results of some or all of that batch."}},
    {"jembatan.orders.v1.PlaceOrderRequest", {"Satu pesanan.", "One order."}},
    {"jembatan.orders.v1.PlaceOrderResponse", {"Hasil pesanan itu.", "The result of that order."}},
    {"jembatan.orders.v1.GetOrdersRequest",
     {"Pertanyaan tentang pesanan yang pernah dikirim.", "Asks about orders sent before."}},
    {"jembatan.orders.v1.GetOrdersRequest.Key",
     {"Satu pesanan yang ditanyakan.", "One order asked about."}},
    {"jembatan.orders.v1.GetOrdersResponse",
     {"Jawaban atas pertanyaan itu.", "The answers to that question."}},
    {"jembatan.orders.v1.GetOrdersResponse.Answer",
     {"Jawaban tentang satu pesanan.", "The answer about one order."}},
    {"jembatan.orders.v1.WatchOffersRequest",
     {"Permintaan untuk diberi tahu tentang penawaran.", "Asks to be told of offers."}},
    {"jembatan.orders.v1.WatchOffersResponse",
     {"Penawaran, baru atau berubah.", "Offers, new or changed."}},
    {"jembatan.orders.v1.WatchOrderStatesRequest",
     {"Permintaan untuk diberi tahu tentang nasib pesanan.", "Asks to be told how orders fare."}},
    {"jembatan.orders.v1.OrderState",
     {"Nasib sebuah pesanan: satu kata, tanpa cara membayarnya.",
      "How an order fares: a word, and nothing of how it is paid."}},
    {"jembatan.orders.v1.WatchOrderStatesResponse",
     {"Perubahan, menurut urutan kejadiannya.", "Changes in the order in which they happened."}},
    {"jembatan.orders.v1.Offer", {"Sesuatu yang dijual.", "Something on sale."}},
};

constexpr NamedText kFields[] = {
    {"accepted_by", {"Pintu masuk yang menerimanya.", "The gateway that took it."}},
    {"amount_minor", {"Jumlah dalam satuan terkecil.", "The amount in the smallest unit."}},
    {"answers", {"Satu jawaban untuk setiap pertanyaan.", "One answer for each question."}},
    {"append_time", {"Kapan catatan itu masuk ke topiknya.", "When the record entered its topic."}},
    {"attempts", {"Berapa kali catatan itu dicoba.", "How often the record was tried."}},
    {"attestation",
     {"Pernyataan lokapasar tentang barang dan penjualnya, bertanda tangan.",
      "What the marketplace attests about the goods and their seller, signed."}},
    {"attribution", {"Tanda buram untuk jasa kreator.", "An opaque token that credits a creator."}},
    {"batch_id", {"Nomor kumpulan dalam satu aliran.", "The batch's number within a stream."}},
    {"buyer_limit",
     {"Jumlah paling banyak bagi satu pembeli.", "The most that one buyer may hold."}},
    {"buyer_ref",
     {"Nama samaran pembeli di lokapasar itu.", "The buyer's pseudonym at that marketplace."}},
    {"campaign_id", {"Kampanye.", "The campaign."}},
    {"cause", {"Mengapa catatan itu tidak dapat dilayani.", "Why the record could not be served."}},
    {"changed_at", {"Kapan itu berubah.", "When it changed."}},
    {"claim", {"Permintaan menjadi pemutus.", "A bid to decide."}},
    {"consent_given",
     {"Apakah penonton setuju untuk berbelanja.", "Whether the viewer agreed to shopping."}},
    {"consent_version",
     {"Versi naskah yang disetujui penonton.", "The version of the text the viewer agreed to."}},
    {"continue_url",
     {"Halaman lokapasar tempat pembeli melanjutkan.",
      "The marketplace's page where the buyer goes on."}},
    {"controls_revision",
     {"Nomor perintah operator terakhir yang dipatuhi.",
      "Number of the last operators' order obeyed."}},
    {"currency", {"Mata uang.", "The currency."}},
    {"deadline", {"Saat terakhir pesanan boleh dibuat.", "The last instant for an order."}},
    {"decided_at", {"Kapan keputusan diketahui.", "When the decision was learnt."}},
    {"detail", {"Keterangan bagi operator.", "Detail for operators."}},
    {"due_at", {"Sampai kapan.", "Until when."}},
    {"ends_at", {"Kapan uji coba berakhir.", "When the trial ends."}},
    {"fencing", {"Siapa yang boleh memutus.", "Who may decide."}},
    {"fingerprint",
     {"Sidik dari isi niat beli, tanpa isinya.", "A digest of the intent's body, not the body."}},
    {"found", {"Apakah pesanan itu dikenal.", "Whether the order is known."}},
    {"halt", {"Perintah berhenti, atau lanjut.", "The order to stop, or to go on."}},
    {"halted", {"Apakah berhenti.", "Whether it is halted."}},
    {"hold_expires_at",
     {"Sampai kapan barang ditahan bagi pembeli.", "Until when the goods are held."}},
    {"id",
     {"Lokapasar, penjual, penawaran, atau ruang siaran yang dimaksud.",
      "The marketplace, seller, offer or live room meant."}},
    {"index", {"Tempatnya dalam kumpulan.", "Its place in the batch."}},
    {"intent_append_time",
     {"Kapan niat beli itu masuk ke topiknya.", "When the intent entered its topic."}},
    {"intent_id", {"Pengenal acak niat beli.", "The intent's random id."}},
    {"intent_offset", {"Tempat niat beli di topiknya.", "The intent's place in its topic."}},
    {"invoice_url", {"Halaman faktur milik lokapasar.", "The marketplace's invoice page."}},
    {"issued_at", {"Kapan perintah ditandatangani.", "When the order was signed."}},
    {"jembatan.crossing.v1.Milestone.title",
     {"Apa yang harus ditunjukkan.", "What is to be shown."}},
    {"jembatan.crossing.v1.OrderStateRecord.state",
     {"Dibayar, dibatalkan, atau habis waktunya.", "Paid, cancelled, or its time ran out."}},
    {"jembatan.crossing.v1.Policy.version",
     {"Sidik isi kebijakan itu.", "A digest of what the policy says."}},
    {"jembatan.orders.v1.OrderState.state",
     {"Dibayar, dibatalkan, atau habis waktunya.", "Paid, cancelled, or its time ran out."}},
    {"key", {"Kunci catatan, apa adanya.", "The record's key as it was."}},
    {"key_id", {"Nama kunci operator.", "The name of an operator's key."}},
    {"keys", {"Pesanan yang ditanyakan.", "The orders asked about."}},
    {"marketplace_id", {"Lokapasar yang menjual.", "The marketplace that sells."}},
    {"milestones", {"Apa saja yang harus ditunjukkan.", "All that is to be shown."}},
    {"mode", {"Cara pesanan sampai.", "How orders reach it."}},
    {"offer_id", {"Penawaran.", "The offer."}},
    {"offers", {"Penawaran-penawaran.", "Offers."}},
    {"offset", {"Tempat catatan di partisinya.", "The record's place in its partition."}},
    {"open", {"Pernyataan mulai memutus.", "The word that deciding begins."}},
    {"order", {"Pesanan.", "The order."}},
    {"order_id", {"Nomor pesanan di lokapasar.", "The marketplace's order number."}},
    {"orders", {"Pesanan-pesanan.", "The orders."}},
    {"outcome", {"Hasil sebuah niat beli.", "The outcome of an intent."}},
    {"partition", {"Partisi topik.", "The topic's partition."}},
    {"policy", {"Kebijakan yang diberlakukan.", "The policy put in force."}},
    {"policy_rule", {"Aturan kebijakan yang memutus.", "The rule of the policy that decided."}},
    {"policy_version",
     {"Sidik kebijakan yang berlaku saat itu.", "A digest of the policy in force then."}},
    {"price", {"Harga satuan menurut lokapasar.", "The unit price by the marketplace."}},
    {"price_seen", {"Harga satuan yang dilihat penonton.", "The unit price the viewer saw."}},
    {"price_version", {"Versi harga itu.", "The version of that price."}},
    {"progress",
     {"Sampai kapan semua niat beli telah berhasil akhir.",
      "Up to when every intent has its outcome."}},
    {"quantity", {"Jumlah barang.", "How many."}},
    {"reached_at", {"Kapan tercapai.", "When it was reached."}},
    {"reason", {"Alasan, dari daftar tertutup.", "The reason, from a closed list."}},
    {"refused_by_policy", {"Apakah kebijakan yang menolak.", "Whether the policy refused it."}},
    {"renewed_until", {"Sampai kapan diperpanjang.", "Until when it is renewed."}},
    {"replayed", {"Apakah hasil lama diulang.", "Whether an earlier result is repeated."}},
    {"result", {"Hasil sebuah pesanan.", "The result of an order."}},
    {"results", {"Hasil pesanan-pesanan.", "Results of orders."}},
    {"retry_after_ms", {"Berapa lama sebelum dicoba lagi.", "How long to wait before a retry."}},
    {"rollout", {"Siapa yang boleh memesan.", "Who may order."}},
    {"route", {"Jalan yang ditempuh pesanan.", "The way orders take."}},
    {"route_mode", {"Jalan yang ditempuh.", "The way it took."}},
    {"sale_ends_at", {"Kapan penjualan ditutup.", "When the sale closes."}},
    {"sale_starts_at", {"Kapan penjualan dibuka.", "When the sale opens."}},
    {"scope", {"Apa yang dihentikan.", "What is halted."}},
    {"seller_id", {"Penjual.", "The seller."}},
    {"sequence",
     {"Urutan pesanan di antara pesanan lain untuk penawaran yang sama.",
      "The order's turn among those of the same offer."}},
    {"shadow", {"Apakah diputus tanpa dipesan.", "Whether it is decided without being ordered."}},
    {"share", {"Bagian pembeli yang boleh memesan.", "The share of buyers who may order."}},
    {"signature", {"Tanda tangan.", "The signature."}},
    {"signatures", {"Tanda tangan para operator.", "The operators' signatures."}},
    {"since", {"Perubahan pertama yang diminta.", "The first change asked for."}},
    {"snapshot_complete",
     {"Apakah semua penawaran telah disebut.", "Whether every offer has been told."}},
    {"sold",
     {"Jumlah yang telah dipesan dan tidak dikembalikan.",
      "How many are ordered and not given back."}},
    {"stale", {"Apakah tanda pemutus sudah kedaluwarsa.", "Whether the token is stale."}},
    {"starts_at", {"Kapan uji coba dimulai.", "When the trial begins."}},
    {"state", {"Bagaimana akhirnya.", "How it ended."}},
    {"states", {"Nasib pesanan-pesanan.", "How orders fare."}},
    {"stock", {"Sisa barang.", "How much is left."}},
    {"stream", {"Bidang pemeriksaan.", "What the audit looks at."}},
    {"text", {"Kebijakan itu, sebagai naskah.", "The policy, as a text."}},
    {"title", {"Nama barang.", "The name of the goods."}},
    {"token", {"Tanda pemutus, sebuah nomor urut.", "The decider's token, a number."}},
    {"told_from",
     {"Perubahan pertama yang diberitakan bersamanya.", "The first change told together with it."}},
    {"topic", {"Topik asal catatan.", "The topic it was read from."}},
    {"topic_version", {"Topik beserta versinya.", "The topic and its version."}},
    {"total_limit", {"Jumlah paling banyak yang dijual.", "The most that is sold in total."}},
    {"traceparent",
     {"Pengenal jejak yang dimulai di perbatasan.", "An id of a trace that began at the border."}},
    {"trial", {"Tanggal-tanggalnya.", "Its dates."}},
    {"value",
     {"Isi catatan yang tidak dapat dilayani, apa adanya.",
      "The value of the record that could not be served, as it was."}},
    {"version", {"Versi perintah.", "The order's version."}},
    {"voucher_ref", {"Rujukan voucer.", "A voucher's reference."}},
    {"why", {"Alasan menurut operator.", "Why, in the operators' words."}},
    {"written_by", {"Program jembatan yang menulisnya.", "The bridge that wrote it."}},
};

template <size_t n>
const Text* Find(const NamedText (&rows)[n], std::string_view name) {
  const NamedText* row = std::find_if(std::begin(rows), std::end(rows),
                                      [&](const NamedText& each) { return each.name == name; });
  return row == std::end(rows) ? nullptr : &row->text;
}

}  // namespace

const AnnexText& TheAnnexText() { return kAnnex; }

const TermText* ZoneText(v1::Zone zone) {
  for (const ZoneRow& row : kZones) {
    if (row.zone == zone) return &row.text;
  }
  return nullptr;
}

const TermText* PurposeText(v1::Purpose purpose) {
  for (const PurposeRow& row : kPurposes) {
    if (row.purpose == purpose) return &row.text;
  }
  return nullptr;
}

const TermText* DataText(v1::Data data) {
  for (const DataRow& row : kData) {
    if (row.data == data) return &row.text;
  }
  return nullptr;
}

const Text* MessageText(std::string_view full_name) { return Find(kMessages, full_name); }
const Text* FieldText(std::string_view full_name) {
  if (const Text* own = Find(kFields, full_name)) return own;
  return Find(kFields, full_name.substr(full_name.rfind('.') + 1));
}
size_t MessageTextCount() { return std::size(kMessages); }
size_t FieldTextCount() { return std::size(kFields); }

}  // namespace jembatan::separation
