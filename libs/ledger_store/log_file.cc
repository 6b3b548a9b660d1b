#include "libs/ledger_store/log_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <zlib.h>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/ledger_store/damage.h"
#include "libs/ledger_store/limits.h"

namespace jembatan::ledger_store {
namespace {

using ledger::Entry;

constexpr char kMagic[] = "JMBSEG1\n";
constexpr size_t kCrcBytes = 4;
constexpr size_t kHeaderBytes = 288;
constexpr size_t kContentBytes = 8 + 8 + ledger::kHashBytes;
constexpr size_t kEntryBytes = kContentBytes + kCrcBytes;

absl::Status Failed(const std::string& what, const std::string& path) {
  const int error = errno;
  const std::string message = "cannot " + what + " " + path + ": " + std::strerror(error);
  return error == ENOSPC || error == EDQUOT ? base::ResourceExhausted(message)
                                            : base::Unavailable(message);
}

absl::Status Missing(const ledger::LogId& log, uint64_t index, const char* what) {
  return DataLoss("entry " + std::to_string(index) + " of " + ledger::NameOf(log) + " " + what);
}

void AppendNumber(uint64_t value, size_t bytes, std::string* out) {
  for (size_t shift = 8 * bytes; shift > 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> (shift - 8) & 0xff));
  }
}

uint64_t NumberAt(const char* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

uint32_t Crc(const char* bytes, size_t size) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes), static_cast<uInt>(size)));
}

std::string HeaderOf(const ledger::LogId& log, uint64_t first) {
  std::string header(kMagic, sizeof kMagic - 1);
  AppendNumber(static_cast<uint32_t>(log.partition), 4, &header);
  AppendNumber(first, 8, &header);
  header += static_cast<char>(log.topic.size());
  header += log.topic;
  header.resize(kHeaderBytes - kCrcBytes, '\0');
  AppendNumber(Crc(header.data(), header.size()), kCrcBytes, &header);
  return header;
}

// The number is part of what the checksum covers but not of what is written.
uint32_t EntryCrc(uint64_t index, const char* content) {
  char bytes[8 + kContentBytes];
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(index >> (56 - 8 * i) & 0xff);
  std::memcpy(bytes + 8, content, kContentBytes);
  return Crc(bytes, sizeof bytes);
}

void AppendEntry(const Entry& entry, uint64_t index, std::string* out) {
  const size_t start = out->size();
  AppendNumber(static_cast<uint64_t>(entry.offset), 8, out);
  AppendNumber(static_cast<uint64_t>(entry.append_time_ms), 8, out);
  out->append(ledger::BytesOf(entry.digest));
  AppendNumber(EntryCrc(index, out->data() + start), kCrcBytes, out);
}

bool ReadEntry(const char* bytes, uint64_t index, Entry* entry) {
  if (NumberAt(bytes + kContentBytes, kCrcBytes) != EntryCrc(index, bytes)) return false;
  entry->offset = static_cast<int64_t>(NumberAt(bytes, 8));
  entry->append_time_ms = static_cast<int64_t>(NumberAt(bytes + 8, 8));
  std::memcpy(entry->digest.data(), bytes + 16, ledger::kHashBytes);
  return true;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// What is there of the bytes asked for; fewer only at the end of the file or on an error.
size_t ReadFully(int fd, char* bytes, size_t size, off_t at) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(fd, bytes + done, size - done, at + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

bool WriteFully(int fd, std::string_view bytes, off_t at) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd, bytes.data(), bytes.size(), at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(put));
    at += put;
  }
  return true;
}

off_t PlaceOf(uint64_t index) {
  return static_cast<off_t>(kHeaderBytes + index % kSegmentEntries * kEntryBytes);
}

// A name is on the disk once its folder is.
absl::Status SyncFolder(const std::string& path) {
  const Descriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || fsync(folder.get()) != 0) return Failed("sync", path);
  return absl::OkStatus();
}

}  // namespace

LogFileReader::LogFileReader(const std::string& folder, ledger::LogId log)
    : folder_(folder + "/" + log.topic + "-" + std::to_string(log.partition)),
      log_(std::move(log)) {
  // The name becomes part of a path.
  JEMB_CHECK(ledger::IsTopicName(log_.topic));
}

std::string LogFileReader::SegmentPath(uint64_t segment) const {
  char name[40];
  std::snprintf(name, sizeof name, "/%020llu.segment",
                static_cast<unsigned long long>(segment * kSegmentEntries));
  return folder_ + name;
}

