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
  std::string content(bytes_max + 1, '\0');
  content.resize(std::fread(content.data(), 1, content.size(), file.get()));
  if (std::ferror(file.get()) != 0) return cannot();
  if (content.size() > bytes_max) {
    return InvalidArgument(path + " is longer than " + std::to_string(bytes_max) + " bytes");
  }
  return content;
}

}  // namespace jembatan::base
