#!/usr/bin/env python3
"""Writes the first inputs of each harness from what the repository has: recorded answers of real Prometheus
(tests/data/wire), scenarios, and the YAML of the documentation. What libFuzzer found since is kept next to them.

  tests/fuzz/make_corpus.py      (from the repository's root)

The settings that a harness takes off an input's end stand behind the bytes: the first number taken is the last one.
"""
import pathlib
import re
import struct

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "wire"
CORPUS = ROOT / "tests" / "fuzz" / "corpus"


def put(harness, name, content):
    folder = CORPUS / harness
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def get_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def uncompress(block):
    length, at = get_varint(block, 0)
    out = bytearray()
    while at < len(block):
        tag = block[at]
        at += 1
        if tag & 3 == 0:
            size = tag >> 2
            if size >= 60:
                extra = size - 59
                size = int.from_bytes(block[at : at + extra], "little")
                at += extra
            out += block[at : at + size + 1]
            at += size + 1
            continue
        if tag & 3 == 1:
            size, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | block[at]
            at += 1
        else:
            size, width = (tag >> 2) + 1, 2 if tag & 3 == 2 else 4
            offset = int.from_bytes(block[at : at + width], "little")
            at += width
        for _ in range(size):
            out.append(out[-offset])
    assert len(out) == length
    return bytes(out)


def frames(body):
    """The data of each frame."""
    at = 0
    while at < len(body):
        length, at = get_varint(body, at)
        yield body[at + 4 : at + 4 + length]
        at += 4 + length


def fields(message):
    at = 0
    while at < len(message):
        tag, at = get_varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = get_varint(message, at)
        elif kind == 2:
            size, at = get_varint(message, at)
            value, at = message[at : at + size], at + size
        else:
            size = 8 if kind == 1 else 4
            value, at = message[at : at + size], at + size
        yield tag >> 3, value


def chunks(frame):
    """Encoding and bytes of each chunk, and the labels' wire bytes of each series."""
    for number, series in fields(frame):
        if number != 1:
            continue
        for inner, value in fields(series):
            if inner == 2:
                chunk = dict(fields(value))
                yield chunk.get(3, 0), chunk.get(4, b"")


def labels_of(frame):
    for number, series in fields(frame):
        if number == 1:
            yield b"".join(field(1, value) for inner, value in fields(series) if inner == 1)


def from_recordings():
    streams = sorted(DATA.glob("*.stream")) + [DATA / "histograms_streamed.bin"]
    for path in streams:
        name = path.name.replace(".", "-")
        data = list(frames(path.read_bytes()))
        small = []
        for frame in data:
            if sum(map(len, small)) + len(frame) < 3500:
                small.append(frame)
        body = b"".join(varint(len(frame)) + frame for frame in small)
        for seed in (0, 57):
            put("frames", f"{name}-{seed}", body + b"\x00" + struct.pack("<I", seed))
        put("frames", f"{name}-raw", path.read_bytes()[:4000] + b"\x01" + struct.pack("<I", 57))
        for settings in (5, 6):  # Streamed, with faults of bytes and of data.
            put("upstream_answer", f"{name}-{settings}", body + bytes([settings]) + struct.pack("<I", 57))
        put("labels", name, b"".join(varint(len(each)) + each for frame in data for each in labels_of(frame))[:1000])
        for index, (encoding, chunk) in enumerate(each for frame in data for each in chunks(frame)):
            if len(chunk) > 900 or index > 12:
                continue
            if encoding == 1:
                put("xor_chunk", f"{name}-{index}", chunk + b"\x00\x10")
            elif encoding in (2, 3):
                put("histogram_chunk", f"{name}-{index}", chunk + bytes([encoding - 2]))
    for path in sorted(DATA.glob("*.samples")) + [DATA / "histograms_samples.bin"]:
        name = path.name.replace(".", "-")
        block = path.read_bytes()
        put("snappy_block", name, block[:4000] + struct.pack("<I", 57))
        if len(block) > 6000:
            continue
        put("samples", f"{name}-block", block + b"\x01" + struct.pack("<I", 57))
        put("samples", name, uncompress(block)[:4000] + b"\x00" + struct.pack("<I", 58))
        put("upstream_answer", name, uncompress(block)[:4000] + b"\x02" + struct.pack("<I", 58))


