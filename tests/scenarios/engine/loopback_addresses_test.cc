#include "scenarios/engine/loopback_addresses.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mread::scenarios {
namespace {

/// Listens on a port at all addresses, as an unrelated server of the machine would.
struct WildcardListener {
  WildcardListener() : fd(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(fd, 1), 0);
    EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port = ntohs(address.sin_port);
  }
  ~WildcardListener() { close(fd); }
  int fd;
  uint16_t port = 0;
};

TEST(LoopbackAddresses, EveryNodeHasAnAddressOfItsOwn) {
  LoopbackAddresses addresses;
  const auto a = addresses.of("a", 39090);
  const auto b = addresses.of("b", 39090);
  EXPECT_TRUE(a.ip.starts_with("127."));
  EXPECT_NE(a.ip, b.ip);
  EXPECT_EQ(a.port, 39090);
  EXPECT_EQ(b.port, 39090);
  EXPECT_EQ(a.to_string(), a.ip + ":39090");
}

TEST(LoopbackAddresses, AnAddressStays) {
  LoopbackAddresses addresses;
  const auto first = addresses.of("a", 39090);
  const auto other_port = addresses.of("a", 39091);
  EXPECT_EQ(addresses.of("a", 39090).to_string(), first.to_string());
  EXPECT_EQ(other_port.ip, first.ip);
}

TEST(LoopbackAddresses, AnOccupiedPortIsReplaced) {
  const WildcardListener listener;
  LoopbackAddresses addresses;
  const auto address = addresses.of("a", listener.port);
  EXPECT_NE(address.port, listener.port);
  EXPECT_NE(address.port, 0);
  EXPECT_EQ(addresses.of("a", listener.port).port, address.port);
}

}  // namespace
}  // namespace mread::scenarios
