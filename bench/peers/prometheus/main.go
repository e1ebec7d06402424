// The peer: one remote read merged by Prometheus's own packages, timed next to mread's merge on the same bodies.
//
//	peer -in samples|chunks -out iterate|samples|chunks|fanout [-seconds S] [-label TEXT] BODY...
//
// It does what a query node does with the bodies of its remote_read backends: storage/remote decodes them,
// storage.NewMergeSeriesSet with ChainedSeriesMerge merges them, and then
//
//	iterate  every sample is looked at once, as a PromQL engine would;
//	samples  the merged series are written as a SAMPLES answer (ToQueryResult, marshalled, snappy);
//	chunks   the merged series are written as a STREAMED_XOR_CHUNKS answer, encoded once (the cheapest way there is);
//	fanout   the same by the way a query node takes when it is itself asked for chunks: encoded per backend, then
//	         merged as chunks (storage.NewCompactingChunkSeriesMerger).
//
// Answers go to a sink that counts bytes. Afterwards one more read is made with the answer kept, decoded again, and its
// checksum taken. One line of JSON goes to stdout; bench/side.cc writes the same line for mread.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/golang/snappy"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Prometheus's default for chunked_read_limit, and for --storage.remote.read-max-bytes-in-frame.
const (
	chunkedReadLimit = 50_000_000
	maxBytesInFrame  = 1 << 20
)

type report struct {
	Side           string  `json:"side"`
	Label          string  `json:"label"`
	Seconds        float64 `json:"seconds"`     // of one read: the median
	CPUSeconds     float64 `json:"cpu_seconds"` // likewise; of all threads, user and kernel
	Iterations     int     `json:"iterations"`
	InputBytes     int64   `json:"input_bytes"`
	OutputBytes    int64   `json:"output_bytes"`
	Series         int64   `json:"series"`
	Samples        int64   `json:"samples"`
	AllocatedBytes uint64  `json:"allocated_bytes"` // by one read
	Allocations    uint64  `json:"allocations"`
	BaseRSS        int64   `json:"base_rss_bytes"` // with the bodies in memory, before the first read
	PeakRSS        int64   `json:"peak_rss_bytes"`
	Checksum       string  `json:"checksum"`
}

// Every label, timestamp and value of an answer in order; bench/checksum.h says the same in C++.
type checksum struct {
	state   uint64
	series  int64
	samples int64
}

func (c *checksum) mix(word uint64) {
	c.state = (c.state ^ word) * 0x9e3779b97f4a7c15
	c.state ^= c.state >> 32
}

func (c *checksum) text(s string) {
	c.mix(uint64(len(s)))
	for i := 0; i < len(s); i++ {
		c.mix(uint64(s[i]))
	}
}

func (c *checksum) beginSeries(ls labels.Labels) {
	c.series++
	c.mix(uint64(ls.Len()))
	ls.Range(func(l labels.Label) {
		c.text(l.Name)
		c.text(l.Value)
	})
}

func (c *checksum) sample(t int64, v float64) {
	c.samples++
	c.mix(uint64(t))
	c.mix(math.Float64bits(v))
}

func (c *checksum) seriesSet(set storage.SeriesSet) error {
	var it chunkenc.Iterator
	for set.Next() {
		series := set.At()
		c.beginSeries(series.Labels())
		it = series.Iterator(it)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			if kind != chunkenc.ValFloat {
				return errors.New("a sample that is not a float")
			}
			c.sample(it.At())
		}
		if err := it.Err(); err != nil {
			return err
		}
	}
	return set.Err()
}

// What remote.Client.Read makes of a SAMPLES body.
func readSamples(body []byte) (storage.SeriesSet, error) {
	uncompressed, err := snappy.Decode(nil, body)
	if err != nil {
		return nil, err
	}
	var response prompb.ReadResponse
	if err := proto.Unmarshal(uncompressed, &response); err != nil {
		return nil, err
	}
	if len(response.Results) != 1 {
		return nil, fmt.Errorf("%d results in place of one", len(response.Results))
	}
	return remote.FromQueryResult(true, response.Results[0]), nil
}

// And of a streamed one. The client reads a SAMPLES body whole (io.ReadAll), and this one as it comes.
func readChunks(body []byte) storage.SeriesSet {
	reader := io.NopCloser(bytes.NewReader(body))
	return remote.NewChunkedSeriesSet(remote.NewChunkedReader(reader, chunkedReadLimit, nil), reader, math.MinInt64,
		math.MaxInt64, func(error) {})
}

// A sink that counts what goes through it.
type counter struct{ bytes int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}

type noFlush struct{}

func (noFlush) Flush() {}

type read struct {
	in, out string
	bodies  [][]byte
	pool    *sync.Pool
}