def from_vectors():
    encodings = {"xor2": None, "histogram_st": 2, "float_histogram_st": 3}
    for line in (DATA / "newer_chunks.txt").read_text().splitlines():
        words = line.split()
        if not words or words[0] != "chunk" or len(words[3]) > 1600:
            continue
        chunk = bytes.fromhex(words[3])
        if words[1] == "xor2":
            put("xor2_chunk", words[2], chunk + b"\x00")
        else:
            put("histogram_chunk", f"{words[1]}-{words[2]}", chunk + bytes([encodings[words[1]]]))


def matcher(kind, name, value):
    return field(3, (field(1, kind) if kind else b"") + field(2, name) + field(3, value))


def requests():
    hints = field(4, field(1, 15000) + field(2, "rate") + field(3, 1) + field(4, 2) + field(5, "job") + field(6, 1))
    query = field(1, 1700000000000) + field(2, 1700003600000)
    small = field(1, query + matcher(0, "__name__", "up"))
    large = field(1, query + matcher(0, "__name__", "up") + matcher(2, "job", "a|b.*") + matcher(3, "pod", "x") + hints)
    put("read_request", "one", small + b"\x00\x40")
    put("read_request", "streamed", large + small + field(2, 1) + field(2, 0) + b"\x00\x40")
    return small, large


def texts():
    for index, text in enumerate([
        'up', 'up{job="a"}', '{__name__="up",job=~"a|b.*",pod!~"x+",env!=""}', '{"http.requests", "http.status"="200"}',
        "up{a='it\\'s', b=`raw`, c=\"\\u00e9\\x41\\n\",}", ' up { job = "a" , } ', 'a:b:c{d=""}',
    ]):
        put("selector", f"selector-{index}", text)
    for index, text in enumerate([
        "us|eu\0us", "us-(east|west)\0us-east", "a\\.b\0a.b", "(?:a|b)(c|)\0ac", "a.*\0abc", "[a-z]+[0-9]{1,3}\0ab12",
        "(?i)up\0UP", "a|b|(c|d(e|f))\0df", "^a$|\0a", ".+\0x",
    ]):
        put("regex", f"regex-{index}", text)
    for index, text in enumerate([
        "up\n1 2 3", "up{job=\"a\"}\n0+15x240", "up\n1x3 _x3 stale Inf -Inf NaN 1e3 -4-1x2", "up\n0+0.1x3 _ _x2",
        "h\n{{schema:1 count:4 sum:5.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 2] n_offset:0 n_buckets:[1]}}x3",
        "h\n{{schema:-53 sum:1 count:3 custom_values:[5 10] buckets:[1 2]}}+{{schema:-53 sum:1 count:1 custom_values:[5 10]"
        " buckets:[1 0]}}x5", "h\n{{count:1 counter_reset_hint:gauge buckets:[1]}}-{{count:1 buckets:[1]}}x2",
    ]):
        put("input_series", f"series-{index}", text)
    for index, text in enumerate([
        "http://a:9090/api/v1/read?x=1#f", "https://[::1]/", "unix:///run/docker.sock:/v1", "http://b", "[::1]:0", ":9095",
        "127.0.0.1:9095", "*.example.com,10.0.0.0/8,::1,host:80\nx.example.com", "http://user:p%40ss@proxy:3128", "*\na",
    ]):
        put("url", f"url-{index}", text)


