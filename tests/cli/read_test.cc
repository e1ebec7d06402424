#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "cli/run_command.h"
#include "model/series.h"
#include "net/server.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/request/read_request.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* streamed_type =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

struct Canned {
  int status = 200;
  std::string type = "application/x-protobuf";
  std::string body;
  std::string partial;
};

// A server that gives one answer to everything, and keeps the last request.
class CannedServer {
 public:
  explicit CannedServer(Canned canned) : canned_(std::move(canned)) {
    net::Handler handler = [this](net::ServerRequest request, net::ResponseWriter& writer) {
      return answer(std::move(request), writer);
    };
    server_ = std::move(net::Server::listen(io_.get_executor(), {}, std::move(handler)).value());
    thread_ = std::thread([this] { io_.run(); });
  }
  ~CannedServer() {
    io_.stop();
    thread_.join();
  }

  std::string url() const { return server_->url(); }
  net::ServerRequest last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  net::asio::awaitable<void> answer(net::ServerRequest request, net::ResponseWriter& writer) {
    {
      const std::lock_guard lock(mutex_);
      last_ = std::move(request);
    }
    net::ResponseHead head;
    head.status = canned_.status;
    head.headers.set("Content-Type", canned_.type);
    if (!canned_.partial.empty()) head.headers.set("X-Mread-Partial", canned_.partial);
    (void)co_await writer.reply(std::move(head), canned_.body);
  }

  Canned canned_;
  boost::asio::io_context io_;
  std::unique_ptr<net::Server> server_;
  std::thread thread_;
  std::mutex mutex_;
  net::ServerRequest last_;
};

Ran run_read(std::vector<std::string> arguments) {
  return run_command(add_read, "read", std::move(arguments));
}

model::Series series(model::LabelSet labels, std::vector<double> values) {
  model::Series out;
  out.labels = std::move(labels);
  for (size_t i = 0; i < values.size(); ++i)
    out.samples.push_back(
        model::Sample::of(1'700'000'000'000 + static_cast<int64_t>(i) * 15'000, values[i]));
  return out;
}

// Out of order on purpose.
std::vector<model::Series> two_series() {
  return {series({{"__name__", "up"}, {"job", "b"}}, {1, 0.5}),
          series({{"__name__", "up"}, {"job", "a"}}, {3, 4, 5})};
}

std::string samples_body(const std::vector<model::Series>& all) {
  wire::ReadResponseWriter writer;
  writer.begin_result();
  for (const model::Series& one : all)
    writer.append_series(wire::encode_labels(one.labels), one.samples);
  return wire::compress(writer.bytes());
}

std::string streamed_body(const std::vector<model::Series>& all) {
  std::string body;
  for (const model::Series& one : all) {
    wire::XorWriter chunk;
    for (const model::Sample& sample : one.samples) chunk.append(sample);
    std::string entries;
    wire::append_chunk(entries, chunk.min_time_ms(), chunk.max_time_ms(), wire::ChunkEncoding::xor_,
                       chunk.bytes());
    std::string data;
    wire::encode_chunked_series(wire::encode_labels(one.labels), entries, 0, data);
    wire::append_frame(body, data);
  }
  return body;
}

const std::vector<std::string> whole_range = {"--start", "1700000000", "--end", "1700000100"};

std::vector<std::string> with_range(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), whole_range.begin(), whole_range.end());
  return arguments;
}

