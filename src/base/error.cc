#include "base/error.h"

#include "base/printable.h"

namespace mread {
namespace {

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "mread"; }
  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::malformed:
        return "malformed";
      case Errc::truncated:
        return "truncated";
      case Errc::checksum:
        return "checksum mismatch";
      case Errc::limit:
        return "limit exceeded";
      case Errc::deadline:
        return "deadline exceeded";
      case Errc::canceled:
        return "canceled";
      case Errc::unsupported:
        return "unsupported";
      case Errc::http_status:
        return "HTTP error";
      case Errc::unavailable:
        return "unavailable";
      case Errc::unsorted:
        return "unsorted series";
      case Errc::config:
        return "invalid configuration";
      case Errc::not_found:
        return "not found";
      case Errc::environment:
        return "environment not usable";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& mread_category() {
  static const Category category;
  return category;
}

boost::system::error_code make_error_code(Errc errc) {
  return {static_cast<int>(errc), mread_category()};
}

std::string Error::to_string() const {
  // "mread", "mread.tls": what happened stands in the context.
  if (context.empty()) return code.message();
  const bool says_all = std::string_view(code.category().name()).starts_with("mread");
  return printable_lines(says_all ? context : context + ": " + code.message());
}

Error Error::in(std::string_view prefix) const {
  return {code, std::string(prefix) + ": " + context};
}

}  // namespace mread
