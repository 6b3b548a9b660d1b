#include "libs/evidence/archive.h"

#include <memory>
#include <utility>
#include <vector>

#include <zip.h>

#include "libs/base/status.h"
#include "libs/base/text.h"
#include "libs/evidence/limits.h"
#include "libs/ledger/hash.h"

namespace jembatan::evidence {
namespace {

constexpr std::string_view kComment = "jembatan evidence; SHA-256 of the bytes before: ";
constexpr size_t kDigestBytes = 2 * ledger::kHashBytes;
// 1 January 2000, as MS-DOS writes it: the earliest date that no program shows as odd.
constexpr zip_uint16_t kDate = (20 << 9) | (1 << 5) | 1;
constexpr zip_uint32_t kReadableFile = 0100644U << 16;

// By PKWARE's APPNOTE: the fixed parts of a local header, of a central one and of the end record.
constexpr uint64_t kLocalBytes = 30;
constexpr uint64_t kCentralBytes = 46;
constexpr uint64_t kEndBytes = 22;

std::string TextOf(zip_error_t* error) {
  std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Zip = std::unique_ptr<zip_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;
using Entry = std::unique_ptr<zip_file_t, Discard>;

absl::StatusOr<Source> BufferSource(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), /*freep=*/0, &error));
  if (source == nullptr) return base::Internal(TextOf(&error));
  return source;
}

// The archive holds a reference to the source of its own.
absl::StatusOr<Zip> Open(const Source& source, int flags) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_keep(source.get());
  Zip archive(zip_open_from_source(source.get(), flags, &error));
  if (archive != nullptr) return archive;
  zip_source_free(source.get());
  return base::InvalidArgument("not a ZIP file: " + TextOf(&error));
}

absl::Status Add(zip_t* archive, const std::string& name, const std::string& content) {
  zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
  const zip_int64_t index =
      source == nullptr ? -1 : zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0 && source != nullptr) zip_source_free(source);
  const auto place = static_cast<zip_uint64_t>(index);
  const bool added =
      index >= 0 && zip_set_file_compression(archive, place, ZIP_CM_STORE, 0) == 0 &&
      zip_file_set_dostime(archive, place, 0, kDate, 0) == 0 &&
      zip_file_set_external_attributes(archive, place, 0, ZIP_OPSYS_UNIX, kReadableFile) == 0;
  return added ? absl::OkStatus() : base::Internal(name + ": " + zip_strerror(archive));
}

absl::StatusOr<std::string> ReadBack(const Source& source) {
  if (zip_source_open(source.get()) != 0 || zip_source_seek(source.get(), 0, SEEK_END) != 0) {
    return base::Internal(zip_error_strerror(zip_source_error(source.get())));
  }
  std::string bytes(static_cast<size_t>(zip_source_tell(source.get())), '\0');
  zip_source_seek(source.get(), 0, SEEK_SET);
  const zip_int64_t got = zip_source_read(source.get(), bytes.data(), bytes.size());
  zip_source_close(source.get());
  if (got != static_cast<zip_int64_t>(bytes.size())) return base::Internal("the archive is short");
  return bytes;
}

std::string DigestText(std::string_view bytes) {
  ledger::Hasher hasher;
  return base::Hex(ledger::BytesOf(hasher.Sha256({bytes})));
}

uint64_t SizeOf(uint64_t name_bytes, uint64_t content_bytes) {
  return kLocalBytes + kCentralBytes + 2 * name_bytes + content_bytes;
}
constexpr uint64_t kFrameBytes = kEndBytes + kComment.size() + kDigestBytes;

// What is left of a file's content; a checksum that is not its own is a fault.
std::string ReadFile(zip_t* archive, zip_uint64_t index, const zip_stat_t& stat, Faults* faults) {
  std::string content(stat.size, '\0');
  const Entry entry(zip_fopen_index(archive, index, 0));
  zip_int64_t got = entry == nullptr ? -1 : zip_fread(entry.get(), content.data(), content.size());
  char behind = 0;
  // Only a reading that comes to the end compares the checksum.
  const bool whole =
      got == static_cast<zip_int64_t>(content.size()) && zip_fread(entry.get(), &behind, 1) == 0;
  if (!whole) faults->push_back({stat.name, "its content is not the one that was put in"});
  content.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return content;
}

