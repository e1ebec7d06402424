#include "scenarios/engine/named_addresses.h"

#include <gtest/gtest.h>

#include "scenarios/engine/loopback_addresses.h"

namespace mread::scenarios {
namespace {

TEST(NameAddresses, PutsNamesInPlaceOfWholeAddresses) {
  NodeAddresses addresses;
  addresses.names = {{"127.3.7.1", "a"}, {"127.3.7.12", "b"}};
  addresses.ports[{"127.3.7.1", 34567}] = 9090;
  const std::pair<const char*, const char*> cases[] = {
      {"dial tcp 127.3.7.1:9090: connect: connection refused",
       "dial tcp a:9090: connect: connection refused"},
      {"http://127.3.7.12:9090/api/v1/read", "http://b:9090/api/v1/read"},
      {"127.3.7.1:34567 is a stand-in", "a:9090 is a stand-in"},
      {"127.3.7.1->127.3.7.12.", "a->b."},
      {"127.3.7.123 and 1127.3.7.1", "127.3.7.123 and 1127.3.7.1"},
      {"v127.3.7.1 10.0.0.1 1.5s", "v127.3.7.1 10.0.0.1 1.5s"},
      {"127.3.7.1:x", "a:x"},
      {"", ""},
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(name_addresses(text, addresses), shown);
}

TEST(NameAddresses, KnowsThoseThatWereGivenOut) {
  LoopbackAddresses addresses;
  const std::string a = addresses.of("a", 9090).to_string();
  const std::string b = addresses.of("b", 9090).to_string();
  EXPECT_EQ(addresses.with_names("no route from " + a + " to " + b),
            "no route from a:9090 to b:9090");
}

}  // namespace
}  // namespace mread::scenarios