TEST(ReadCommand, PrintsALineForEachSeriesSorted) {
  for (const bool streamed : {false, true}) {
    CannedServer server({200, streamed ? streamed_type : "application/x-protobuf",
                         streamed ? streamed_body(two_series()) : samples_body(two_series()), ""});
    const Ran ran = run_read(with_range({server.url(), "up"}));
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
    EXPECT_THAT(
        ran.out,
        HasSubstr("SERIES       SAMPLES  FIRST                 LAST                  LAST VALUE\n"
                  "up{job=\"a\"}        3  2023-11-14T22:13:20Z  2023-11-14T22:13:50Z           5\n"
                  "up{job=\"b\"}        2  2023-11-14T22:13:20Z  2023-11-14T22:13:35Z         0.5\n"
                  "2 series, 5 samples; "));
    EXPECT_THAT(ran.out, HasSubstr(streamed ? "streamed in 2 frames" : "SAMPLES"));
    EXPECT_THAT(ran.out, Not(HasSubstr("\x1b")));
  }
}

TEST(ReadCommand, AsksAsPrometheusDoes) {
  using enum model::ResponseType;
  struct Case {
    std::vector<std::string> flags;
    std::vector<model::ResponseType> want;
  };
  CannedServer server({200, "application/x-protobuf", samples_body({}), ""});
  for (const Case& c : std::vector<Case>{{{}, {streamed_xor_chunks, samples}},
                                         {{"--stream"}, {streamed_xor_chunks}},
                                         {{"--samples"}, {samples}}}) {
    std::vector<std::string> arguments =
        with_range({server.url(), "up{job=~\"a|b\"}", "--header", "X-Scope-OrgID=team=1"});
    arguments.insert(arguments.end(), c.flags.begin(), c.flags.end());
    const Ran ran = run_read(arguments);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("no series\n"));
    const net::ServerRequest request = server.last();
    EXPECT_EQ(request.head.method, "POST");
    EXPECT_EQ(request.head.target, "/api/v1/read");
    EXPECT_EQ(request.head.headers.get("X-Scope-OrgID"), "team=1");
    EXPECT_EQ(request.head.headers.get("Content-Encoding"), "snappy");
    EXPECT_EQ(request.head.headers.get("X-Prometheus-Remote-Read-Version"), "0.1.0");
    const auto read = wire::decode_read_request(request.body, 1 << 20);
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->accepted_response_types, c.want);
    ASSERT_EQ(read->queries.size(), 1U);
    EXPECT_EQ(read->queries[0].start_ms, 1'700'000'000'000);
    EXPECT_EQ(read->queries[0].end_ms, 1'700'000'100'000);
    EXPECT_EQ(model::to_string(read->queries[0].matchers), "up{job=~\"a|b\"}");
  }
  EXPECT_EQ(run_read(with_range({server.url() + "/prefix/read", "up"})).exit_code, 0);
  EXPECT_EQ(server.last().head.target, "/prefix/read");
}

TEST(ReadCommand, PrintsForPrograms) {
  CannedServer server({200, streamed_type, streamed_body(two_series()), ""});
  EXPECT_EQ(run_read(with_range({server.url(), "up", "-o", "csv"})).out,
            "series,timestamp_ms,value\n"
            "\"up{job=\"\"a\"\"}\",1700000000000,3\n\"up{job=\"\"a\"\"}\",1700000015000,4\n\"up{"
            "job=\"\"a\"\"}\","
            "1700000030000,5\n"
            "\"up{job=\"\"b\"\"}\",1700000000000,1\n\"up{job=\"\"b\"\"}\",1700000015000,0.5\n");
  EXPECT_EQ(run_read(with_range({server.url(), "up", "-o", "openmetrics", "--limit", "1"})).out,
            "up{job=\"a\"} 3 1700000000\nup{job=\"a\"} 4 1700000015\nup{job=\"a\"} 5 1700000030\n# "
            "EOF\n");
  EXPECT_EQ(
      run_read(with_range({server.url(), "up", "-o", "json"})).out,
      R"({"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},"values":[[1700000000,"3"],[1700000015,"4"],[1700000030,"5"]]},)"
      R"({"metric":{"__name__":"up","job":"b"},"values":[[1700000000,"1"],[1700000015,"0.5"]]}]})"
      "\n");
}