def messages():
    seed = struct.pack("<I", 57)
    for name, text in {
        "read": "POST /api/v1/read HTTP/1.1\r\nHost: a:9090\r\nContent-Length: 5\r\nContent-Encoding: snappy\r\n\r\nhello",
        "chunked-request": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
        "old-request": "GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "expects": "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
        "answer": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: application/x-protobuf\r\n\r\nhello",
        "chunked-answer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: b\r\n\r\n",
        "until-close": "HTTP/1.0 200 OK\r\n\r\nall of it",
        "no-content": "HTTP/1.1 204 No Content\r\n\r\n",
        "interim": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "redirect": "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://b/\r\nContent-Length: 0\r\n\r\n",
        "two-lengths": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "folded": "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    }.items():
        put("http_message", name, text.encode() + seed)


def yaml_blocks(page):
    text = (ROOT / "docs" / "reference" / page).read_text()
    return re.findall(r"```yaml\n(.*?)```", text, re.S)


def configurations():
    pages = ["serve.md", "serve-configuration.md", "serve-policies.md", "serve-security.md", "serve-operations.md"]
    for index, block in enumerate(block for page in pages for block in yaml_blocks(page)):
        put("merger_config", f"serve-{index}", block)
    put("merger_config", "packaged", (ROOT / "packaging" / "mread.yml").read_text())
    head = "remote_read:\n" + "".join(
        f"  - {{name: {name}, url: 'http://{name}:9090/api/v1/read', remote_timeout: 8s}}\n" for name in "ab")
    for index, more in enumerate([
        "groups: [{name: g, members: [a, b], need: 1, wait: need, hedge_after: p95}]\n",
        "routes: [{match: {job: 'x|y'}, groups: [a]}]\n",
        "merge: {replica_labels: [replica], dedup: gapfill, on_conflict: max, chunk_encodings: newer, repair_limit: 1GiB}\n",
        "partial: any\nlimits: {concurrent_reads: 10, queue: 20, bytes_in_flight: 1GiB, query_range: 400d}\n",
        "health: {probe: 5s, open_after: 3, path: /-/ready}\nprune: {refresh: 1m, by: series}\n",
        "web: {basic_auth_users: {me: $2y$10$abcdefghijklmnopqrstuv}}\nquery_log_file: q.log\n",
    ]):
        put("merger_config", f"with-{index}", head + more)
    for index, block in enumerate(yaml_blocks("mock.md")):
        put("mock_config", f"mock-{index}", block)
    put("mock_config", "two-stores", "seed: 4\ninterval: 15s\nstores:\n"
        "  a: {input_series: [{series: up, values: '1x40'}], faults: [{latency: {fixed: 1s}}]}\n"
        "  b: {input_series: [{series: h, values: '{{count:1 buckets:[1]}}x3', repeat: {host: 3}}]}\n")
    for path in sorted((ROOT / "scenarios").glob("*/*.yaml")):
        put("scenario", path.stem, path.read_bytes())


def machine():
    """Three backends' bytes; behind them, in the order in which the harness takes them from the end."""

    def settle(parts, hows, ends, setting, options, seed):
        taken = [struct.pack("<I", seed), bytes([setting]), bytes([options])]
        taken += [bytes([how]) for how in hows] + [bytes([end]) for end in ends]
        taken += [struct.pack("<H", len(parts[0])), struct.pack("<H", len(parts[1]))]
        return b"".join(parts) + b"".join(reversed(taken))

    def framed(path, most):
        out = b""
        for frame in frames(path.read_bytes()):
            if len(out) + len(frame) < most:
                out += varint(len(frame)) + frame
        return out

    old, new = framed(DATA / "prometheus-2.42.stream", 2500), framed(DATA / "prometheus-3.5.split.stream", 2500)
    histograms = framed(DATA / "histograms_streamed.bin", 2500)
    samples_form = uncompress((DATA / "prometheus-3.5.samples").read_bytes())[:3000]
    recipe = bytes((index * 37 + index // 7) % 256 for index in range(120))
    other = bytes((index * 91 + 3) % 256 for index in range(90))
    for setting in range(14):
        put("fan_out", f"made-{setting}", settle([recipe, other, recipe[5:]], [0, 9, 16], [0, 0, 0], setting, 1, 57))
        put("fan_out", f"sampled-{setting}", settle([recipe, other, recipe[5:]], [1, 9, 17], [0, 0, 0], setting, 0, 58))
        put("fan_out", f"cut-off-{setting}", settle([recipe, other, recipe], [0, 8, 6], [0, 120, 0], setting, 17, 59))
    put("fan_out", "recorded", settle([old, new, histograms], [2, 2, 2], [0, 0, 0], 0, 1, 57))
    put("fan_out", "recorded-sampled", settle([old, samples_form, histograms], [2, 3, 2], [0, 0, 0], 1, 0, 57))
    put("fan_out", "replicas", settle([new, b"", b"\x05"], [2, 6, 7], [0, 0, 0], 2, 1, 57))
    put("fan_out", "replicas-gapfill", settle([new, b"", b"\x05"], [2, 6, 6], [0, 0, 0], 3, 1, 57))


def made_up():
    recipe = bytes((index * 37 + index // 7) % 256 for index in range(200))
    put("remote_write", "made-0", recipe)
    put("remote_write", "made-1", recipe[::-1] * 2)
    put("snappy_elements", "made-0", recipe)
    put("snappy_elements", "made-1", bytes(value // 3 for value in recipe))
    put("xor_chunk", "made-0", recipe + b"\x01\x10")
    put("xor2_chunk", "made-0", recipe + b"\x01")


from_recordings()
from_vectors()
requests()
texts()
messages()
configurations()
machine()
made_up()
