#include "base/secret_file.h"

#include <algorithm>

#include "base/file.h"

namespace mread {
namespace {

constexpr uint64_t limit_bytes = 64U << 10;
constexpr const char* white_space = " \t\r\n\v\f";

}  // namespace

Result<std::string> read_secret_file(const std::string& path) {
  auto text = read_file(path, limit_bytes);
  if (!text && text.error().is(Errc::limit))
    return fail(Errc::limit, text.error().context + ", which is no password or token");
  if (!text) return text;
  text->erase(text->find_last_not_of(white_space) + 1);
  text->erase(0, std::min(text->find_first_not_of(white_space), text->size()));
  return text;
}

}  // namespace mread
