#include "libs/offers_reader/offers_reader.h"

#include <chrono>
#include <utility>

#include "libs/base/file.h"
#include "libs/base/log.h"
#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/goods/limits.h"

namespace jembatan::offers {
namespace {

constexpr std::chrono::milliseconds kAgain(500);

prometheus::Family<prometheus::Counter>& Refused(const std::string& service,
                                                 prometheus::Registry& registry) {
  return prometheus::BuildCounter()
      .Name("jembatan_" + service + "_offers_refused_total")
      .Help("Records of the offers topic, and attestations in them, that count for nothing")
      .Register(registry);
}

}  // namespace

absl::StatusOr<goods::NoteKeys> LoadNoteKeys(const std::string& path) {
  if (path.empty()) return goods::NoteKeys();
  JEMB_ASSIGN_OR_RETURN(const std::string text, base::ReadWholeFile(path, goods::kKeysFileBytes));
  absl::StatusOr<goods::NoteKeys> keys = goods::NoteKeys::Parse(text);
  if (keys.ok()) return keys;
  return base::InvalidArgument(path + ": " + std::string(base::Std(keys.status().message())));
}

absl::StatusOr<goods::NoteKeys> LoadNoteKeys(const std::vector<std::string>& paths) {
  goods::NoteKeys all;
  for (const std::string& path : paths) {
    JEMB_ASSIGN_OR_RETURN(const goods::NoteKeys keys, LoadNoteKeys(path));
    all.Add(keys);
  }
  return all;
}

OffersReader::OffersReader(kafka::ClusterConfig cluster, int partitions, goods::NoteKeys keys,
                           const std::string& service, prometheus::Registry& registry,
                           boost::asio::io_context& context, OffersHandler* handler)
    : cluster_(std::move(cluster)),
      partitions_(partitions),
      context_(context),
      handler_(handler),
      catalogue_(std::move(keys)),
      known_(prometheus::BuildGauge()
                 .Name("jembatan_" + service + "_offers")
                 .Help("Offers known from the offers topic")
                 .Register(registry)
                 .Add({})),
      refused_records_(&Refused(service, registry).Add({{"what", "record"}})),
      refused_notes_(&Refused(service, registry).Add({{"what", "note"}})),
      again_(context) {}

OffersReader::~OffersReader() = default;

absl::Status OffersReader::Start() {
  JEMB_ASSIGN_OR_RETURN(admin_, kafka::Admin::Create(cluster_, context_));
  // What is attested anew holds at once.
  const kafka::ReaderOptions options{
      .cluster = cluster_, .topic = kafka::kOffersTopic, .fetch_min_bytes = 1};
  JEMB_ASSIGN_OR_RETURN(reader_, kafka::PartitionReader::Create(options, context_, this));
  Begin();
  return absl::OkStatus();
}

void OffersReader::Begin() {
  ++reading_;
  catalogue_.Begin();
  handler_->OnOffersBegin();
  behind_.clear();
  for (int32_t partition = 0; partition < partitions_; ++partition) {
    behind_.insert(partition);
    BeginPartition(partition, reading_);
  }
}

void OffersReader::BeginPartition(int32_t partition, uint64_t reading) {
  admin_->BeginOffset(kafka::kOffersTopic, partition,
                      [this, partition, reading](absl::StatusOr<int64_t> begin) {
                        if (reading != reading_) return;
                        if (begin.ok()) return reader_->Start(partition, *begin);
                        BeginLater();
                      });
}

void OffersReader::BeginLater() {
  again_.expires_after(kAgain);
  again_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Begin();
  });
}

void OffersReader::OnRecords(std::span<const kafka::Record> records) {
  for (const kafka::Record& record : records) OnRecord(record);
  known_.Set(static_cast<double>(catalogue_.size()));
}

void OffersReader::OnRecord(const kafka::Record& record) {
  const Catalogue::Read read = catalogue_.Apply(record.key, record.value);
  const bool whole = read.refused.empty();
  if (!whole || !read.note_refused.empty()) {
    (whole ? refused_notes_ : refused_records_)->Increment();
    base::Log(base::Level::kError, whole ? "attestation_refused" : "offer_refused",
              {{"partition", record.partition},
               {"offset", record.offset},
               {"cause", whole ? read.note_refused : read.refused}});
  }
  handler_->OnOfferRecord(record.key, record.value,
                          whole ? read.offer : catalogue_.Find(record.key));
  if (whole) handler_->OnOffer(record.key, read.offer);
}

void OffersReader::OnPartitionEnd(int32_t partition, int64_t /*next_offset*/) {
  if (behind_.erase(partition) == 0 || !behind_.empty()) return;
  for (const std::string& offer_id : catalogue_.Complete()) handler_->OnOffer(offer_id, nullptr);
  known_.Set(static_cast<double>(catalogue_.size()));
  base::Log(base::Level::kInfo, "offers_known", {{"offers", catalogue_.size()}});
  handler_->OnOffersComplete();
}

void OffersReader::OnError(int32_t partition, const absl::Status& status) {
  base::Log(base::Level::kWarn, "offers_error",
            {{"partition", partition}, {"error", base::ToString(status)}});
  // What comes next cannot be read: all is read anew, and what is known stays meanwhile.
  if (partition < 0 || !kafka::StopsPartition(status)) return;
  for (int32_t each = 0; each < partitions_; ++each) reader_->Stop(each);
  BeginLater();
}

}  // namespace jembatan::offers
