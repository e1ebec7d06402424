#include "probe/read_client.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/shown_url.h"
#include "net/client.h"
#include "wire/request/read_request.h"

namespace mread::probe {

uint64_t ReadReply::samples() const {
  uint64_t count = 0;
  for (const model::Series& one : series) count += one.samples.size() + one.histograms.size();
  return count;
}

Result<ReadReply> to_reply(const model::Query& query, Answer answer) {
  if (answer.response_type == model::ResponseType::samples && answer.results != 1)
    return fail(Errc::malformed, fmt::format("{} results for one query", answer.results));
  ReadReply reply;
  reply.response_type = answer.response_type;
  reply.body_bytes = answer.body_bytes;
  reply.frames = answer.frames;
  const bool streamed = answer.response_type == model::ResponseType::streamed_xor_chunks;
  const auto outside = [&](const auto& sample) {
    return sample.timestamp_ms < query.start_ms || sample.timestamp_ms > query.end_ms;
  };
  for (AnswerSeries& one : answer.series) {
    if (streamed) {
      std::erase_if(one.samples, outside);
      std::erase_if(one.histograms, outside);
    }
    if (streamed && !reply.series.empty() && reply.series.back().labels == one.labels) {
      model::Series& last = reply.series.back();
      last.samples.insert(last.samples.end(), one.samples.begin(), one.samples.end());
      std::move(one.histograms.begin(), one.histograms.end(), std::back_inserter(last.histograms));
    } else {
      reply.series.push_back(
          {std::move(one.labels), std::move(one.samples), std::move(one.histograms)});
    }
  }
  return reply;
}

Result<ReadReply> decode_read_reply(const ReadCall& call, const net::Headers& headers,
                                    std::string body) {
  auto answer =
      decode_answer(headers, std::move(body), {call.body_limit_bytes, call.frame_limit_bytes});
  if (!answer) return fail(std::move(answer.error()));
  auto reply = to_reply(call.query, std::move(*answer));
  if (reply) reply->headers = headers;
  return reply;
}

Result<RawReply> post_read(const ReadCall& call, std::string body, std::stop_token stop) {
  net::ClientRequest request;
  request.url = call.url;
  request.method = "POST";
  request.transport = call.transport;
  request.headers.set("Content-Type", "application/x-protobuf");
  request.headers.set("Content-Encoding", "snappy");
  request.headers.set("Accept-Encoding", "snappy");
  request.headers.set("User-Agent", "mread/" MREAD_VERSION);
  request.headers.set("X-Prometheus-Remote-Read-Version", "0.1.0");
  for (const auto& [name, value] : call.headers.fields()) request.origin_headers.set(name, value);
  request.body = std::move(body);

  const auto begin = std::chrono::steady_clock::now();
  auto response =
      net::fetch(std::move(request), {call.timeout, call.body_limit_bytes}, std::move(stop));
  const auto end = std::chrono::steady_clock::now();
  if (!response) return fail(response.error().in(call.url.shown()));
  return RawReply{std::move(response->head), std::move(response->body),
                  std::chrono::duration_cast<std::chrono::microseconds>(end - begin)};
}

Result<RawReply> read_raw(const ReadCall& call, std::stop_token stop) {
  auto raw =
      post_read(call, wire::encode_read_request({{call.query}, call.accept}), std::move(stop));
  if (!raw || raw->head.status / 100 == 2) return raw;
  return fail(Errc::http_status,
              fmt::format("{}: HTTP {}: {}", call.url.shown(), raw->head.status,
                          hide_query(first_line(raw->body), call.url.to_string())));
}

Result<ReadReply> read_series(ReadCall call, std::stop_token stop) {
  auto raw = read_raw(call, std::move(stop));
  if (!raw) return fail(std::move(raw.error()));
  auto reply = decode_read_reply(call, raw->head.headers, std::move(raw->body));
  if (!reply) return fail(reply.error().in(call.url.shown()));
  reply->duration = raw->duration;
  return reply;
}

}  // namespace mread::probe
