// Files and servers that the other commands are given: `mread serve --check-config`, `mread mock`,
// `mread run` and `mread read`, each in 1 GiB of address space. A nasty file ends with exit status
// 3 and a line; a nasty server ends with an error. MREAD_PROGRAM is the program's path.

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "integration/attacks/nasty_files.h"
#include "integration/attacks/stage.h"
#include "integration/program.h"
#include "merger/answers.h"
#include "net/client.h"
#include "wire/snappy/snappy_block.h"

namespace mread::attacks {
namespace {

using testing::HasSubstr;
using testing::Not;

// In a minute and 1 GiB; `arguments` begin behind the program's name.
std::vector<std::string> limited(const std::vector<std::string>& arguments,
                                 bool for_a_minute = true) {
  const char* program = std::getenv("MREAD_PROGRAM");
  std::vector<std::string> out;
  if (for_a_minute) out = {"timeout", "--signal=KILL", "60"};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  for (const char* word : {"prlimit", "--as=1073741824", "--nofile=1024", "--core=0"})
    out.emplace_back(word);
#endif
  out.emplace_back(program != nullptr ? program : "mread");
  out.insert(out.end(), arguments.begin(), arguments.end());
  return out;
}

// Without what would do something to a terminal.
void expect_printable(const std::string& output) {
  EXPECT_THAT(output, Not(HasSubstr("\x1b")));
  EXPECT_THAT(output, Not(HasSubstr("\xc2\x9b")));
  EXPECT_THAT(output, Not(HasSubstr("\xe2\x80\xae")));
}

void expect_refusal(int code, const std::string& output) {
  EXPECT_EQ(code, 3) << output.substr(0, 1000);
  EXPECT_LE(output.size(), 2048u) << output.substr(0, 500);
  EXPECT_LE(std::count(output.begin(), output.end(), '\n'), 5) << output.substr(0, 1000);
  expect_printable(output);
}

// --- files ---

struct Command {
  std::string name;
  std::vector<std::string> arguments;  ///< the file's name follows
};

const std::vector<Command>& commands() {
  static const std::vector<Command> all{{"Serve", {"serve", "--check-config", "--config"}},
                                        {"Mock", {"mock", "--config"}},
                                        {"Run", {"run", "--list"}}};
  return all;
}

class NastyFileTest : public testing::TestWithParam<NastyFile> {};

TEST_P(NastyFileTest, IsRefusedEverywhere) {
  for (const Command& command : commands()) {
    SCOPED_TRACE(command.name);
    TemporaryFolder folder;
    GetParam().put(folder.path() / "file.yml");
    auto arguments = command.arguments;
    // `run` takes a folder for one of scenarios, and there is none in it.
    arguments.emplace_back("file.yml");
    Program program(limited(arguments), folder.path().string());
    const int code = program.wait();
    expect_refusal(code, program.output());
  }
}

INSTANTIATE_TEST_SUITE_P(All, NastyFileTest, testing::ValuesIn(nasty_files()),
                         [](const auto& instance) { return instance.param.name; });

// Files that are good YAML, and wrong or dear for one command.
struct DearFile {
  std::string name;
  std::vector<std::string> arguments;
  std::function<std::string()> text;
};

std::string scenario(const std::string& more) {
  return "name: x\nmatrix: {e: [process]}\nnodes: {a: {kind: prometheus, version: v3.5}}\n" + more;
}
std::string condition(const std::string& when) {
  return scenario("checks:\n  - {expr: up}\n  - when: \"" + when + "\"\n    expr: up\n");
}

std::vector<DearFile> dear_files() {
  const std::vector<std::string> run{"run", "--list"};
  const std::vector<std::string> mock{"mock", "--config"};
  const std::vector<std::string> serve{"serve", "--check-config", "--config"};
  const auto doubling = [] {
    std::string vars = "vars:\n  v0: xxxxxxxxxx\n";
    for (int i = 1; i < 31; ++i) vars += fmt::format("  v{0}: \"${{v{1}}}${{v{1}}}\"\n", i, i - 1);
    return scenario(vars + "checks: [{expr: '${v30}'}]\n");
  };
  const auto doubling_lists = [] {
    std::string vars = "vars:\n  v0: [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 31; ++i)
      vars += fmt::format("  v{0}: [\"${{v{1}}}\", \"${{v{1}}}\"]\n", i, i - 1);
    return scenario(vars + "checks: [{expr: up, exp_samples: \"${v30}\"}]\n");
  };
  const auto matrix = [] {
    std::string out = "name: x\nnodes: {a: {kind: prometheus, version: v3.5}}\nmatrix:\n";
    for (int i = 0; i < 12; ++i) out += fmt::format("  m{}: [a, b, c, d, e, f, g, h, i, j]\n", i);
    return out + "checks: [{expr: up}]\n";
  };
  return {
      {"RunDeepCondition", run,
       [] { return condition(repeated("(", 100'000) + "e == process" + repeated(")", 100'000)); }},
      {"RunDeepNot", run, [] { return condition(repeated("!", 500'000) + "(e == process)"); }},
      {"RunOpenParentheses", run, [] { return condition(repeated("(", 500'000)); }},
      {"RunDeepChoice", run,
       [] {
         return scenario("checks: [{expr: \"${" + repeated("(", 100'000) + "e == a" +
                         repeated(")", 100'000) + " ? up : down}\"}]\n");
       }},
      {"RunLongCondition", run,
       [] { return condition(repeated("e == process && ", 300'000) + "e == process"); }},
      {"RunNestedPlaceholders", run,
       [] {
         return scenario("checks: [{expr: \"" + repeated("${", 300'000) + "e" +
                         repeated("}", 300'000) + "\"}]\n");
       }},
      {"RunDoublingVars", run, doubling},
      {"RunDoublingLists", run, doubling_lists},
      {"RunMatrix", run, matrix},
      {"RunSeriesOfManySamples", run,
       [] {
         return "name: x\nnodes: {a: {kind: prometheus, version: v3.5, input_series: [{series: up, "
                "values: "
                "'1x99999999999'}]}}\nchecks: [{expr: up}]\n";
       }},
      {"RunManySeries", run,
       [] {
         return "name: x\nnodes: {a: {kind: prometheus, version: v3.5, input_series: [{series: up, "
                "values: '1x1', "
                "repeat: {a: 1000000, b: 1000000}}]}}\nchecks: [{expr: up}]\n";
       }},
      {"MockSeriesOfManySamples", mock,
       [] { return std::string("input_series: [{series: up, values: '1x99999999999'}]\n"); }},
      {"MockManySamplesInParts", mock,
       [] {
         return "input_series: [{series: up, values: '" + repeated("1x9999999 ", 1000) + "'}]\n";
       }},
      {"MockManySeries", mock,
       [] {
         return std::string(
             "input_series: [{series: up, values: '1x1', repeat: {a: 1000000, b: 1000000}}]\n");
       }},
      {"MockRepeatThatOverflows", mock,
       [] {
         return std::string(
             "input_series: [{series: up, values: '1x1', repeat: {a: 4294967296, b: 4294967296, c: "
             "16}}]\n");
       }},
      {"MockNestedHistogram", mock,
       [] { return "input_series: [{series: up, values: '" + repeated("{{", 100'000) + "'}]\n"; }},
      {"ServeManyBackends", serve,
       [] {
         std::string out = "remote_read:\n";
         for (int i = 0; i < 100'000; ++i)
           out += fmt::format("  - {{name: n{0}, url: \"http://127.0.0.1:9/{0}\"}}\n", i);
         return out;
       }},
      {"ServeRouteWithUnicodeClasses", serve,
       [] {
         return "remote_read: [{name: a, url: \"http://127.0.0.1:9/\"}]\ngroups: [{name: g, "
                "members: [a]}]\n"
                "routes: [{match: '{a=~\"" +
                repeated("\\\\pL", 4700) + "\"}', groups: [g]}]\n";
       }},
  };
}

void PrintTo(const DearFile& file, std::ostream* out) { *out << file.name; }

class DearFileTest : public testing::TestWithParam<DearFile> {};

TEST_P(DearFileTest, IsRefused) {
  TemporaryFolder folder;
  folder.write("file.yml", GetParam().text());
  auto arguments = GetParam().arguments;
  arguments.emplace_back("file.yml");
  Program program(limited(arguments), folder.path().string());
  const int code = program.wait();
  expect_refusal(code, program.output());
}

INSTANTIATE_TEST_SUITE_P(All, DearFileTest, testing::ValuesIn(dear_files()),
                         [](const auto& instance) { return instance.param.name; });

// --- the mock's control interface ---

class MockUnderAttack : public testing::Test {
 protected:
  MockUnderAttack() {
    folder_.write("mock.yml",
                  "name: m\nlisten: 127.0.0.1:0\ninput_series: [{series: up, values: '1x100'}]\n");
    mock_ = std::make_unique<Program>(limited({"mock", "--config", "mock.yml"}, false),
                                      folder_.path().string());
    if (!mock_->wait_for("\nready")) throw std::runtime_error(mock_->output());
    const std::string before = "admin on http://127.0.0.1:";
    const std::string& output = mock_->output();
    admin_ = static_cast<uint16_t>(std::stoi(output.substr(output.find(before) + before.size())));
    const std::string reads = "listening on http://127.0.0.1:";
    port_ = static_cast<uint16_t>(std::stoi(output.substr(output.find(reads) + reads.size())));
  }
  std::string ask(const std::string& text, uint16_t port) const {
    RawSocket socket = RawSocket::connect(port);
    socket.send(text);
    return socket.receive_response();
  }
  std::string put(const std::string& body,
                  const std::string& fields = "Host: 127.0.0.1\r\n") const {
    return ask(fmt::format("PUT /-/faults HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{}", fields,
                           body.size(), body),
               admin_);
  }
  // The highest that it ever was, as /proc has it.
  size_t peak_mib() const {
    std::ifstream file(fmt::format("/proc/{}/status", mock_->pid()));
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6)) >> 10;
    }
    return SIZE_MAX;
  }
  void expect_whole() const {
    EXPECT_EQ(status_of(ask("GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", admin_)), 200);
    EXPECT_EQ(status_of(ask(read_text("up"), port_)), 200);
    EXPECT_LE(peak_mib(), 800u);
  }

  TemporaryFolder folder_;
  std::unique_ptr<Program> mock_;
  uint16_t admin_ = 0;
  uint16_t port_ = 0;
};

TEST_F(MockUnderAttack, RefusesNastyFaults) {
  for (const NastyFile& file : nasty_files()) {
    if (file.name == "Empty") continue;  // No faults.
    const auto path = folder_.path() / "faults";
    file.put(path);
    std::string body;
    if (std::filesystem::is_regular_file(std::filesystem::symlink_status(path))) {
      std::ifstream in(path, std::ios::binary);
      body.assign(std::istreambuf_iterator<char>(in), {});
    }
    std::filesystem::remove_all(path);
    if (body.empty()) continue;
    const std::string reply = put(body);
    EXPECT_THAT(status_of(reply), testing::AnyOf(400, 413))
        << file.name << ": " << reply.substr(0, 300);
    EXPECT_LE(reply.size(), 2048u) << file.name;
    if (HasFailure()) break;
  }
  expect_whole();
}

TEST_F(MockUnderAttack, RefusesBrowsers) {
  const std::string faults = "[{status: 503}]";
  EXPECT_EQ(status_of(put(faults, "Host: evil.example\r\n")) / 100, 4);
  EXPECT_EQ(status_of(put(faults, "Host: 127.0.0.1\r\nOrigin: http://evil.example\r\n")) / 100, 4);
  EXPECT_EQ(
      status_of(ask("DELETE /-/journal HTTP/1.1\r\nHost: evil.example\r\n\r\n", admin_)) / 100, 4);
  expect_whole();
}

TEST_F(MockUnderAttack, TheJournalIsBoundedInBytes) {
  // A selector of 4 MB that costs 200 kB on the wire.
  model::ReadRequest read;
  model::Query query;
  query.matchers.push_back(model::Matcher::equal("__name__", std::string(4U << 20, 'x')));
  read.queries.push_back(std::move(query));
  const std::string text = post("/api/v1/read", read_body(read));
  for (int i = 0; i < 150; ++i) ask(text, port_);
  EXPECT_LE(peak_mib(), 300u);
  EXPECT_LE(ask("GET /-/journal HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", admin_).size(), 64U << 20);
  expect_whole();
}

TEST_F(MockUnderAttack, OutlivesWhatServeOutlives) {
  std::vector<model::Query> queries(100'000);
  for (auto& query : queries) query.matchers.push_back(model::Matcher::equal("__name__", "up"));
  model::ReadRequest many;
  many.queries = std::move(queries);
  ask(post("/api/v1/read", read_body(many)), port_);
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 8; ++i) sockets.push_back(RawSocket::connect(port_));
  flood(sockets, "POST /api/v1/read HTTP/1.1\r\nHost: a\r\nContent-Length: 260000000\r\n\r\n",
        std::string(1U << 20, 'x'), 250U << 20);
  for (auto& socket : sockets) socket.reset();
  expect_whole();
}

// --- servers that `mread read` meets ---

struct Server {
  std::string name;
  std::function<std::string()> answer;
  std::string filler{};  ///< again and again behind it, up to 1 GiB
};

void PrintTo(const Server& server, std::ostream* out) { *out << server.name; }

class ReadUnderAttack : public testing::TestWithParam<Server> {};

TEST_P(ReadUnderAttack, EndsWithAnErrorOrAnAnswer) {
  ScriptedStore store;
  store.set_script(
      [answer = GetParam().answer()](RawSocket& socket, const ScriptedStore::Request&) {
        bool open = socket.send(answer);
        const std::string& filler = GetParam().filler;
        for (size_t sent = 0; open && !filler.empty() && sent < (1U << 30); sent += filler.size()) {
          open = socket.send(filler);
        }
        return false;
      });
  Program program(limited({"read", store.url(), "heavy", "--start", "now-1m"}));
  const int code = program.wait();
  EXPECT_LE(code, 4) << program.output().substr(0, 1000);
  expect_printable(program.output());
}

const std::string evil =
    "\x1b[2J\xc2\x9b"
    "31m\xe2\x80\xae\x07";

std::string one_series(const std::string& value) {
  return merger::tests::frame_with(
      merger::tests::raw_labels({{"__name__", "heavy"}, {"v", value}}),
      {merger::tests::xor_chunk(merger::tests::samples(1'000'000, 15'000, {1, 2}))});
}

std::vector<Server> servers() {
  const std::string filler(1U << 20, 'x');
  return {
      {"EvilLabels", [] { return answer_with(one_series(evil)); }},
      {"EvilStatus",
       [] {
         return fmt::format("HTTP/1.1 500 {0}\r\nContent-Length: 20\r\n\r\n{0}          ", evil);
       }},
      {"EvilPartial",
       [] {
         return fmt::format(
             "HTTP/1.1 200 OK\r\nX-Mread-Partial: {}\r\nContent-Type: application/x-streamed-"
             "protobuf; proto=prometheus.ChunkedReadResponse\r\nContent-Length: 0\r\n\r\n",
             evil);
       }},
      {"EvilErrorText",
       [] {
         return answer_with(one_series("x") + evil +
                            " is on fire, so this is the text of an error");
       }},
      {"EvilRedirect",
       [] {
         return fmt::format("HTTP/1.1 308 P\r\nLocation: http://[{}\r\nContent-Length: 0\r\n\r\n",
                            evil);
       }},
      {"ChunkExtension", [] { return chunked_head() + "5;a="; }, filler},
      {"Interim", [] { return std::string(); }, repeated("HTTP/1.1 100 Continue\r\n\r\n", 40'000)},
      {"SnappyBomb",
       [] { return answer_with(wire::compress(std::string(700U << 20, '\0')), true); }},
      {"SnappyClaim",
       [] {
         return answer_with(std::string("\xff\xff\xff\xff\x0f", 5) + std::string(100, '\0'), true);
       }},
      {"FrameClaim", [] { return answer_with("\xff\xff\xff\xff\x0f" + std::string(100, 'x')); }},
      {"ErrorText", [] { return std::string("HTTP/1.1 500 Broken\r\n\r\n"); }, filler},
  };
}

INSTANTIATE_TEST_SUITE_P(All, ReadUnderAttack, testing::ValuesIn(servers()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace mread::attacks
