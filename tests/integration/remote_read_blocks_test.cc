// What promtool takes as a remote_read block, mread takes: `promtool check config` of three
// generations and Config::parse() see the same files.

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "config/config.h"
#include "integration/promtool.h"

namespace mread::merger {
namespace {

const std::vector<std::string> versions = {"2.42", "2.53", "3.5"};

// A key of RemoteReadConfig, and values as they stand in a file.
struct Field {
  std::string name;
  std::vector<std::string> values;
};

const std::vector<Field>& fields() {
  static const std::vector<Field> all = {
      {"url",
       {"",
        "~",
        "null",
        "\"\"",
        "http://a",
        "https://a",
        "HTTP://a:9090/x",
        "http://a:0/",
        "http://a:99999/",
        "http://a:/x",
        "http://\u00e4.example/x",
        "http://a/\u00e4",
        "http://a/x?q=\u00e4",
        "http://a/x?p=a|b^c{d}",
        "\"http://a/x y\"",
        "\"http://a/x?a b\"",
        "http://[fe80::1%25eth0]:9090/x",
        "http://[fe80::1%eth0]/x",
        "http://[::1]:9090",
        "http://[::1",
        "http://u:p@a/x",
        "http://u@a/x",
        "http://u:p%40@a/x",
        "http://u:p@q@a/x",
        "ftp://a/x",
        "a:9090",
        "/x",
        "x",
        "//a/x",
        "http://",
        "http:///x",
        "http:a",
        "http://a/%zz",
        "http://a/x?%zz",
        "http://a#f",
        "\"http://a/x\\ty\"",
        "http://a/x|y",
        "http://a b/x",
        "\"http://a_b:9090/\"",
        "http://a/<x>",
        "http://a/[x]",
        "http://a/x\\y",
        "123",
        "true",
        "[a]",
        "{a: b}",
        "unix:///x",
        "http://a:b/",
        "http://a/\"x\"",
        "http://a/`",
        "http://1.2.3/",
        "http://999.1.1.1/",
        "http://a..b/",
        "http://*/",
        "http://a%20b/",
        "http://%61/",
        "http://a%41b:9090/x",
        "\"http://a<b>/\"",
        "\"http://a/x?y\\u0001\"",
        "\"http://a\\\"b/\""}},
      {"name",
       {"", "~", "null", "\"\"", "a", "\"a b\"", "123", "true", "\u00e4", "\"a\\nb\"", "[a]", "1.5",
        "~", "2001-01-01", "0x10"}},
      {"remote_timeout",
       {"",      "~",     "null", "\"\"",      "30s",     "0",    "0s",
        "1h30m", "1m1m",  "1.5s", "10",        "\"30s\"", "1d",   "1y2w3d4h5m6s7ms",
        "-1s",   "500us", "1ms",  "99999999y", "5s5m",    "true", " 1m ",
        "300y",  "292y",  "293y", "[1s]",      "0x10s",   "01s"}},
      {"read_recent", {"",       "~",        "null",        "\"\"",
                       "true",   "false",    "on",          "off",
                       "yes",    "no",       "y",           "n",
                       "True",   "TRUE",     "tRUE",        "Y",
                       "N",      "On",       "ON",          "Yes",
                       "YES",    "\"true\"", "\"on\"",      "\"yes\"",
                       "1",      "0",        "t",           "f",
                       "T",      "\"1\"",    "!!bool true", "!!str true",
                       "'on'",   "\"True\"", "\"y\"",       "\"garbage\"",
                       "[true]", "{a: b}"}},
      {"filter_external_labels", {"", "~", "null", "\"\"", "true", "on", "\"true\"", "n"}},
      {"follow_redirects", {"", "~", "null", "\"\"", "true", "on", "\"true\"", "n"}},
      {"enable_http2", {"", "~", "null", "\"\"", "true", "on", "\"true\"", "n"}},
      {"proxy_from_environment", {"", "~", "null", "\"\"", "true", "on", "\"true\"", "n"}},
      {"chunked_read_limit",
       {"",
        "~",
        "null",
        "\"\"",
        "1",
        "0",
        "52428800",
        "1_000",
        "0x10",
        "010",
        "0o17",
        "0b11",
        "\"5\"",
        "1e6",
        "1.0",
        "1.5",
        "-1",
        "5MB",
        "18446744073709551615",
        "18446744073709551616",
        "+5",
        "1__0",
        "_1",
        "1_",
        "0x1_0",
        "true",
        "[1]",
        "!!int 5",
        "!!int \"5\"",
        "!!float 5",
        "5.0e0"}},
      {"headers",
       {"",
        "~",
        "null",
        "\"\"",
        "{}",
        "[]",
        "{A: b}",
        "{A: 1}",
        "{A: true}",
        "{A: 1.50}",
        "{A: 0x10}",
        "{A: 1_000}",
        "{A: null}",
        "{A: \"\"}",
        "{A: [b]}",
        "{A: {b: c}}",
        "{Authorization: x}",
        "{authorization: x}",
        "{Host: x}",
        "{Content-Type: x}",
        "{User-Agent: x}",
        "{\"\": x}",
        "{\"A B\": x}",
        "{\"A:\": x}",
        "{A: \"b\\nc\"}",
        "{A: \"b\\r\"}",
        "{A: \"b\\0\"}",
        "{A: \u00e4}",
        "{\u00e4: b}",
        "{A: b, a: c}",
        "{A: b, A: c}",
        "{1: b}",
        "{true: b}",
        "{null: b}",
        "{Cookie: x}",
        "{Accept: x}",
        "{Accept-Encoding: x}",
        "{TE: x}",
        "{Connection: x}",
        "{Proxy-Authorization: x}",
        "{X-Prometheus-Remote-Read-Version: \"1\"}",
        "{X-Prometheus-Remote-Write-Version: \"1\"}",
        "{Transfer-Encoding: x}",
        "{Www-Authenticate: x}",
        "{Keep-Alive: x}",
        "{Trailer: x}",
        "{Upgrade: x}",
        "{Proxy-Authenticate: x}",
        "{Content-Encoding: x}",
        "{Content-Length: x}",
        "{A: \" b \"}",
        "{A: 2001-01-01}",
        "{A: .inf}",
        "{A: on}",
        "{~: x}",
        "{[a]: x}",
        "{A: \"\\x01\"}"}},
      {"required_matchers",
       {"",
        "~",
        "null",
        "\"\"",
        "{}",
        "[]",
        "{job: a}",
        "{job: \"\"}",
        "{job: null}",
        "{job: 1}",
        "{job: true}",
        "{job: 1.50}",
        "{a.b: c}",
        "{\"a b\": c}",
        "{\"\u00e4\": c}",
        "{\"\": c}",
        "{1a: c}",
        "{\"a-b\": c}",
        "{__name__: x}",
        "{a: \"\\n\"}",
        "{job: [a]}",
        "{job: {a: b}}",
        "{job: \".*\"}",
        "{1: a}",
        "{true: a}",
        "{job: on}",
        "{job: 0x10}",
        "{\"\\n\": x}",
        "{a: b, a: c}",
        "{job: 2001-01-01}"}},
      {"basic_auth",
       {"",
        "~",
        "null",
        "\"\"",
        "{}",
        "[]",
        "{username: u}",
        "{username: u, password: p}",
        "{password: p}",
        "{username: 1250000000, password: 123}",
        "{username: null, password: null}",
        "{username: \"a:b\", password: p}",
        "{username: u, password_file: f}",
        "{username: u, password: p, password_file: f}",
        "{username_file: f, password: p}",
        "{username: u, username_file: f}",
        "{username: u, password_file: \"\"}",
        "{username: u, password_ref: x}",
        "{username_ref: x}",
        "{username: u, password: \"\"}",
        "{username: u, password: p, password_file: \"\"}",
        "{user: u}",
        "{username: u, password: \"a\\nb\"}",
        "{username: \"a\\nb\"}",
        "{username: true}",
        "{username: [a]}",
        "{username: 1.50}",
        "{username_file: null, password_file: null}",
        "{username: u, password: p, password_ref: \"\"}"}},
      {"authorization",
       {"",
        "~",
        "null",
        "\"\"",
        "{}",
        "[]",
        "{type: Bearer, credentials: c}",
        "{credentials: c}",
        "{type: basic, credentials: c}",
        "{type: Basic}",
        "{type: \" Bearer \"}",
        "{type: \"\", credentials: c}",
        "{type: null, credentials: null}",
        "{credentials_file: f}",
        "{credentials: c, credentials_file: f}",
        "{credentials_file: \"\"}",
        "{type: \"A B\", credentials: c}",
        "{credentials: \"a\\nb\"}",
        "{credentials: 123}",
        "{credentials_ref: x}",
        "{type: Token}",
        "{type: \"A\\nB\"}",
        "{type: \u00e4}",
        "{type: \" basic\"}",
        "{type: \"\\tbasic\\n\"}",
        "{x: y}",
        "{credentials: c, credentials_file: \"\"}",
        "{credentials: \"a \"}",
        "{credentials: \"\\ta\"}"}},
      {"bearer_token",
       {"", "~", "null", "\"\"", "t", "123", "\"a\\nb\"", "[a]", "\"8H**LP\"", "true"}},
      {"bearer_token_file", {"", "~", "null", "\"\"", "f", "/f", "123", "[a]"}},
      {"oauth2",
       {"",
        "~",
        "null",
        "\"\"",
        "{}",
        "[]",
        "{client_id: i, token_url: \"http://t/x\"}",
        "{client_id: i, token_url: \"http://t/x\", client_secret: s}",
        "{client_id: i}",
        "{token_url: \"http://t/x\"}",
        "{client_id: \"\", token_url: \"\"}",
        "{client_id: i, token_url: \"\"}",
        "{client_id: null, token_url: \"http://t\"}",
        "{client_id: i, token_url: \"t\"}",
        "{client_id: i, token_url: \"http://u:p@t/x\"}",
        "{client_id: i, token_url: \"http://t/a b\"}",
        "{client_id: i, token_url: \"HTTP://t/\u00e4|\"}",
        "{client_id: i, token_url: \"ftp://t\"}",
        "{client_id: i, token_url: \"http://t/%%zz\"}",
        "{client_id: i, token_url: \":\"}",
        "{client_id: i, token_url: \"http://t/x\", client_secret: 1}",
        "{client_id: i, token_url: \"http://t/x\", client_secret_file: f}",
        "{client_id: i, token_url: \"http://t/x\", client_secret: s, client_secret_file: f}",
        "{client_id: i, token_url: \"http://t/x\", client_secret: s, client_secret_file: \"\"}",
        "{client_id: i, token_url: \"http://t/x\", client_secret_file: \"\"}",
        "{client_id: i, token_url: \"http://t/x\", client_secret_ref: x}",
        "{client_id: i, token_url: \"http://t/x\", scopes: [a, b]}",
        "{client_id: i, token_url: \"http://t/x\", scopes: a}",
        "{client_id: i, token_url: \"http://t/x\", scopes: []}",
        "{client_id: i, token_url: \"http://t/x\", scopes: null}",
        "{client_id: i, token_url: \"http://t/x\", scopes: [1, null]}",
        "{client_id: i, token_url: \"http://t/x\", scopes: {a: b}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {a: b}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: null}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {a: null}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {grant_type: x}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {grant_type: "
        "client_credentials}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {scope: x}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {client_id: x}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {a: 1}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {a: [b]}}",
        "{client_id: i, token_url: \"http://t/x\", endpoint_params: {token: x, \"\": y}}",
        "{client_id: i, token_url: \"http://t/x\", tls_config: {insecure_skip_verify: true}}",
        "{client_id: i, token_url: \"http://t/x\", tls_config: null}",
        "{client_id: i, token_url: \"http://t/x\", proxy_url: \"http://p:1\"}",
        "{client_id: i, token_url: \"http://t/x\", proxy_url: null}",
        "{client_id: i, token_url: \"http://t/x\", no_proxy: a}",
        "{client_id: i, token_url: \"http://t/x\", proxy_from_environment: true}",
        "{client_id: i, token_url: \"http://t/x\", proxy_connect_header: {A: [b]}}",
        "{client_id: i, token_url: \"http://t/x\", http_headers: {A: {values: [b]}}}",
        "{client_id: i, token_url: \"http://t/x\", basic_auth: {}}",
        "{client_id: i, token_url: \"http://t/x\", follow_redirects: true}",
        "{client_id: i, token_url: \"http://t/x\", x: y}",
        "{client_id: i, token_url: \"http://t/x\", client_certificate_key_id: a}",
        "{client_id: i, token_url: \"http://t/x\", client_certificate_key: a}",
        "{client_id: i, token_url: \"http://t/x\", grant_type: x}"}},
      {"tls_config",
       {"",
        "~",
        "null",
        "\"\"",
        "{}",
        "[]",
        "{insecure_skip_verify: true}",
        "{insecure_skip_verify: null}",
        "{insecure_skip_verify: on}",
        "{insecure_skip_verify: \"x\"}",
        "{ca: x}",
        "{ca_file: f}",
        "{ca: x, ca_file: f}",
        "{ca: \"\", ca_file: f}",
        "{ca: x, ca_file: \"\"}",
        "{ca_file: \"\"}",
        "{ca_file: null}",
        "{cert: a}",
        "{key: a}",
        "{cert: a, key: b}",
        "{cert_file: a}",
        "{key_file: a}",
        "{cert_file: a, key_file: b}",
        "{cert: a, key_file: b}",
        "{cert: a, cert_file: b, key: c}",
        "{cert: a, key: b, key_file: c}",
        "{cert_file: \"\", key_file: \"\"}",
        "{cert_file: \"\", key_file: a}",
        "{cert_file: null, key_file: null}",
        "{cert_ref: a, key_ref: b}",
        "{ca_ref: a}",
        "{key_ref: x}",
        "{server_name: a}",
        "{server_name: \"\"}",
        "{server_name: null}",
        "{server_name: 1}",
        "{server_name: \"a b\"}",
        "{server_name: \u00e4}",
        "{min_version: TLS10}",
        "{min_version: TLS13}",
        "{min_version: TLS14}",
        "{min_version: tls12}",
        "{min_version: \"\"}",
        "{min_version: null}",
        "{min_version: 771}",
        "{max_version: TLS13}",
        "{max_version: \"\"}",
        "{max_version: null}",
        "{max_version: TLS12}",
        "{min_version: TLS13, max_version: TLS12}",
        "{min_version: TLS12, max_version: TLS12}",
        "{x: y}",
        "{min_version: 1.2}"}},
      {"proxy_url",
       {"",
        "~",
        "null",
        "\"\"",
        "http://p:1",
        "https://p",
        "socks5://p:1",
        "socks5h://p",
        "p",
        "p:1",
        "\"127.0.0.1:3128\"",
        "//p:1",
        "http://",
        "http://u:p@p:1",
        "HTTP://p",
        "ftp://p",
        "http://p:0",
        "http://p/x?y",
        "http://p:x",
        "1",
        "[a]",
        "http://[::1]:1",
        "http://p/%zz",
        "\"http://p p\""}},
      {"no_proxy", {"", "~", "null", "\"\"", "a", "\"a,b\"", "1", "[a]"}},
      {"http_headers",
       {"",
        "~",
        "null",
        "\"\"",
        "{}",
        "[]",
        "{A: {values: [b]}}",
        "{A: {values: [b, c]}}",
        "{A: {secrets: [b]}}",
        "{A: {files: [f]}}",
        "{A: {files: [\"/f\"]}}",
        "{A: {values: [a], secrets: [b], files: [f]}}",
        "{A: {}}",
        "{A: null}",
        "{A: \"\"}",
        "{A: {values: null}}",
        "{A: {values: []}}",
        "{A: {values: b}}",
        "{A: {secrets: b}}",
        "{A: {files: f}}",
        "{A: {values: [1, true, null]}}",
        "{A: {files: [\"\"]}}",
        "{A: {files: [null]}}",
        "{A: b}",
        "{A: [b]}",
        "{A: {x: y}}",
        "{a: {values: [b]}, A: {values: [c]}}",
        "{Authorization: {values: [b]}}",
        "{Host: {values: [b]}}",
        "{User-Agent: {values: [b]}}",
        "{Content-Type: {values: [b]}}",
        "{Cookie: {values: [b]}}",
        "{\"\": {values: [b]}}",
        "{\"A B\": {values: [b]}}",
        "{\"\u00e4\": {values: [b]}}",
        "{A: {values: [\"b\\nc\"]}}",
        "{A: {secrets: [\"b\\r\"]}}",
        "{A: {values: [\"\\0\"]}}",
        "{Connection: {values: [x]}}",
        "{X-Prometheus-Scrape-Timeout-Seconds: {values: [x]}}",
        "{Accept-Encoding: {values: [a]}}",
        "{Content-Length: {values: [a]}}",
        "{Proxy-Authorization: {values: [a]}}",
        "{Content-Encoding: {values: [a]}}",
        "{X-Prometheus-Remote-Read-Version: {values: [a]}}",
        "{Accept: {values: [a]}}",
        "{Transfer-Encoding: {values: [a]}}",
        "{Te: {values: [a]}}",
        "{Upgrade: {values: [a]}}",
        "{Trailer: {values: [a]}}",
        "{Keep-Alive: {values: [a]}}",
        "{1: {values: [a]}}",
        "{X-Prometheus-Remote-Write-Version: {values: [a]}}",
        "{Www-Authenticate: {values: [a]}}",
        "{Content-Range: {values: [a]}}",
        "{Connection: {files: [a]}}",
        "{Date: {values: [a]}}"}},
  };
  return all;
}

// Keys next to one another.
const std::vector<std::string>& blocks() {
  static const std::vector<std::string> all = {
      "read_recent: true",
      "url: http://store.example:9090/api/v1/read\nbearer_token: a\nbearer_token_file: b",
      "url: http://store.example:9090/api/v1/read\nbearer_token: a\nbearer_token_file: \"\"",
      "url: http://store.example:9090/api/v1/read\nbearer_token: a\nbearer_token_file:",
      "url: http://store.example:9090/api/v1/read\nbearer_token: \"\"\nbasic_auth: {username: u}",
      "url: http://store.example:9090/api/v1/read\nbearer_token:\nbasic_auth: {username: u}",
      "url: http://store.example:9090/api/v1/read\nbearer_token: a\nbasic_auth: {username: u}",
      "url: http://store.example:9090/api/v1/read\nbearer_token: a\nbasic_auth:",
      "url: http://store.example:9090/api/v1/read\nbearer_token: a\nbasic_auth: {}",
      "url: http://store.example:9090/api/v1/read\nauthorization: {credentials: a}\nbasic_auth: "
      "{username: u}",
      "url: http://store.example:9090/api/v1/read\nauthorization: {credentials: a}\nbearer_token: "
      "u",
      "url: http://store.example:9090/api/v1/read\nauthorization: {}\nbasic_auth: {username: u}",
      "url: http://store.example:9090/api/v1/read\nauthorization:\nbasic_auth: {username: u}",
      "url: http://store.example:9090/api/v1/read\noauth2:\nbasic_auth: {username: u}",
      "url: http://store.example:9090/api/v1/read\nheaders: {Cookie: a}\nbasic_auth: {username: u}",
      "url: http://u:p@a/x\nbasic_auth: {username: u}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nno_proxy: a",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nno_proxy: \"\"",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nno_proxy:",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nno_proxy: 1",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nno_proxy: 1.2",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_from_environment: "
      "true",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_from_environment: "
      "false",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_from_environment:",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{A: [b]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{A: b}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{A: null}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{A: []}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{A: [1, null]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{\"A B\": [b]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{\"\": [b]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{A: [\"b\\nc\"]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: {}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header:",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "\"\"",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: []",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{Host: [a]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{Proxy-Authorization: "
      "[a]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: http://p:1\nproxy_connect_header: "
      "{A: [b, c], a: [d]}",
      "url: http://store.example:9090/api/v1/read\nproxy_from_environment: true\nno_proxy: a",
      "url: http://store.example:9090/api/v1/read\nproxy_from_environment: true\nno_proxy: \"\"",
      "url: http://store.example:9090/api/v1/read\nproxy_from_environment: true\nproxy_url: \"\"",
      "url: http://store.example:9090/api/v1/read\nproxy_from_environment: true\nproxy_url:",
      "url: http://store.example:9090/api/v1/read\nproxy_connect_header: {A: [b]}",
      "url: http://store.example:9090/api/v1/read\nproxy_connect_header: {}",
      "url: http://store.example:9090/api/v1/read\nproxy_connect_header:",
      "url: http://store.example:9090/api/v1/read\nproxy_from_environment: "
      "true\nproxy_connect_header: {A: [b]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: \"\"\nno_proxy: a",
      "url: http://store.example:9090/api/v1/read\nproxy_url: \"\"\nproxy_connect_header: {A: [b]}",
      "url: http://store.example:9090/api/v1/read\nproxy_url: p\nno_proxy: a",
      "url: http://store.example:9090/api/v1/read\nheaders: {A: b}\nhttp_headers: {A: {values: "
      "[c]}}",
      "url: http://store.example:9090/api/v1/read\nfoo: bar",
      "url: http://store.example:9090/api/v1/read\nfoo:",
  };
  return all;
}

const std::vector<std::string>& documents() {
  static const std::vector<std::string> all = {
      R"(remote_read:
  - url: "http://influx.test:8086/api/v1/prom/read?db=first"
  - url: "http://influx.test:8086/api/v1/prom/read?db=second&u=me&p=s%26t"
    read_recent: on
)",
      R"(remote_read:
  - url: https://gw.test/prometheus/api/v1/read
    headers: {X-Scope-OrgID: one}
  - url: https://gw.test/prometheus/api/v1/read
    headers: {X-Scope-OrgID: two}
)",
      R"(remote_read:
  - url: "http://10.1.2.3:6041/prometheus/v1/remote_read/db?token=0123"
    remote_timeout: 9s
  - url: 'https://cloud.test/v1/0123/6f1c/api/v1/read'
    tls_config:
      insecure_skip_verify: true
    bearer_token: '9J**KQ'
  - url: 'http://10.1.2.3:9090/api/v1/read'
    filter_external_labels: false
    basic_auth:
      username: 1250000001
      password: secret
  - url: http://proxy.test:91
  - url: http://my_server:9090/api/v1/read
    required_matchers:
      job: ".*"
)",
      R"(remote_read:
  - &base
    name: one
    url: http://one.test:9090/api/v1/read
    remote_timeout: 9s
  - <<: *base
    name: two
    url: http://two.test:9090/api/v1/read
)",
      R"(remote_read:
  - name: past
    url: http://store.test:9201/read
    headers:
      # X-Scope-OrgID: tenant
    basic_auth:
      # username: u
    tls_config:
    proxy_url:
)",
      "remote_read:\n",
      "remote_read: []\n",
      "remote_read:\n  -\n",
      "remote_read: {url: \"http://a\"}\n",
      "remote_read:\n  - {}\n",
      "remote_read:\n  - {name: a, url: \"http://a\"}\n  - {name: a, url: \"http://b\"}\n",
      "remote_read:\n  - url: http://a/x\n  - url: http://a/x\n",
      "remote_read:\n  - {name: \"\", url: \"http://a\"}\n  - {name: \"\", url: \"http://b\"}\n",
      "remote_read:\n  - {name: \"a:80\", url: \"http://b\"}\n  - {url: \"http://a/x\"}\n",
      "remote_read:\n  - url: http://a/x\n    read_recent: true\n    read_recent: true\n",
      "remote_read:\n  - &a {name: a, url: \"http://a\"}\n  - &b {name: b, url: \"http://b\", "
      "remote_timeout: 3s}\n  - "
      "{<<: [*a, *b], name: c}\n",
      "remote_read:\n  - {<<: {url: \"http://a\"}, name: c}\n",
      "remote_read:\n  - {\"<<\": {url: \"http://a\"}, name: c}\n",
      "remote_read:\n  - {<<: {url: \"http://a\"}, <<: {name: d}}\n",
      "remote_read:\n  - {<<: , url: \"http://a\"}\n",
      "remote_read:\n  - {<<: ~, url: \"http://a\"}\n",
      "remote_read:\n  - {<<: [], url: \"http://a\"}\n",
      "remote_read:\n  - {<<: x, url: \"http://a\"}\n",
      "remote_read:\n  - {<<: [x], url: \"http://a\"}\n",
      "remote_read:\n  - &a {name: a, url: \"http://a\"}\n  - &b {<<: *a, name: b}\n  - {<<: *b, "
      "name: c}\n",
      "remote_read:\n  - &a {name: a, url: \"http://a\"}\n  - {name: b, url: \"http://b\", <<: "
      "*a}\n",
      "remote_read:\n  - {name: a, url: \"http://a\", headers: &h {A: b}}\n  - {name: b, url: "
      "\"http://b\", headers: "
      "{<<: *h, C: d}}\n",
      "remote_read:\n  - {name: a, url: \"http://a\", basic_auth: &h {username: b}}\n  - {name: b, "
      "url: \"http://b\", "
      "basic_auth: {<<: *h, password: d}}\n",
      "remote_read:\n  - {!!merge <<: {url: \"http://a\"}, name: c}\n",
      "remote_read:\n  - {<<: [[{url: \"http://a\"}]], name: c}\n",
      "remote_read:\n  - &a {<<: *a, url: \"http://a\"}\n",
      "remote_read:\n  - {<<: {url: \"http://a\", foo: bar}, name: c}\n",
      "remote_read:\n  - {<<: [{url: \"http://a\", name: x}, {name: y}]}\n",
      "remote_read:\n  - {name: a, url: &u \"http://a\"}\n  - {name: b, url: *u}\n",
      "remote_read:\n  - {name: a, url: \"http://a\", tls_config: &t {insecure_skip_verify: "
      "true}}\n  - {name: b, url: "
      "\"http://b\", tls_config: *t}\n",
      "remote_read:\n  - {name: a, url: *u}\n",
      "remote_read:\n  - {name: a, url: &u \"http://a\"}\n  - {name: &u b, url: \"http://b\"}\n  - "
      "{name: *u, url: "
      "\"http://b\"}\n",
      "# x\n",
      "remote_read:\n  - url: http://a/x\n---\nfoo: bar\n",
      "---\nremote_read:\n  - url: http://a/x\n",
      "remote_read:\n  - url: http://a/x\n...\n",
      "%YAML 1.1\n---\nremote_read:\n  - url: http://a/x\n",
      "remote_read:\n\t- url: http://a\n",
      "remote_read:\r\n  - url: http://a/x\r\n    read_recent: true\r\n",
      "\ufeffremote_read:\n  - url: http://a/x\n",
      "remote_read:\n  - url: http://a/x\n    ? \n    : x\n",
      "remote_read:\n  - url: http://a/x\n    ? name\n    : x\n",
      "remote_read:\n  - url: >-\n      http://a/x\n",
      "remote_read:\n  - url: |\n      http://a/x\n",
      "remote_read:\n  - url: http://a/x\n    name: !!binary YWJj\n",
      "remote_read:\n  - url: http://a/x\n    name: !!str 5\n",
      "remote_read:\n  - url: http://a/x\n    name: !foo 5\n",
      "remote_read:\n  - url: http://a/x\n    name: !!int 5\n",
      "remote_read:\n  - !!map {url: \"http://a\"}\n",
      "remote_read: !!seq\n  - url: http://a\n",
  };
  return all;
}

