#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mread {
namespace {

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

std::string size_text(uint64_t bytes) {
  constexpr uint64_t mebi = 1U << 20;
  if (bytes >= mebi && bytes % mebi == 0) return std::to_string(bytes / mebi) + " MiB";
  return bytes % 1024 == 0 ? std::to_string(bytes / 1024) + " KiB"
                           : std::to_string(bytes) + " bytes";
}

}  // namespace

Result<std::string> read_file(const std::string& path, uint64_t limit_bytes) {
  // Opening a pipe that nobody writes into would block.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.number() < 0) return fail(last_error(), path);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return fail(last_error(), path);
  if (!S_ISREG(status.st_mode)) return fail(Errc::config, path + ": not a regular file");
  const auto too_large = [&] {
    return fail(Errc::limit, path + ": more than " + size_text(limit_bytes));
  };
  if (static_cast<uint64_t>(status.st_size) > limit_bytes) return too_large();
  // The file may grow, and files of /proc have no size: the end is where read() says so.
  std::string text;
  size_t size = 0;
  for (uint64_t room = static_cast<uint64_t>(status.st_size) + 1;;
       room = std::min(2 * room + 4096, limit_bytes + 1)) {
    text.resize(room);
    while (size < text.size()) {
      const ssize_t got = ::read(file.number(), text.data() + size, text.size() - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(last_error(), path);
      if (got == 0) {
        text.resize(size);
        return text;
      }
      size += static_cast<size_t>(got);
    }
    if (size > limit_bytes) return too_large();
  }
}

std::string read_first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace mread
