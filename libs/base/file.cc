#include "libs/base/file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "libs/base/status.h"

namespace jembatan::base {

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max) {
  auto cannot = [&] { return InvalidArgument("cannot read " + path + ": " + strerror(errno)); };
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                       &std::fclose);
  if (file == nullptr) return cannot();
  constexpr size_t kChunkBytes = size_t{64} << 10;
  std::string content;
  for (size_t got = kChunkBytes; got == kChunkBytes && content.size() <= bytes_max;) {
    size_t before = content.size();
    content.resize(before + kChunkBytes);
    got = std::fread(content.data() + before, 1, kChunkBytes, file.get());
    content.resize(before + got);
  }
  if (std::ferror(file.get()) != 0) return cannot();
  if (content.size() > bytes_max) {
    return InvalidArgument(path + " is longer than " + std::to_string(bytes_max) + " bytes");
  }
  return content;
}

}  // namespace jembatan::base