// promtool takes these, and mread does not (docs/reference/prometheus-facts.md).
bool is_exception(const std::string& text) {
  // There is nothing to serve.
  if (text == "remote_read:\n" || text == "remote_read: []\n" || text == "# x\n") return true;
  // go-yaml reads the first document of a file and passes over the others.
  if (text.find("\n---\nfoo: bar") != std::string::npos) return true;
  // A key that is null, which is the header without a name in Go.
  return text.find("headers: {~: x}") != std::string::npos ||
         text.find("headers: {null: b}") != std::string::npos;
}

// An entry of `remote_read:` with these lines.
std::string document_of(const std::string& block) {
  std::string out = "remote_read:\n  - ";
  for (const char c : block) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out + "\n";
}

std::string line_of(const std::string& key, const std::string& value) { return key + ": " + value; }

std::vector<std::string> one_field_each() {
  std::vector<std::string> out;
  for (const Field& field : fields()) {
    for (const std::string& value : field.values) {
      const std::string url =
          field.name == "url" ? "" : "url: http://store.example:9090/api/v1/read\n";
      out.push_back(document_of(url + line_of(field.name, value)));
    }
  }
  return out;
}

// Several fields, each with one of its values.
std::vector<std::string> mixtures(size_t count) {
  std::mt19937 random(20261126);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same on every machine.
  const auto draw = [&random](size_t below) { return random() % below; };
  std::vector<std::string> out;
  while (out.size() < count) {
    std::string block = "url: http://store.example:9090/api/v1/read";
    for (const Field& field : fields()) {
      if (field.name == "url" || draw(4) > 0) continue;
      block += "\n" + line_of(field.name, field.values[draw(field.values.size())]);
    }
    out.push_back(document_of(block));
  }
  return out;
}