TEST(ReadCommand, PrintsStatistics) {
  CannedServer server({200, streamed_type, streamed_body(two_series()), "b: deadline 8s"});
  // Statistics are of the wire: what lies outside the range is counted, not cut away.
  const Ran ran =
      run_read({server.url(), "up", "--start", "1700000015", "--end", "1700000029", "-o", "stats"});
  EXPECT_EQ(ran.exit_code, ExitCode::ok);
  EXPECT_THAT(ran.out, HasSubstr("samples             5: 5 floats, 0 histograms"));
  EXPECT_THAT(ran.out, HasSubstr("outside the range   3 samples\n"));
  EXPECT_THAT(ran.out, HasSubstr("out of order        1 series"));
  EXPECT_THAT(ran.err, HasSubstr("partial: b: deadline 8s"));
  const Ran json = run_read(with_range({server.url(), "up", "-o", "stats-json"}));
  EXPECT_THAT(json.out, HasSubstr("\"samples\":5,\"floats\":5,"));
}

TEST(ReadCommand, ShowsValuesAndLimits) {
  CannedServer server({200, streamed_type, streamed_body(two_series()), ""});
  const Ran ran = run_read(with_range({server.url(), "up", "--values", "--limit", "1"}));
  EXPECT_THAT(ran.out, HasSubstr("\n  2023-11-14T22:13:35Z  4\n"));
  EXPECT_THAT(ran.out, HasSubstr("… 1 more series\n2 series, 5 samples;"));
  EXPECT_THAT(ran.out, Not(HasSubstr("job=\"b\"")));
}

TEST(ReadCommand, TrimsChunksToTheRange) {
  CannedServer server({200, streamed_type, streamed_body(two_series()), ""});
  const Ran ran =
      run_read({server.url(), "up", "--start", "1700000015", "--end", "1700000029", "-o", "csv"});
  EXPECT_EQ(ran.out,
            "series,timestamp_ms,value\n\"up{job=\"\"a\"\"}\",1700000015000,4\n\"up{job=\"\"b\"\"}"
            "\",1700000015000,0.5\n");
}

TEST(ReadCommand, TellsWhatACoreLeftOut) {
  CannedServer server({200, streamed_type, streamed_body(two_series()), "b: deadline 8s"});
  const Ran ran = run_read(with_range({server.url(), "up"}));
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.err, "mread read: the answer is partial: b: deadline 8s\n");
  const Ran failed = run_read(with_range({server.url(), "up", "--fail-on-partial"}));
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_EQ(failed.err, ran.err);
  EXPECT_THAT(failed.out, HasSubstr("2 series"));
  CannedServer whole({200, streamed_type, streamed_body(two_series()), ""});
  EXPECT_EQ(run_read(with_range({whole.url(), "up", "--fail-on-partial"})).exit_code, 0);
}