func (r *read) backends() ([]storage.SeriesSet, error) {
	sets := make([]storage.SeriesSet, 0, len(r.bodies))
	for _, body := range r.bodies {
		if r.in == "chunks" {
			sets = append(sets, readChunks(body))
			continue
		}
		copied, err := io.ReadAll(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		set, err := readSamples(copied)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// One read: the bodies in, the answer into `sink`.
func (r *read) run(sink io.Writer) error {
	sets, err := r.backends()
	if err != nil {
		return err
	}
	switch r.out {
	case "iterate":
		return iterate(storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge))
	case "samples":
		result, _, err := remote.ToQueryResult(storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge), 0)
		if err != nil {
			return err
		}
		data, err := proto.Marshal(&prompb.ReadResponse{Results: []*prompb.QueryResult{result}})
		if err != nil {
			return err
		}
		_, err = sink.Write(snappy.Encode(nil, data))
		return err
	case "chunks":
		merged := storage.NewSeriesSetToChunkSet(storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge))
		return r.stream(sink, merged)
	case "fanout":
		chunkSets := make([]storage.ChunkSeriesSet, 0, len(sets))
		for _, set := range sets {
			chunkSets = append(chunkSets, storage.NewSeriesSetToChunkSet(set))
		}
		return r.stream(sink, storage.NewMergeChunkSeriesSet(chunkSets, 0,
			storage.NewCompactingChunkSeriesMerger(storage.ChainedSeriesMerge)))
	}
	return fmt.Errorf("unknown -out %q", r.out)
}

func (r *read) stream(sink io.Writer, set storage.ChunkSeriesSet) error {
	_, err := remote.StreamChunkedReadResponses(remote.NewChunkedWriter(sink, noFlush{}), 0, set, nil, maxBytesInFrame, r.pool)
	return err
}

var looked uint64

func iterate(set storage.SeriesSet) error {
	var it chunkenc.Iterator
	for set.Next() {
		it = set.At().Iterator(it)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			t, v := it.At()
			looked += uint64(t) ^ math.Float64bits(v)
		}
		if err := it.Err(); err != nil {
			return err
		}
	}
	return set.Err()
}

// The checksum of the answer that a read gives.
func (r *read) check() (checksum, error) {
	var sum checksum
	if r.out == "iterate" {
		sets, err := r.backends()
		if err != nil {
			return sum, err
		}
		return sum, sum.seriesSet(storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge))
	}
	var answer bytes.Buffer
	if err := r.run(&answer); err != nil {
		return sum, err
	}
	if r.out != "samples" {
		return sum, sum.seriesSet(readChunks(answer.Bytes()))
	}
	set, err := readSamples(answer.Bytes())
	if err != nil {
		return sum, err
	}
	return sum, sum.seriesSet(set)
}

// A line of /proc/self/status in bytes: "VmRSS", "VmHWM".
func status(name string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name+":") {
			kib, _ := strconv.ParseInt(strings.Fields(line)[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func median(seconds []float64) float64 {
	sorted := slices.Sorted(slices.Values(seconds))
	return sorted[len(sorted)/2]
}

func run() error {
	in := flag.String("in", "chunks", "what the bodies are: samples or chunks")
	out := flag.String("out", "iterate", "iterate, samples, chunks or fanout")
	seconds := flag.Float64("seconds", 1, "reads are repeated for so long; at least one is made")
	label := flag.String("label", "", "repeated in the report")
	flag.Parse()
	if flag.NArg() == 0 || (*in != "samples" && *in != "chunks") {
		return errors.New("usage: peer -in samples|chunks -out iterate|samples|chunks|fanout [-seconds S] BODY...")
	}
	r := &read{in: *in, out: *out, pool: &sync.Pool{}}
	line := report{Side: "prometheus", Label: *label}
	for _, path := range flag.Args() {
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r.bodies = append(r.bodies, body)
		line.InputBytes += int64(len(body))
	}
	runtime.GC()
	line.BaseRSS = status("VmRSS")

	var times, cpuTimes []float64
	var before, after runtime.MemStats
	for begin := time.Now(); len(times) == 0 || time.Since(begin).Seconds() < *seconds; {
		var sink counter
		runtime.ReadMemStats(&before)
		cpuStart, start := cpuSeconds(), time.Now()
		if err := r.run(&sink); err != nil {
			return err
		}
		times = append(times, time.Since(start).Seconds())
		cpuTimes = append(cpuTimes, cpuSeconds()-cpuStart)
		runtime.ReadMemStats(&after)
		line.OutputBytes = sink.bytes
		line.AllocatedBytes = after.TotalAlloc - before.TotalAlloc
		line.Allocations = after.Mallocs - before.Mallocs
	}
	line.Seconds, line.CPUSeconds = median(times), median(cpuTimes)
	line.Iterations = len(times)
	line.PeakRSS = status("VmHWM")

	sum, err := r.check()
	if err != nil {
		return err
	}
	line.Series, line.Samples, line.Checksum = sum.series, sum.samples, fmt.Sprintf("%016x", sum.state)
	return json.NewEncoder(os.Stdout).Encode(line)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}