std::vector<std::string> all_files() {
  std::vector<std::string> out = one_field_each();
  for (const std::string& block : blocks()) out.push_back(document_of(block));
  out.insert(out.end(), documents().begin(), documents().end());
  const auto mixed = mixtures(1500);
  out.insert(out.end(), mixed.begin(), mixed.end());
  return out;
}

// By file: whether this promtool takes it. It is started once for many files.
std::vector<bool> taken_by(const std::string& version,
                           const std::vector<std::filesystem::path>& paths) {
  const std::string tool = prometheus_program(version, "promtool");
  std::map<std::string, size_t> places;
  std::vector<bool> taken(paths.size());
  constexpr size_t files_a_process = 500;
  for (size_t begin = 0; begin < paths.size(); begin += files_a_process) {
    std::string command = tool + " check config";
    for (size_t i = begin; i < std::min(paths.size(), begin + files_a_process); ++i) {
      command += " " + paths[i].string();
      places[paths[i].string()] = i;
    }
    const std::string output = integration::run(command).output;
    size_t current = paths.size();
    for (size_t at = 0; at < output.size();) {
      const std::string line = output.substr(at, output.find('\n', at) - at);
      at += line.size() + 1;
      constexpr std::string_view checking = "Checking ";
      if (line.starts_with(checking)) current = places.at(line.substr(checking.size()));
      if (line.starts_with(" SUCCESS") && current < paths.size()) taken[current] = true;
    }
  }
  return taken;
}

std::string error_of(const std::string& text) {
  try {
    (void)config::Config::parse(text, "mread.yml");
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(RemoteReadBlocks, WhatPromtoolTakesIsTaken) {
  TemporaryFolder folder;
  const std::vector<std::string> files = all_files();
  std::vector<std::filesystem::path> paths;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string name = fmt::format("{:04}.yml", i);
    folder.write(name, files[i]);
    paths.push_back(folder.path() / name);
  }
  for (const std::string& version : versions) {
    const std::vector<bool> taken = taken_by(version, paths);
    size_t count = 0;
    for (size_t i = 0; i < files.size(); ++i) {
      if (!taken[i]) continue;
      ++count;
      if (is_exception(files[i])) {
        EXPECT_NE(error_of(files[i]), "") << "no exception any more:\n" << files[i];
      } else {
        EXPECT_EQ(error_of(files[i]), "") << "promtool " << version << " takes\n" << files[i];
      }
    }
    // It has been asked, and looks at what it is given.
    EXPECT_GT(count, files.size() / 10) << version;
    EXPECT_LT(count, files.size()) << version;
  }
}

}  // namespace
}  // namespace mread::merger