TEST(ReadCommand, HintsAtMilliseconds) {
  const Ran ran = run_read({"http://a", "up", "--start", "1700000000250"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(
      ran.err,
      "mread read: --start: 1700000000250 looks like milliseconds; want seconds: 1700000000.250\n");
}

struct BadAnswer {
  std::string name;
  Canned canned;
  std::string want;
};

TEST(ReadCommand, ABrokenAnswerIsAnErrorThatNamesThePlace) {
  const std::string stream = streamed_body(two_series());
  std::string wrong_crc = stream;
  wrong_crc.back() = static_cast<char>(wrong_crc.back() ^ 1);
  for (const BadAnswer& c : std::vector<BadAnswer>{
           {"cut in a frame",
            {200, streamed_type, stream.substr(0, stream.size() - 3), ""},
            "frame 1"},
           {"wrong checksum", {200, streamed_type, wrong_crc, ""}, "frame 1"},
           {"error text at the end",
            {200, streamed_type, stream + "expanding series: context canceled", ""},
            "expanding series: context canceled"},
           {"not snappy", {200, "application/x-protobuf", "plain text", ""}, "snappy"},
           {"two results",
            {200, "application/x-protobuf", wire::compress(std::string("\x0a\x00\x0a\x00", 4)), ""},
            "2 results for one query"},
           {"a web page", {200, "text/html", "<html>", ""}, "not a remote-read answer"},
           {"an HTTP error",
            {400, "text/plain", "exceeded sample limit (5)\nmore", ""},
            "HTTP 400: exceeded sample limit (5)\n"},
       }) {
    CannedServer server(c.canned);
    const Ran ran = run_read(with_range({server.url(), "up"}));
    EXPECT_EQ(ran.exit_code, ExitCode::failed) << c.name;
    EXPECT_EQ(ran.out, "") << c.name;
    EXPECT_THAT(ran.err, HasSubstr(c.want)) << c.name;
    EXPECT_THAT(ran.err, testing::StartsWith("mread read: " + server.url() + "/api/v1/read: "))
        << c.name;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << c.name << ": " << ran.err;
  }
}

TEST(ReadCommand, SaysWhoItIs) {
  const TemporaryFolder folder;
  CannedServer server({200, "application/x-protobuf", samples_body(two_series()), ""});
  const auto authorization = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {server.url(), "up"});
    EXPECT_EQ(run_read(with_range(flags)).exit_code, ExitCode::ok);
    return std::string(server.last().head.headers.get("Authorization"));
  };
  EXPECT_EQ(authorization({}), "");
  const std::string password = folder.write("pw", "open sesame\n");
  EXPECT_EQ(authorization({"--basic-auth-user", "Aladdin", "--basic-auth-password-file", password}),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(authorization({"--basic-auth-user", "u"}), "Basic dTo=");
  EXPECT_EQ(authorization({"--bearer-token-file", folder.write("token", "t0ken\n")}),
            "Bearer t0ken");
  EXPECT_EQ(authorization({"--header", "Authorization=Token x"}), "Token x");
}

TEST(ReadCommand, BadFlagsAreRefusedBeforeAnythingIsAsked) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"http://127.0.0.1:1"},
           {"127.0.0.1:1", "up"},
           {"http://127.0.0.1:1", "up{"},
           {"http://127.0.0.1:1", "{job=~\".*\"}"},
           {"http://127.0.0.1:1", "up", "--start", "yesterday"},
           {"http://127.0.0.1:1", "up", "--start", "20", "--end", "10"},
           {"http://127.0.0.1:1", "up", "--timeout", "1.5h"},
           {"http://127.0.0.1:1", "up", "--timeout", "0"},
           {"http://127.0.0.1:1", "up", "--header", "Nothing"},
           {"http://127.0.0.1:1", "up", "--basic-auth-password-file", "pw"},
           {"http://127.0.0.1:1", "up", "--basic-auth-user", "u", "--basic-auth-password-file",
            "/nowhere"},
           {"http://127.0.0.1:1", "up", "--basic-auth-user", "u:v"},
           {"http://127.0.0.1:1", "up", "--bearer-token-file", "/nowhere"},
           {"http://127.0.0.1:1", "up", "--bearer-token-file", "/dev/null"},
           {"http://127.0.0.1:1", "up", "--basic-auth-user", "u", "--header", "Authorization=x"},
           {"http://127.0.0.1:1", "up", "--basic-auth-user", "u", "--bearer-token-file",
            "/dev/null"},
           {"http://127.0.0.1:1", "up", "--output", "xml"},
           {"http://127.0.0.1:1", "up", "--stream", "--samples"},
       }) {
    EXPECT_EQ(run_read(arguments).exit_code, ExitCode::invalid)
        << testing::PrintToString(arguments);
  }
}

TEST(ReadCommand, NobodyThereIsAFailure) {
  const Ran ran = run_read({"http://127.0.0.1:1", "up"});
  EXPECT_EQ(ran.exit_code, ExitCode::failed);
  EXPECT_THAT(ran.err, HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace mread::cli
