#include "scenarios/engine/tar.h"

#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "scenarios/engine/node_folder.h"

namespace mread::scenarios {

namespace fs = std::filesystem;

struct TarWriter::Sink {
  std::string bytes;
};

TarWriter::TarWriter() : sink_(std::make_unique<Sink>()), archive_(archive_write_new()) {
  archive_write_set_format_pax_restricted(archive_);
  const auto append = [](::archive*, void* sink, const void* data, size_t size) -> la_ssize_t {
    static_cast<Sink*>(sink)->bytes.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  };
  archive_write_open(archive_, sink_.get(), nullptr, append, nullptr);
}

TarWriter::~TarWriter() { archive_write_free(archive_); }

void TarWriter::add_file(const std::string& path, std::string_view contents, uint32_t mode) {
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, path.c_str());
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, mode);
  archive_entry_set_size(entry, static_cast<la_int64_t>(contents.size()));
  archive_write_header(archive_, entry);
  archive_write_data(archive_, contents.data(), contents.size());
  archive_entry_free(entry);
}

void TarWriter::add_folder(const std::string& path, uint32_t mode) {
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, path.c_str());
  archive_entry_set_filetype(entry, AE_IFDIR);
  archive_entry_set_perm(entry, mode);
  archive_write_header(archive_, entry);
  archive_entry_free(entry);
}

Result<void> TarWriter::add_copy(const fs::path& source, const std::string& path, uint32_t mode) {
  const auto contents = read_whole_file(source);
  if (!contents) return fail(contents.error());
  add_file(path, *contents, mode);
  return {};
}

Result<void> TarWriter::add_tree(const fs::path& folder, const std::string& prefix) {
  add_folder(prefix);
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string path = prefix + "/" + fs::relative(entry->path(), folder).string();
    if (entry->is_directory(error)) {
      add_folder(path);
    } else if (entry->is_regular_file(error)) {
      const auto mode = static_cast<uint32_t>(entry->status(error).permissions() & fs::perms::all);
      if (auto added = add_copy(entry->path(), path, mode); !added) return added;
    }
  }
  if (error) return fail(Errc::environment, folder.string() + ": " + error.message());
  return {};
}

std::string TarWriter::finish() {
  archive_write_close(archive_);
  return std::move(sink_->bytes);
}

Result<std::string> first_file_of_tar(std::string_view bytes, uint64_t limit_bytes) {
  const std::unique_ptr<::archive, int (*)(::archive*)> reader(archive_read_new(),
                                                               archive_read_free);
  archive_read_support_format_tar(reader.get());
  archive_read_support_filter_none(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return fail(Errc::malformed,
                std::string("not a tar archive: ") + archive_error_string(reader.get()));
  }
  archive_entry* entry = nullptr;
  while (true) {
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return fail(Errc::not_found, "the archive holds no file");
    if (status != ARCHIVE_OK) {
      return fail(Errc::malformed,
                  std::string("not a tar archive: ") + archive_error_string(reader.get()));
    }
    if (archive_entry_filetype(entry) == AE_IFREG) break;
  }
  const auto size = static_cast<uint64_t>(archive_entry_size(entry));
  if (size > limit_bytes)
    return fail(Errc::limit, "the file has " + std::to_string(size) + " bytes");
  if (size > bytes.size()) return fail(Errc::truncated, "the archive ends before its file");
  std::string contents(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const la_ssize_t got = archive_read_data(reader.get(), contents.data() + filled, size - filled);
    if (got <= 0) return fail(Errc::truncated, "the archive ends before its file");
    filled += static_cast<size_t>(got);
  }
  return contents;
}

}  // namespace mread::scenarios
