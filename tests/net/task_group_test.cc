#include "net/task_group.h"

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include "net/event.h"
#include "net/loop.h"

namespace mread::net {
namespace {

// What the tasks of one test share with it; used on one strand.
struct Scene {
  explicit Scene(const asio::any_io_executor& strand) : go(strand) {}
  Event go;
  size_t waiting = 0;
  std::vector<std::string> log;
};

asio::awaitable<void> wait_and_log(Scene& scene, std::string name) {
  co_await asio::this_coro::throw_if_cancelled(false);
  ++scene.waiting;
  const bool woken = co_await scene.go.wait();
  scene.log.push_back(name + (woken ? " woken" : " cancelled"));
}

// Lets others run until the condition holds. The loop has several threads, so a number of turns
// would not do.
asio::awaitable<void> give_way_until(asio::any_io_executor strand,
                                     std::function<bool()> condition) {
  Event turn(strand);
  while (!condition()) {
    asio::post(strand, [&turn] { turn.notify(); });
    co_await turn.wait();
  }
}

asio::awaitable<std::vector<std::string>> cancel_one() {
  const auto strand = co_await asio::this_coro::executor;
  Scene scene(strand);
  TaskGroup tasks(strand);
  const auto first = tasks.spawn(wait_and_log(scene, "first"));
  tasks.spawn(wait_and_log(scene, "second"));
  scene.log.push_back("spawned " + std::to_string(tasks.size()));
  const auto both_wait = [&scene] { return scene.waiting == 2; };
  co_await give_way_until(strand, both_wait);
  tasks.cancel(first);
  const auto first_has_ended = [&scene] { return scene.log.size() == 2; };
  co_await give_way_until(strand, first_has_ended);
  tasks.cancel(first);
  scene.go.notify();
  co_await tasks.join();
  scene.log.push_back("left " + std::to_string(tasks.size()));
  co_return scene.log;
}

TEST(TaskGroupTest, CancelsOneTaskAndWaitsForAll) {
  Loop loop;
  const std::vector<std::string> want{"spawned 2", "first cancelled", "second woken", "left 0"};
  EXPECT_EQ(loop.run(cancel_one()), want);
}

asio::awaitable<std::vector<std::string>> cancel_before_the_start() {
  const auto strand = co_await asio::this_coro::executor;
  Scene scene(strand);
  TaskGroup tasks(strand);
  tasks.spawn(wait_and_log(scene, "never"));
  tasks.cancel_all();
  co_await tasks.join();
  co_return scene.log;
}

TEST(TaskGroupTest, ATaskCancelledBeforeItsStartDoesNotRun) {
  Loop loop;
  EXPECT_TRUE(loop.run(cancel_before_the_start()).empty());
}

asio::awaitable<void> throw_at_once() {
  throw std::runtime_error("a task's own business");
  co_return;
}

asio::awaitable<size_t> spawn_a_thrower() {
  TaskGroup tasks(co_await asio::this_coro::executor);
  tasks.spawn(throw_at_once());
  co_await tasks.join();
  co_return tasks.size();
}

TEST(TaskGroupTest, ExceptionsEndTheirTaskOnly) {
  Loop loop;
  EXPECT_EQ(loop.run(spawn_a_thrower()), 0u);
}

asio::awaitable<void> join_a_waiter(Scene& scene) {
  TaskGroup tasks(co_await asio::this_coro::executor);
  tasks.spawn(wait_and_log(scene, "inner"));
  co_await tasks.join();
}

asio::awaitable<std::vector<std::string>> cancel_the_owner() {
  const auto strand = co_await asio::this_coro::executor;
  Scene scene(strand);
  TaskGroup owners(strand);
  const auto owner = owners.spawn(join_a_waiter(scene));
  const auto inner_waits = [&scene] { return scene.waiting == 1; };
  co_await give_way_until(strand, inner_waits);
  owners.cancel(owner);
  co_await owners.join();
  co_return scene.log;
}

TEST(TaskGroupTest, CancellingTheOwnerCancelsItsTasksBeforeItEnds) {
  Loop loop;
  const std::vector<std::string> want{"inner cancelled"};
  EXPECT_EQ(loop.run(cancel_the_owner()), want);
}

}  // namespace
}  // namespace mread::net