absl::StatusOr<Files> ReadFiles(zip_t* archive, uint64_t archive_bytes, Faults* faults) {
  Files files;
  uint64_t size = kFrameBytes;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count < 0 || static_cast<size_t>(count) > kFilesMax) {
    return base::InvalidArgument("a bundle has at most " + std::to_string(kFilesMax) + " files");
  }
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive, i, 0, &stat) != 0) {
      faults->push_back({"the archive", "entry " + std::to_string(i) + " cannot be read"});
      continue;
    }
    const std::string name = stat.name;
    const bool fits = stat.comp_method == ZIP_CM_STORE && stat.size == stat.comp_size &&
                      stat.size <= archive_bytes && name.size() <= kFileNameBytesMax;
    const bool in_order = files.empty() || files.rbegin()->first < name;
    if (!fits || !in_order) {
      faults->push_back({name, "the archive does not hold it as a bundle's does"});
      continue;
    }
    size += SizeOf(name.size(), stat.size);
    files[name] = ReadFile(archive, i, stat, faults);
  }
  if (size != archive_bytes) {
    faults->push_back({"the archive", "it holds more or less than its files"});
  }
  return files;
}

void CheckDigest(std::string_view bytes, Faults* faults) {
  const size_t before = bytes.size() < kFrameBytes ? 0 : bytes.size() - kDigestBytes;
  const std::string_view covered = bytes.substr(0, before);
  if (covered.ends_with(kComment) && DigestText(covered) == bytes.substr(before)) return;
  faults->push_back({"the archive", "its bytes are not those that its comment vouches for"});
}

}  // namespace

absl::StatusOr<std::string> Pack(const Files& files) {
  if (files.empty()) return base::InvalidArgument("a bundle has files");
  uint64_t size = kFrameBytes;
  for (const auto& [name, content] : files) size += SizeOf(name.size(), content.size());
  if (size > kBundleBytesMax || files.size() > kFilesMax) {
    return base::ResourceExhausted("a bundle holds at most " + std::to_string(kFilesMax) +
                                   " files and " + std::to_string(kBundleBytesMax >> 20) +
                                   " MiB: choose a shorter time");
  }
  JEMB_ASSIGN_OR_RETURN(const Source source, BufferSource({}));
  JEMB_ASSIGN_OR_RETURN(Zip archive, Open(source, ZIP_CREATE | ZIP_TRUNCATE));
  for (const auto& [name, content] : files) {
    JEMB_RETURN_IF_ERROR(Add(archive.get(), name, content));
  }
  const std::string comment = std::string(kComment) + std::string(kDigestBytes, '0');
  zip_set_archive_comment(archive.get(), comment.c_str(),
                          static_cast<zip_uint16_t>(comment.size()));
  if (zip_close(archive.get()) != 0) return base::Internal(zip_strerror(archive.get()));
  // zip_close has freed it.
  static_cast<void>(archive.release());
  JEMB_ASSIGN_OR_RETURN(std::string bytes, ReadBack(source));
  if (bytes.size() != size) return base::Internal("the archive has another form than it should");
  const size_t covered = bytes.size() - kDigestBytes;
  bytes.replace(covered, kDigestBytes, DigestText(std::string_view(bytes).substr(0, covered)));
  return bytes;
}

absl::StatusOr<Files> Unpack(std::string_view bytes, Faults* faults) {
  // libzip takes nothing at all for an archive without files.
  if (bytes.size() < kFrameBytes) return base::InvalidArgument("not a ZIP file: it is too short");
  JEMB_ASSIGN_OR_RETURN(const Source source, BufferSource(bytes));
  JEMB_ASSIGN_OR_RETURN(const Zip archive, Open(source, ZIP_RDONLY));
  JEMB_ASSIGN_OR_RETURN(Files files, ReadFiles(archive.get(), bytes.size(), faults));
  CheckDigest(bytes, faults);
  return files;
}

}  // namespace jembatan::evidence
