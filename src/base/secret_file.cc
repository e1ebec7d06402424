#include "base/secret_file.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mread {
namespace {

constexpr size_t limit_bytes = 64U << 10;
constexpr const char* white_space = " \t\r\n\v\f";

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

}  // namespace

Result<std::string> read_secret_file(const std::string& path) {
  // Not blocking: a pipe that nobody writes into must not hold anything up.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) return fail(last_error(), path);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return fail(last_error(), path);
  if (!S_ISREG(status.st_mode)) return fail(Errc::config, path + ": not a regular file");
  std::string text(limit_bytes + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(last_error(), path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > limit_bytes) return fail(Errc::limit, path + ": more than 64 KiB, which is no password or token");
  text.resize(size);
  text.erase(text.find_last_not_of(white_space) + 1);
  text.erase(0, std::min(text.find_first_not_of(white_space), text.size()));
  return text;
}

}  // namespace mread
