// `mread serve` and `mread mock` with credentials, as their user starts them: they work, they
// change without a restart, and none of them is ever shown. MREAD_PROGRAM is the program's path.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "integration/program.h"
#include "net/client.h"
#include "net/credentials.h"

namespace mread {
namespace {

using testing::HasSubstr;
using testing::Not;

// What must never be seen; each of them is in use below.
const std::vector<std::string> secrets = {"basic-hunter2",  "bearer-hunter2", "file-hunter2",
                                          "client-hunter2", "header-hunter2", "param-hunter2",
                                          "new-hunter2",    "opensesame",     "tokens-1",
                                          "wrong-hunter2",  "query-hunter2"};
const std::string hash = "$2b$04$Rtx5wRb2FfqNzkV0R1lxv.3Qzm5st0dKi1WQrTDkyGTSMJirWuEfO";

class SecretsTest : public testing::Test {
 protected:
  static std::vector<std::string> mread(std::vector<std::string> arguments) {
    const char* program = std::getenv("MREAD_PROGRAM");
    arguments.insert(arguments.begin(), program != nullptr ? program : "mread");
    return arguments;
  }
  /// Runs it to its end.
  std::string output_of(const std::vector<std::string>& arguments, int* code = nullptr) {
    Program program(mread(arguments), folder_.path());
    const int ended = program.wait();
    if (code != nullptr) *code = ended;
    return program.output();
  }
  std::string text_of(const std::string& name) const {
    std::ifstream file(folder_.path() / name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  /// The URL behind `before` in what the program has said.
  static std::string url_in(const std::string& output, const std::string& before) {
    const size_t at = output.find(before);
    if (at == std::string::npos) return "";
    const size_t begin = at + before.size();
    return output.substr(begin, output.find('\n', begin) - begin);
  }
  Result<net::Response> get(const std::string& url) const {
    net::ClientRequest request;
    request.url = *net::Url::parse(url);
    request.headers.add("Authorization", net::basic_authorization("alice", "opensesame"));
    return net::fetch(std::move(request));
  }
  /// Notes what was seen, and that there is no secret in it.
  void look(const std::string& where, const std::string& text) {
    EXPECT_FALSE(text.empty()) << where;
    for (const std::string& secret : secrets) EXPECT_THAT(text, Not(HasSubstr(secret))) << where;
    // As it would be in a header or a URL.
    EXPECT_THAT(text, Not(HasSubstr(net::basic_authorization("u", "basic-hunter2").substr(6))))
        << where;
    EXPECT_THAT(text, Not(HasSubstr(hash))) << where;
  }

  TemporaryFolder folder_;
};

TEST_F(SecretsTest, WorkChangeAndAreShownNowhere) {
  folder_.write("mock.yml", R"(interval: 1m
token_servers: {tokens: {client_id: me, client_secret: client-hunter2}}
stores:
  basic: {auth: {basic: {username: u, password: basic-hunter2}}, input_series: [{series: 'm{store="basic"}', values: '1x240'}]}
  bearer: {auth: {bearer: bearer-hunter2}, required_headers: {X-Key: header-hunter2}, input_series: [{series: 'm{store="bearer"}', values: '1x240'}]}
  file: {auth: {basic: {username: u, password: new-hunter2}}, input_series: [{series: 'm{store="file"}', values: '1x240'}]}
  oauth: {auth: {oauth2: tokens}, input_series: [{series: 'm{store="oauth"}', values: '1x240'}]}
  wrong: {auth: {bearer: right}, input_series: []}
)");
  Program mock(mread({"mock", "--config", "mock.yml"}), folder_.path());
  ASSERT_TRUE(mock.wait_for("ready\n")) << mock.output();
  const auto store = [&](const std::string& name) {
    return url_in(mock.output(), "\n" + name + " listening on ");
  };
  const std::string tokens = url_in(mock.output(), "tokens tokens on ");
  folder_.write("password", "file-hunter2\n");
  folder_.write("alice", "opensesame\n");
  folder_.write("mread.yml",
                fmt::format(R"(listen: 127.0.0.1:0
remote_read:
  - {{name: basic, url: "{}?key=query-hunter2", basic_auth: {{username: u, password: basic-hunter2}}}}
  - {{name: bearer, url: "{}", bearer_token: bearer-hunter2, headers: {{X-Key: header-hunter2}}}}
  - {{name: file, url: "{}", basic_auth: {{username: u, password_file: password}}}}
  - {{name: oauth, url: "{}", oauth2: {{client_id: me, client_secret: client-hunter2, token_url: "{}", endpoint_params: {{x: param-hunter2}}}}}}
  - {{name: wrong, url: "{}", bearer_token: wrong-hunter2}}
  - {{name: wrong-client, url: "{}", oauth2: {{client_id: me, client_secret: wrong-hunter2, token_url: "{}"}}}}
partial: any
web: {{basic_auth_users: {{alice: "{}"}}}}
query_log_file: query.log
)",
                            store("basic"), store("bearer"), store("file"), store("oauth"), tokens,
                            store("wrong"), store("oauth"), tokens, hash));
  Program serve(mread({"serve", "--config", "mread.yml", "--log-level", "debug"}), folder_.path());
  ASSERT_TRUE(serve.wait_for("listening on ")) << serve.output();
  ASSERT_TRUE(serve.wait_for("serves 6 backends")) << serve.output();
  const std::string url = url_in(serve.output(), "listening on ");
  const std::vector<std::string> read = {
      "read",  url,       "m",      "--basic-auth-user", "alice", "--basic-auth-password-file",
      "alice", "--start", "now-30m"};

  int code = 0;
  const std::string first = output_of(read, &code);
  EXPECT_EQ(code, 0) << first;
  for (const char* name : {"basic", "bearer", "oauth"})
    EXPECT_THAT(first, HasSubstr(fmt::format("store=\"{}\"", name)));
  EXPECT_THAT(first, HasSubstr("file: HTTP 401: Unauthorized"));
  EXPECT_THAT(first, HasSubstr(", wrong: HTTP 401: Unauthorized"));
  EXPECT_THAT(first, HasSubstr("wrong-client: oauth2: 127.0.0.1:"));
  EXPECT_THAT(first, HasSubstr("/token: 401 invalid_client"));
  look("the first read", first);

  // The password file is changed while serve runs.
  folder_.write("password", "new-hunter2\n");
  const std::string second = output_of(read);
  EXPECT_THAT(second, HasSubstr("store=\"file\""));
  std::filesystem::remove(folder_.path() / "password");
  const std::string third = output_of(read);
  EXPECT_THAT(third,
              HasSubstr("file: basic_auth password_file: password: No such file or directory"));
  look("the third read", third);

  const std::string nobody = output_of({"read", url, "m"}, &code);
  EXPECT_EQ(code, 1);
  EXPECT_THAT(nobody, HasSubstr("401"));
  const auto status = get(url + "/");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->head.status, 200);
  look("the status page", status->body);
  look("the metrics", get(url + "/metrics")->body);
  look("the query log", text_of("query.log"));
  look("--check-config", output_of({"serve", "--config", "mread.yml", "--check-config"}, &code));
  EXPECT_EQ(code, 0);

  // A line with a secret in it that is wrong besides.
  std::string text = text_of("mread.yml");
  text.replace(text.find("bearer_token: wrong-hunter2"), 12, "bearer_tokem");
  folder_.write("mread.yml", text);
  const std::string refused = output_of({"serve", "--config", "mread.yml"}, &code);
  EXPECT_EQ(code, 3);
  EXPECT_THAT(refused, HasSubstr("did you mean \"bearer_token\"?"));
  look("the refusal", refused);
  serve.signal(SIGHUP);
  ASSERT_TRUE(serve.wait_for("is refused"));
  serve.signal(SIGTERM);
  EXPECT_EQ(serve.wait(), 0);
  look("the log", serve.output());
  mock.signal(SIGTERM);
  EXPECT_EQ(mock.wait(), 0);
}

}  // namespace
}  // namespace mread
