#!/usr/bin/env python3
"""Records the answers of a real Prometheus that the tests of src/wire decode.

    record.py PROMETHEUS_BINARY NAME

starts the binary on a free port of 127.0.0.1, writes the series below by remote write, reads them back by remote read in both
answer types, and stores NAME.samples, NAME.stream and NAME.split.stream (frames of at most 1000 bytes) beside this file, and
expected.txt, which is the same for every version. Needs nothing but Python.
"""
import math, os, pathlib, random, shutil, socket, struct, subprocess, sys, tempfile, time, urllib.error, urllib.request

HERE = pathlib.Path(__file__).parent
START = 1_700_000_000_000
STALE = 0x7FF0000000000002
NAN = 0x7FF8000000000001
EXTERNAL = {"region": "eu", "replica": "a"}


def bits(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def series():
    rng = random.Random(7)
    regular = [START + 15000 * k for k in range(150)]
    yield {"__name__": "constant", "job": "x"}, [(t, bits(1.0)) for t in regular]
    yield {"__name__": "counter", "instance": "127.0.0.1:9100", "job": "x"}, [
        (t + (k * 7) % 5, bits(float(3 * k))) for k, t in enumerate(regular)]
    yield {"__name__": "counter", "instance": "127.0.0.1:9101", "job": "x"}, [
        (t, bits(float(k * k) / 7)) for k, t in enumerate(regular[:20])]
    yield {"__name__": "random", "path": "/ä b\"\\"}, [(t, rng.getrandbits(62)) for t in regular[:130]]
    special = [NAN, bits(math.inf), bits(-math.inf), 0, bits(-0.0), 1, bits(sys.float_info.max), bits(math.pi), STALE, bits(5.0)]
    yield {"__name__": "special"}, [(t, v) for t, v in zip(regular, special)]
    # Deltas of deltas at the ends of every class of the encoding.
    t, delta, steps = START, 600_000, []
    for dod in [0, 8192, -8191, 8193, -8192, 65536, -65535, 65537, -65536, 400_000, -400_000, -400_000, 524_288, -524_287, -200_000, 524_289, -524_289]:
        t += delta
        steps.append(t)
        delta = max(delta + dod, 1)
    yield {"__name__": "steps"}, [(t, bits(float(k))) for k, t in enumerate(steps)]


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def snappy(data):  # One literal after another: valid, if not small.
    out = varint(len(data))
    for i in range(0, len(data), 60):
        part = data[i:i + 60]
        out += bytes([(len(part) - 1) << 2]) + part
    return out


def label(name, value):
    return field(1, field(1, name.encode()) + field(2, value.encode()))


def labels(pairs):
    return b"".join(label(n, pairs[n]) for n in sorted(pairs))


def write_request():
    out = b""
    for pairs, samples in series():
        body = labels(pairs)
        for t, v in samples:
            body += field(2, b"\x09" + struct.pack("<Q", v) + b"\x10" + varint(t))
        out += field(1, body)
    histogram = labels({"__name__": "latency", "job": "x"})
    for k in range(3):
        message = b"\x08" + varint(3 + 4 * k) + b"\x19" + struct.pack("<d", 5.0 + k) + b"\x20" + varint(2)
        message += b"\x29" + struct.pack("<d", 1e-128) + b"\x30" + varint(1 + k)
        message += field(11, b"\x08" + varint(0) + b"\x10" + varint(2)) + field(13 - 1, varint(2 * (1 + k)) + varint(2 * k))
        message += b"\x78" + varint(START + 15000 * k)
        histogram += field(4, message)
    return out + field(1, histogram)


def read_request(types):
    matcher = field(3, b"\x08" + varint(2) + field(2, b"__name__") + field(3, b".+"))
    query = b"\x08" + varint(START) + b"\x10" + varint(START + 100 * 3600_000) + matcher
    return field(1, query) + (field(2, bytes(types)) if types else b"")


def post(url, body, version):
    request = urllib.request.Request(url, snappy(body), {
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", version: "0.1.0"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url}: {error}: {error.read().decode()}")


def run(binary, folder, extra):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([
        binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--enable-feature=native-histograms", *extra],
        stderr=open(f"{folder}/log", "w"))
    base = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            urllib.request.urlopen(base + "/-/ready").read()
            return process, base
        except OSError:
            time.sleep(0.1)
    raise SystemExit(open(f"{folder}/log").read())


def main():
    binary, name = sys.argv[1:]
    folder = tempfile.mkdtemp()
    external = "".join(f"    {k}: {v}\n" for k, v in EXTERNAL.items())
    pathlib.Path(folder, "prometheus.yml").write_text(f"global:\n  external_labels:\n{external}")
    try:
        process, base = run(binary, folder, [])
        try:
            post(base + "/api/v1/write", write_request(), "X-Prometheus-Remote-Write-Version")
            for types, kind in ([], "samples"), ([1], "stream"):
                body = post(base + "/api/v1/read", read_request(types), "X-Prometheus-Remote-Read-Version")
                pathlib.Path(HERE, f"{name}.{kind}").write_bytes(body)
        finally:
            process.terminate()
            process.wait()
        process, base = run(binary, folder, ["--storage.remote.read-max-bytes-in-frame=1000"])
        try:
            body = post(base + "/api/v1/read", read_request([1]), "X-Prometheus-Remote-Read-Version")
            pathlib.Path(HERE, f"{name}.split.stream").write_bytes(body)
        finally:
            process.terminate()
            process.wait()
    finally:
        shutil.rmtree(folder)
    lines = []
    for pairs, samples in series():
        lines.append("series " + " ".join(f"{n}={(pairs | EXTERNAL)[n].encode().hex()}" for n in sorted(pairs | EXTERNAL)))
        lines += [f"{t} {v:016x}" for t, v in samples]
    pathlib.Path(HERE, "expected.txt").write_text("\n".join(lines) + "\n")


main()
