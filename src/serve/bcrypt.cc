#include "serve/bcrypt.h"

#include <cstring>
#include <memory>

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

namespace mread::serve {

bool bcrypt_matches(const std::string& password, const std::string& hash) {
  const auto data = std::make_unique<crypt_data>();
  const char* const made = crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool whole = password.find('\0') == std::string::npos;
  const bool same = made != nullptr && made[0] != '*' && std::strlen(made) == hash.size() &&
                    CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(data.get(), sizeof(crypt_data));
  return whole && same;
}

std::string bcrypt_decoy(int cost) {
  return fmt::format("$2b${:02}$mreadknowsnopasswordxuu{}", cost, std::string(30, '.'));
}

}  // namespace mread::serve
