#include "serve/clients/bcrypt.h"

#include <cstring>
#include <memory>

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

namespace mread::serve {

bool bcrypt_matches(const std::string& password, const std::string& hash) {
  const auto data = std::make_unique<crypt_data>();
  // One that libcrypt refuses at once is hashed in part: every check does its work.
  const bool whole =
      password.find('\0') == std::string::npos && password.size() < CRYPT_MAX_PASSPHRASE_SIZE;
  std::string phrase = password.substr(0, CRYPT_MAX_PASSPHRASE_SIZE - 1);
  const char* const made = crypt_r(phrase.c_str(), hash.c_str(), data.get());
  const bool same = made != nullptr && made[0] != '*' && std::strlen(made) == hash.size() &&
                    CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(data.get(), sizeof(crypt_data));
  OPENSSL_cleanse(phrase.data(), phrase.size());
  return whole && same;
}

std::string bcrypt_decoy(int cost) {
  return fmt::format("$2b${:02}$mreadknowsnopasswordxuu{}", cost, std::string(30, '.'));
}

}  // namespace mread::serve