absl::StatusOr<std::vector<Entry>> LogFileReader::Read(uint64_t first, uint64_t count) const {
  JEMB_CHECK(count <= kReadEntriesMax);
  std::vector<Entry> entries;
  entries.reserve(count);
  std::string bytes;
  while (entries.size() < count) {
    const uint64_t next = first + entries.size();
    const uint64_t part =
        std::min(count - entries.size(), kSegmentEntries - next % kSegmentEntries);
    const std::string path = SegmentPath(next / kSegmentEntries);
    const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) return Missing(log_, next, "is not there");
    bytes.resize(part * kEntryBytes);
    const size_t got = ReadFully(file.get(), bytes.data(), bytes.size(), PlaceOf(next));
    for (uint64_t i = 0; i < part; ++i) {
      if ((i + 1) * kEntryBytes > got) return Missing(log_, next + i, "is not there");
      Entry entry;
      if (!ReadEntry(bytes.data() + i * kEntryBytes, next + i, &entry)) {
        return Missing(log_, next + i, "is damaged");
      }
      entries.push_back(entry);
    }
  }
  return entries;
}

LogFile::LogFile(LogFile&& other) noexcept
    : reader_(std::move(other.reader_)),
      size_(other.size_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      segment_(other.segment_),
      dirty_(other.dirty_) {}

LogFile::~LogFile() { Close(); }

void LogFile::Close() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

absl::StatusOr<LogFile> LogFile::Open(const std::string& folder, const ledger::LogId& log,
                                      uint64_t sealed) {
  LogFile file(LogFileReader(folder, log));
  std::error_code error;
  if (std::filesystem::create_directories(file.reader_.folder_, error)) {
    JEMB_RETURN_IF_ERROR(SyncFolder(folder));
  }
  if (error) {
    return base::FailedPrecondition("cannot make " + file.reader_.folder_ + ": " + error.message());
  }
  JEMB_RETURN_IF_ERROR(file.FindEnd(sealed));
  return file;
}

absl::Status LogFile::FindEnd(uint64_t sealed) {
  size_ = sealed;
  if (sealed > 0) {
    const auto last = reader_.Read(sealed - 1, 1);
    if (!last.ok()) return last.status();
  }
  // As far as entries are whole: a hole may lie before others that are.
  while (reader_.Read(size_, kTileNodes).ok()) size_ += kTileNodes;
  while (reader_.Read(size_, 1).ok()) ++size_;
  JEMB_RETURN_IF_ERROR(OpenSegment(size_ / kSegmentEntries));
  if (ftruncate(descriptor_, PlaceOf(size_)) != 0) {
    return Failed("truncate", reader_.SegmentPath(segment_));
  }
  // A later one holds nothing that counts.
  std::error_code error;
  std::filesystem::remove(reader_.SegmentPath(segment_ + 1), error);
  dirty_ = true;
  return Sync();
}

absl::Status LogFile::OpenSegment(uint64_t segment) {
  if (descriptor_ >= 0 && segment_ == segment) return absl::OkStatus();
  JEMB_RETURN_IF_ERROR(Sync());
  Close();
  const std::string path = reader_.SegmentPath(segment);
  descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor_ < 0) return Failed("open", path);
  segment_ = segment;
  const std::string expected = HeaderOf(reader_.log_, segment * kSegmentEntries);
  std::string header(kHeaderBytes, '\0');
  header.resize(ReadFully(descriptor_, header.data(), header.size(), 0));
  if (header == expected) return absl::OkStatus();
  // Cut off in the writing: no entry can follow it.
  if (size_ % kSegmentEntries != 0 || size_ / kSegmentEntries != segment) {
    Close();
    return DataLoss(path + " does not begin as a segment of its log does");
  }
  if (!WriteFully(descriptor_, expected, 0)) {
    const absl::Status status = Failed("write", path);
    Close();
    return status;
  }
  dirty_ = true;
  return SyncFolder(reader_.folder_);
}

absl::Status LogFile::WritePart(std::span<const Entry> entries, uint64_t first) {
  JEMB_RETURN_IF_ERROR(OpenSegment(first / kSegmentEntries));
  buffer_.clear();
  for (size_t i = 0; i < entries.size(); ++i) AppendEntry(entries[i], first + i, &buffer_);
  dirty_ = true;
  if (WriteFully(descriptor_, buffer_, PlaceOf(first))) return absl::OkStatus();
  return Failed("write", reader_.SegmentPath(segment_));
}

absl::Status LogFile::Append(std::span<const Entry> entries) {
  const uint64_t before = size_;
  while (!entries.empty()) {
    const size_t part =
        std::min<uint64_t>(entries.size(), kSegmentEntries - size_ % kSegmentEntries);
    const absl::Status status = WritePart(entries.first(part), size_);
    if (!status.ok()) {
      // What was written of them is written over by the next ones, or cut off at the next start.
      size_ = before;
      return status;
    }
    size_ += part;
    entries = entries.subspan(part);
  }
  return absl::OkStatus();
}

absl::Status LogFile::Sync() {
  if (!dirty_ || !broken_.ok()) return broken_;
  if (fdatasync(descriptor_) == 0) {
    dirty_ = false;
  } else {
    // The kernel may have dropped what it could not write, and would call the next sync good.
    broken_ = Failed("sync", reader_.SegmentPath(segment_));
  }
  return broken_;
}

}  // namespace jembatan::ledger_store
