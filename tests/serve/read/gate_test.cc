// Who gets the next place.
#include "serve/read/gate.h"

#include <map>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include "serve/clients/client_address.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// One read of a client: "a1" is client a's.
class GateTest : public testing::Test {
 protected:
  bool ask(const std::string& name, std::chrono::milliseconds longest = 0ms) {
    auto slot = gate_.queue(context_.get_executor(), name.substr(0, 1));
    if (!slot) return false;
    auto& kept = slots_[name] = std::move(slot);
    asio::co_spawn(context_, wait(*kept, name, longest), asio::detached);
    return true;
  }
  void leave(const std::string& name) { slots_.erase(name); }
  /// Who has come in since the last call, in order; of others, why they have not.
  std::vector<std::string> news() {
    context_.restart();
    context_.poll();
    return std::exchange(news_, {});
  }
  asio::awaitable<void> wait(Gate::Slot& slot, std::string name,
                             std::chrono::milliseconds longest) {
    const auto entry = co_await slot.wait(longest);
    const char* what = entry == Gate::Entry::inside     ? ""
                       : entry == Gate::Entry::late     ? " late"
                       : entry == Gate::Entry::made_way ? " made way"
                                                        : " given up";
    news_.push_back(name + what);
  }

  asio::io_context context_;
  Gate gate_{1};
  std::map<std::string, std::unique_ptr<Gate::Slot>> slots_;
  std::vector<std::string> news_;
};

TEST_F(GateTest, OneClientsReadsComeInInOrder) {
  for (const char* name : {"a1", "a2", "a3"}) EXPECT_TRUE(ask(name));
  EXPECT_THAT(news(), ElementsAre("a1"));
  EXPECT_EQ(gate_.inside(), 1u);
  EXPECT_EQ(gate_.waiting(), 2u);
  leave("a1");
  EXPECT_THAT(news(), ElementsAre("a2"));
  slots_.at("a3")->give_up();
  EXPECT_THAT(news(), ElementsAre("a3 given up"));
  leave("a2");
  EXPECT_THAT(news(), IsEmpty());
  EXPECT_EQ(gate_.inside(), 0u);
  EXPECT_EQ(gate_.waiting(), 0u);
}

TEST_F(GateTest, OneReadOfAnotherDoesNotWaitForAllOfTheFirst) {
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(ask("a" + std::to_string(i)));
  EXPECT_TRUE(ask("b"));
  EXPECT_THAT(news(), ElementsAre("a0"));
  leave("a0");
  EXPECT_THAT(news(), ElementsAre("b"));
  leave("b");
  EXPECT_THAT(news(), ElementsAre("a1"));
}

TEST_F(GateTest, ClientsTakeTurns) {
  for (const char* name : {"a1", "a2", "a3", "b1", "b2", "c1"}) ask(name);
  std::vector<std::string> order;
  for (auto next = news(); !next.empty(); next = news()) {
    ASSERT_EQ(next.size(), 1u);
    order.push_back(next[0]);
    leave(next[0]);
  }
  EXPECT_THAT(order, ElementsAre("a1", "b1", "c1", "a2", "b2", "a3"));
}

TEST_F(GateTest, EverNewClientsDoNotOvertakeOneThatWaits) {
  ask("a1");
  ask("a2");
  EXPECT_THAT(news(), ElementsAre("a1"));
  ask("b");
  leave("a1");
  EXPECT_THAT(news(), ElementsAre("b"));
  ask("c");
  leave("b");
  EXPECT_THAT(news(), ElementsAre("a2"));
}

TEST_F(GateTest, WhoHasFewestPlacesComesFirst) {
  gate_.set_slots(4, 0);
  for (const char* name : {"a1", "a2", "a3", "a4", "a5", "a6"}) ask(name);
  EXPECT_THAT(news(), ElementsAre("a1", "a2", "a3", "a4"))
      << "all places, where nobody else wants one";
  for (const char* name : {"b1", "b2", "b3"}) ask(name);
  leave("a1");
  leave("a2");
  EXPECT_THAT(news(), ElementsAre("b1", "b2"));
  leave("a3");
  EXPECT_THAT(news(), ElementsAre("a5")) << "one has two, the other one";
}

TEST_F(GateTest, InAFullQueueTheNewestOfTheClientWithTheMostMakesWay) {
  gate_.set_slots(1, 3);
  for (const char* name : {"a1", "a2", "a3", "a4"}) EXPECT_TRUE(ask(name));
  EXPECT_FALSE(ask("a5")) << "not for its own";
  EXPECT_TRUE(ask("b1"));
  EXPECT_THAT(news(), ElementsAre("a1", "a4 made way"));
  EXPECT_FALSE(ask("b2")) << "they would have two and one";
  EXPECT_TRUE(ask("c1"));
  EXPECT_THAT(news(), ElementsAre("a3 made way"));
  EXPECT_FALSE(ask("d1")) << "each has one";
  EXPECT_EQ(gate_.waiting(), 3u);
}

TEST_F(GateTest, WhoWaitsTooLongHasLeft) {
  ask("a1");
  ask("a2", 1ms);
  EXPECT_THAT(news(), ElementsAre("a1"));
  context_.restart();
  context_.run();
  EXPECT_THAT(news(), ElementsAre("a2 late"));
  EXPECT_EQ(gate_.waiting(), 0u);
  leave("a1");
  EXPECT_THAT(news(), IsEmpty());
  EXPECT_EQ(gate_.inside(), 0u);
}

TEST_F(GateTest, MorePlacesLetMoreIn) {
  for (const char* name : {"a1", "a2", "a3"}) ask(name);
  EXPECT_THAT(news(), ElementsAre("a1"));
  gate_.set_slots(2, 0);
  EXPECT_THAT(news(), ElementsAre("a2"));
  gate_.set_slots(0, 0);
  EXPECT_THAT(news(), ElementsAre("a3"));
}

TEST(ClientAddressTest, IsWithoutThePortAndWithoutWhatOneHostHasManyOf) {
  EXPECT_EQ(client_address("127.0.0.1:40312"), "127.0.0.1");
  EXPECT_EQ(client_address("[2001:db8:1:2:3:4:5:6]:1"), "2001:db8:1:2::");
  EXPECT_EQ(client_address("[2001:db8:1:2::7]:2"), "2001:db8:1:2::");
  EXPECT_EQ(client_address("[::ffff:10.0.0.1]:2"), "10.0.0.1");
  EXPECT_EQ(client_address("[::1]:2"), "::");
}

}  // namespace
}  // namespace mread::serve
