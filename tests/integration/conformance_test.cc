// Holds the table of docs/reference/conformance.md to what the endpoints do: real Prometheus of
// three generations, a mock store, and mread serve over the mock. A failure prints the table as it
// should be.

#include "probe/conformance.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/timestamp.h"
#include "integration/program.h"
#include "integration/prometheus_process.h"
#include "mockstore/notation/input_series.h"
#include "mockstore/server/store_server.h"
#include "mockstore/store/journal.h"
#include "mockstore/store/store_config.h"
#include "net/client.h"
#include "wire/request/remote_write.h"

namespace mread::probe {
namespace {

using Rows = std::vector<ConformanceRow>;

constexpr int64_t step_ms = 15'000;
constexpr int64_t points = 200;

constexpr const char* data = R"(
external_labels: {region: us}
input_series:
  - {series: 'up{instance="gamma",job="x"}', values: '1x199'}
  - {series: 'up{instance="alpha",job="x"}', values: '1 0 NaN Inf -Inf 1x190'}
  - {series: 'up{instance="alpha",job="x",pod="p"}', values: '1x100 stale _x20 1x70'}
  - {series: 'h{instance="beta",job="x"}', values: '{{schema:1 count:4 sum:5.5 buckets:[1 3]}}+{{schema:1 count:4 sum:5.5 buckets:[1 3]}}x199'}
)";

class ConformanceTest : public testing::Test {
 protected:
  mockstore::StoreConfig store() const {
    mockstore::StoreDefaults defaults;
    defaults.start_ms = start_ms_;
    return mockstore::parse_store(yaml::Node::parse(data, "store.yml"), "a", defaults);
  }

  Rows examined(const net::Url& url) const {
    ReadCall call;
    call.url = url;
    call.query = {start_ms_, start_ms_ + points * step_ms,
                  *model::parse_selector("{__name__=~\"up|h\"}"), std::nullopt};
    const auto rows = examine(call);
    EXPECT_TRUE(rows) << rows.error().to_string();
    return rows ? *rows : Rows{};
  }

  Rows prometheus(const std::string& generation) const {
    const PrometheusProcess server(generation, "global: {external_labels: {region: us}}\n");
    EXPECT_TRUE(server.ready()) << server.log();
    std::vector<model::Series> series;
    for (const mockstore::InputSeries& input : store().input_series)
      series.push_back(input.series(0, {start_ms_, step_ms}));
    wire::WriteRequests requests(series);
    while (auto body = requests.next()) {
      net::ClientRequest request;
      request.url = server.url("/api/v1/write");
      request.method = "POST";
      request.headers.set("Content-Type", "application/x-protobuf");
      request.headers.set("Content-Encoding", "snappy");
      request.headers.set("X-Prometheus-Remote-Write-Version", "0.1.0");
      request.body = std::move(*body);
      const auto written = net::fetch(std::move(request));
      EXPECT_TRUE(written && written->head.status / 100 == 2) << generation;
    }
    return examined(server.url("/api/v1/read"));
  }

  // The rows of the mock, and of mread serve over it.
  std::pair<Rows, Rows> mock_and_serve() const {
    boost::asio::io_context io;
    const mockstore::SystemTime time;
    auto server = mockstore::StoreServer::start(io.get_executor(), store(), 1, time);
    EXPECT_TRUE(server) << server.error().to_string();
    std::thread thread([&] { io.run(); });
    const std::string url = (*server)->read_url();
    std::pair<Rows, Rows> out;
    out.first = examined(*net::Url::parse(url));
    const TemporaryFolder folder;
    folder.write("mread.yml", fmt::format("remote_read:\n  - {{name: a, url: \"{}\"}}\n", url));
    Program serve(
        {std::getenv("MREAD_PROGRAM"), "serve", "--config", "mread.yml", "--listen", "127.0.0.1:0"},
        folder.path().string());
    EXPECT_TRUE(serve.wait_for("listening on http")) << serve.output();
    EXPECT_TRUE(serve.wait_for("serves 1 backend")) << serve.output();
    const size_t begin = serve.output().find("http://");
    const std::string base =
        serve.output().substr(begin, serve.output().find_first_of(" \n", begin) - begin);
    out.second = examined(*net::Url::parse(base + "/api/v1/read"));
    io.stop();
    thread.join();
    return out;
  }

  const int64_t start_ms_ = (wall_clock_ms() / step_ms - points - 10) * step_ms;
};

TEST_F(ConformanceTest, ThePageHasTheTable) {
  std::vector<Rows> columns = {prometheus("2.42"), prometheus("2.53"), prometheus("3.5")};
  auto [mock, serve] = mock_and_serve();
  columns.push_back(std::move(mock));
  columns.push_back(std::move(serve));
  std::string table =
      "| fact | 2.42 | 2.53 | 3.5 | mock | serve | why it matters "
      "|\n|---|---|---|---|---|---|---|\n";
  std::string notes;
  for (size_t row = 0; row < columns[0].size(); ++row) {
    table += fmt::format("| {} |", columns[0][row].fact);
    for (const Rows& column : columns) {
      ASSERT_EQ(column.size(), columns[0].size());
      ASSERT_EQ(column[row].fact, columns[0][row].fact);
      table += fmt::format(" {} |", to_string(column[row].verdict));
      notes += fmt::format("{}: {}\n", column[row].fact, column[row].seen);
    }
    table += fmt::format(" {} |\n", columns[0][row].why);
  }
  std::ifstream file(MREAD_CONFORMANCE_PAGE);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(page.find(table), std::string::npos) << "the page has to have this table:\n\n"
                                                 << table << "\nseen:\n"
                                                 << notes;
}

}  // namespace
}  // namespace mread::probe
