#include "net/task_group.h"

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
  std::vector<std::string> log;
};

asio::awaitable<void> wait_and_log(Scene& scene, std::string name) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const bool woken = co_await scene.go.wait();
  scene.log.push_back(name + (woken ? " woken" : " cancelled"));
}

asio::awaitable<void> give_way(const asio::any_io_executor& strand) {
  Event turn(strand);
  for (int i = 0; i < 10; ++i) {
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
  co_await give_way(strand);
  tasks.cancel(first);
  co_await give_way(strand);
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
  co_await give_way(strand);
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
