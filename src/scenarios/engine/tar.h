#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct archive;

namespace mread::scenarios {

/// Makes a tar archive in memory. Every entry belongs to root. Parents need no entry of their own.
class TarWriter {
 public:
  TarWriter();
  ~TarWriter();
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  void add_file(const std::string& path, std::string_view contents, uint32_t mode = 0644);
  void add_folder(const std::string& path, uint32_t mode = 0755);
  /// Everything below `folder`, as `prefix`/…; links are followed. Errors name the file.
  Result<void> add_tree(const std::filesystem::path& folder, const std::string& prefix);
  /// A file of this machine as `path`. Errors name it.
  Result<void> add_copy(const std::filesystem::path& source, const std::string& path,
                        uint32_t mode);

  /// The archive; nothing can be added after it.
  std::string finish();

 private:
  struct Sink;
  std::unique_ptr<Sink> sink_;
  ::archive* archive_;
};

/// The contents of the first regular file in a tar archive. Errors: Errc::malformed,
/// Errc::not_found, Errc::limit.
Result<std::string> first_file_of_tar(std::string_view bytes, uint64_t limit_bytes = 1ULL << 30);

}  // namespace mread::scenarios
