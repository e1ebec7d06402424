// report.html in a real browser: what its script draws, its filters and links, and that nothing is cut
// off on a phone or on a wide screen. The page stands in a frame of the wanted width, since a headless
// Chromium has no window below 500 pixels; steps run in the page around it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "scenarios/report/read_report.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

CheckResult check(const std::string& name, Verdict verdict, const std::string& phase) {
  CheckResult result;
  result.expr = result.name = name;
  result.node = "query";
  result.phase = phase;
  result.verdict = verdict;
  result.want = "{job=\"a\"} 11\n{job=\"b\"} 12";
  result.got = verdict == Verdict::pass ? result.want : "{job=\"a\"} 11";
  result.duration_ms = 12.5;
  return result;
}

TestResult test(const std::string& id, Verdict verdict, const std::string& version) {
  TestResult result;
  result.scenario = "hung-collector-with-a-name-that-is-long-for-a-phone";
  result.id = id;
  result.title = "hung-collector [prometheus=" + version + " query_path=direct]";
  result.file = "scenarios/hung-collector.yaml";
  result.matrix_case = {{"prometheus", version}, {"query_path", "direct"}};
  result.engine = "process";
  result.tags = {version == "3.5.3" ? "new" : "old"};
  result.verdict = verdict;
  if (verdict == Verdict::fail)
    result.reason = "sum by (job) (up) (fault): want {job=\"b\"} 12, got " + std::string(200, 'x');
  for (const char* name : {"collector-a", "collector-b", "query"}) {
    NodeResult node;
    node.name = name;
    node.kind = "prometheus";
    node.version = version;
    node.log = "nodes/" + id + "/" + name + ".log";
    result.nodes.push_back(node);
  }
  result.nodes[2].reads = {"collector-a", "collector-b"};
  NodeResult mock;
  mock.name = "mock";
  mock.kind = "mock";
  mock.requests = {{1, 10.5, "up{job=\"a\"}", "complete", 200, 11, 450, ""},
                   {12, 9000, "up{job=\"a\"}", "aborted", 200, 0, 20, "cut"},
                   {14, std::nullopt, "up{job=\"a\"}", "in_progress", 0, 0, 0, "hang"}};
  mock.more_requests = 5;
  result.nodes.push_back(mock);
  for (NodeResult& node : result.nodes) {
    for (int i = 1; i < 30; ++i) {
      if (node.name == "collector-b" && i > 10 && i < 20) continue;
      node.usage.push_back({i * 1.0, 20.0 + i % 5, 60.0 + i});
    }
  }
  result.checks = {check("sum by (job) (up)", Verdict::pass, "before"),
                   check("sum by (job) (up)", verdict, "fault")};
  result.course.length_s = 30;
  result.course.events = {{0.1, std::nullopt, "collector-a", "started", false},
                          {0.2, std::nullopt, "query", "started", false},
                          {10, 20, "collector-b", "pause", true},
                          {22, std::nullopt, "collector-a", "restart", false}};
  result.course.questions = {
      {1, 12, "query", "sum by (job) (up)", "before", Outcome::complete, ""},
      {12, 10'000, "query", "sum by (job) (up)", "fault", Outcome::silently_partial, ""},
      {13, 800, "query", "up", "fault", Outcome::told, "remote: b"},
      {14, 900, "query", "up", "fault", Outcome::wrong, ""},
      {25, 10, "query", "up", "after", Outcome::failed, "503"}};
  return result;
}

Report report() {
  Report out;
  out.mread_version = "1.2.3";
  out.started = std::chrono::system_clock::time_point(std::chrono::seconds(1'795'287'600));
  out.tests = {test("hung-1", Verdict::pass, "2.42.0"), test("hung-2", Verdict::pass, "2.53.3"),
               test("hung-3", Verdict::fail, "3.5.3"), test("hung-4", Verdict::skipped, "3.14.0")};
  LoadResult load;
  load.executor = "constant-arrival-rate";
  load.node = "query";
  for (int i = 0; i < 300; ++i) load.requests.push_back({i * 0.1, 10.0 + i % 7, 0, i % 50 == 0});
  load.all.requests = load.requests.size();
  out.tests[1].load = load;
  return out;
}

// What the steps can use: `frame` is the page's window, `$` and `all` look into it, `wait` waits for
// what the browser does by itself, `say` keeps a value.
constexpr const char* steps_begin = R"(<!doctype html><meta charset="utf-8"><body>
<pre id="result"></pre><script>
const said = {errors: []};
const say = (name, value) => { said[name] = value; };
const wait = (done, left = 200) => new Promise((resolve, reject) => {
  const look = () => done() ? resolve() : left-- > 0 ? setTimeout(look, 10) : reject('waited for ' + done);
  look();
});
const element = document.createElement('iframe');
element.style.cssText = 'border:0;height:800px;width:)";
constexpr const char* steps_middle = R"(px';
element.src = 'report.html';
document.body.append(element);
const frame = element.contentWindow;
const $ = selector => frame.document.querySelector(selector);
const all = selector => [...frame.document.querySelectorAll(selector)];
const shown = () => all('details.test').filter(test => !test.hidden).map(test => test.id);
element.onload = async () => {
  said.errors = frame.early;
  frame.addEventListener('unhandledrejection', event => said.errors.push(String(event.reason)));
  try { await (async () => {)";
constexpr const char* steps_end = R"(})(); } catch (error) { said.errors.push(String(error)); }
  document.getElementById('result').textContent = JSON.stringify(said);
};
</script>)";

class ReportPageTest : public testing::Test {
 protected:
  ReportPageTest() { fs::create_directories(folder_); }
  ~ReportPageTest() override { fs::remove_all(folder_); }

  // Writes the page and the steps around it.
  void write_pages(const std::string& page, int width, const std::string& steps) {
    // Errors of the page's own script, from its first line on.
    std::string listening = page;
    listening.insert(
        listening.find("<head>") + 6,
        "<script>window.early = []; onerror = m => { early.push(String(m)); };</script>");
    std::ofstream(folder_ / "report.html") << listening;
    std::ofstream(folder_ / "steps.html")
        << steps_begin << width << steps_middle << steps << steps_end;
  }

  // Chromium's output: what `action` prints of the page around.
  std::string chromium(int width, int height, const std::string& action) {
    const std::string command = fmt::format(
        "timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync "
        "--disable-dev-shm-usage --allow-file-access-from-files --hide-scrollbars "
        "--user-data-dir='{0}/profile' --window-size={1},{2} --virtual-time-budget=20000 {3} "
        "'file://{0}/steps.html' 2>'{0}/chromium.log'",
        folder_.string(), width, height, action);
    std::string output;
    std::FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("no pipe");
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
    EXPECT_EQ(pclose(pipe), 0) << "chromium";
    return output;
  }

  // Runs steps (JavaScript) against a page and returns what they said.
  json::object run(const std::string& page, int width, const std::string& steps) {
    write_pages(page, width, steps);
    const std::string dom = chromium(std::max(width, 500), 900, "--dump-dom");
    const std::string begin = "<pre id=\"result\">";
    const size_t from = dom.find(begin) + begin.size();
    std::string text = dom.substr(from, dom.find("</pre>", from) - from);
    for (const auto& [reference, sign] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}}) {
      for (size_t at = 0; (at = text.find(reference, at)) != std::string::npos; ++at)
        text.replace(at, std::string_view(reference).size(), sign);
    }
    boost::system::error_code error;
    const json::value said = json::parse(text, error);
    EXPECT_FALSE(error) << "the steps did not end: " << dom.substr(0, 2000);
    if (error) return {};
    EXPECT_EQ(json::serialize(said.at("errors")), "[]");
    return said.as_object();
  }

  const fs::path folder_ =
      fs::temp_directory_path() / ("mread-report-page-" + std::to_string(getpid()));
};

TEST_F(ReportPageTest, AFailingTestIsFoundInTwoClicks) {
  const json::object said = run(to_html(report()), 1440, R"(
    $('.totals .fail button').click();
    say('shown', shown());
    $('#test-hung-3 summary').click();
    await wait(() => $('#test-hung-3 svg.course'));
    say('missing', $('#test-hung-3 .diff del').textContent);
    say('visible', $('#test-hung-3 .diff').getBoundingClientRect().height > 10);
  )");
  EXPECT_EQ(json::serialize(said.at("shown")), R"(["test-hung-3"])");
  EXPECT_EQ(said.at("missing"), "- {job=\"b\"} 12\n");
  EXPECT_EQ(said.at("visible"), true);
}

TEST_F(ReportPageTest, FiltersJoinAndEscapeTakesThemOff) {
  const json::object said = run(to_html(report()), 1440, R"(
    const set = (id, value) => {
      $('#' + id).value = value;
      $('#' + id).dispatchEvent(new frame.Event('input'));
    };
    set('verdict', 'pass'); say('verdict', shown());
    set('version', '2.53.3'); say('version', shown());
    set('tag', 'new'); say('tag', shown());
    frame.dispatchEvent(new frame.KeyboardEvent('keydown', {key: 'Escape'})); say('escape', shown().length);
    set('text', 'NUMBER'); say('nothing', shown().length);
    set('text', 'Hung-Collector [prometheus=3.14'); say('text', shown());
    say('count', $('#shown').textContent);
  )");
  EXPECT_EQ(json::serialize(said.at("verdict")), R"(["test-hung-1","test-hung-2"])");
  EXPECT_EQ(json::serialize(said.at("version")), R"(["test-hung-2"])");
  EXPECT_EQ(json::serialize(said.at("tag")), "[]");
  EXPECT_EQ(said.at("escape"), 4);
  EXPECT_EQ(said.at("nothing"), 0);
  EXPECT_EQ(json::serialize(said.at("text")), R"(["test-hung-4"])");
  EXPECT_EQ(said.at("count"), "1 of 4 tests");
}

TEST_F(ReportPageTest, LinksOpenATestAndACheck) {
  const json::object said = run(to_html(report()), 1440, R"(
    frame.location.hash = '#test-hung-3-check-2';
    await wait(() => $('#test-hung-3').open);
    say('failed', $('#test-hung-3-check-2').getBoundingClientRect().height > 10);
    frame.location.hash = '#test-hung-1-check-1';
    await wait(() => $('#test-hung-1-check-1'));
    say('held', $('#test-hung-1-check-1').textContent.includes('sum by (job) (up)'));
    say('cells', all('.matrix a').map(cell => cell.getAttribute('href')));
  )");
  EXPECT_EQ(said.at("failed"), true);
  EXPECT_EQ(said.at("held"), true);
  EXPECT_EQ(said.at("cells").as_array().size(), 4U);
}

TEST_F(ReportPageTest, DrawsTopologyCourseAndLoad) {
  const json::object said = run(to_html(report()), 1440, R"(
    $('#test-hung-2').open = true;
    await wait(() => $('#test-hung-2 .u-over'));
    const titles = selector => all('#test-hung-2 ' + selector + ' title').map(one => one.textContent);
    say('lines', titles('svg.topology path'));
    say('left', all('#test-hung-2 svg.topology rect').map(box => +box.getAttribute('x')));
    say('marks', all('#test-hung-2 .scroll svg.course .q').map(mark => mark.getAttribute('class')));
    say('faults', titles('.fault'));
    say('events', titles('.event'));
    say('shade', +$('#test-hung-2 .shade').getAttribute('width'));
    say('log', $('#test-hung-2 td a[href$=".log"]').getAttribute('href'));
    say('chart', $('#test-hung-2 .u-wrap').getBoundingClientRect().height);
    say('nan', $('#test-hung-2').innerHTML.includes('NaN'));
  )");
  EXPECT_EQ(json::serialize(said.at("lines")),
            R"(["query reads collector-a","query reads collector-b"])");
  const json::array& left = said.at("left").as_array();
  EXPECT_LT(left.at(2).to_number<int>(), left.at(0).to_number<int>());
  EXPECT_EQ(json::serialize(said.at("marks")),
            R"(["q complete","q silently_partial","q told","q wrong","q failed"])");
  EXPECT_EQ(json::serialize(said.at("faults")), R"(["collector-b: pause, 10.0 s to 20.0 s"])");
  EXPECT_EQ(json::serialize(said.at("events")), R"(["collector-a: restart at 22.0 s"])");
  EXPECT_NEAR(said.at("shade").to_number<double>(), 820.0 / 3, 1);
  EXPECT_EQ(said.at("log"), "nodes/hung-2/collector-a.log");
  EXPECT_GT(said.at("chart").to_number<double>(), 100);
  EXPECT_EQ(said.at("nan"), false);
}

TEST_F(ReportPageTest, ShowsTheRequestsOfMocks) {
  const json::object said = run(to_html(report()), 1440, R"(
    $('#test-hung-2').open = true;
    await wait(() => $('#test-hung-2 .requests'));
    const marks = all('#test-hung-2 .scroll svg.course .request');
    say('marks', marks.map(mark => mark.getAttribute('class')));
    say('titles', marks.map(mark => mark.querySelector('title').textContent));
    say('widths', marks.map(mark => Math.round(+mark.querySelector('rect').getAttribute('width'))));
    const details = $('#test-hung-2 .requests');
    details.open = true;
    say('summary', details.querySelector('summary').textContent);
    say('rows', [...details.querySelectorAll('tbody tr')].map(row =>
      [...row.cells].map(cell => cell.textContent).join('|')));
    say('more', details.querySelector('.note').textContent);
  )");
  EXPECT_EQ(json::serialize(said.at("marks")), R"(["request","request bad","request bad"])");
  EXPECT_EQ(json::serialize(said.at("titles")),
            R"(["mock got up{job=\"a\"} at 1.0 s: HTTP 200",)"
            R"("mock got up{job=\"a\"} at 12.0 s: cut off by the mock, cut",)"
            R"("mock got up{job=\"a\"} at 14.0 s: not answered, hang"])");
  // 820 pixels are 30 s; one that was never answered lasts to the end.
  EXPECT_EQ(json::serialize(said.at("widths")), "[2,246,437]");
  EXPECT_EQ(said.at("summary"), "Requests that the mocks got: 3, 2 of them not answered whole");
  EXPECT_EQ(json::serialize(said.at("rows")),
            R"(["1.00 s|mock|up{job=\"a\"}|HTTP 200|11|10.5 ms",)"
            R"("12.00 s|mock|up{job=\"a\"}|cut off by the mock, cut|0|9000 ms",)"
            R"("14.00 s|mock|up{job=\"a\"}|not answered, hang|0|"])");
  EXPECT_EQ(said.at("more"), "5 more requests are not shown.");
}

TEST_F(ReportPageTest, DrawsUsageInLineWithTheCourse) {
  const json::object said = run(to_html(report()), 1440, R"(
    $('#test-hung-1').open = true;
    await wait(() => all('#test-hung-1 .usage .u-over').length === 2);
    const course = $('#test-hung-1 .scroll svg.course').getBoundingClientRect();
    say('plots', all('#test-hung-1 .usage .u-over').map(plot => plot.getBoundingClientRect())
      .map(box => [Math.round(box.left - course.left), Math.round(box.right - course.left)]));
    say('labels', all('#test-hung-1 .usage .u-label').map(label => label.textContent));
    say('drawn', all('#test-hung-1 .usage canvas').map(canvas => {
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels.some(value => value > 0);
    }));
  )");
  EXPECT_EQ(json::serialize(said.at("plots")), "[[128,948],[128,948]]");
  const std::string labels = json::serialize(said.at("labels"));
  EXPECT_THAT(labels, testing::HasSubstr(R"("collector-a","collector-b","query","mock")"));
  EXPECT_EQ(json::serialize(said.at("drawn")), "[true,true]");
}

TEST_F(ReportPageTest, KeysGoThroughTheTests) {
  const json::object said = run(to_html(report()), 1440, R"(
    const key = name => frame.dispatchEvent(new frame.KeyboardEvent('keydown', {key: name, cancelable: true}));
    key('j'); key('j');
    say('second', frame.document.activeElement.closest('details').id);
    key('k');
    say('first', frame.document.activeElement.closest('details').id);
    key('/');
    say('find', frame.document.activeElement.id);
  )");
  EXPECT_EQ(said.at("second"), "test-hung-2");
  EXPECT_EQ(said.at("first"), "test-hung-1");
  EXPECT_EQ(said.at("find"), "text");
}

class ReportPageWidthTest : public ReportPageTest, public testing::WithParamInterface<int> {};

// What is wider than the page stands in a box of its own that scrolls.
TEST_P(ReportPageWidthTest, NothingIsCutOff) {
  const json::object said = run(to_html(report()), GetParam(), R"(
    all('details.test').forEach(test => { test.open = true; });
    await wait(() => all('svg.course').length > 3);
    say('width', frame.innerWidth);
    say('page', frame.document.documentElement.scrollWidth);
    say('cut', all('body *').filter(one => !one.closest('.scroll, .chart, [aria-hidden]') &&
      one.getBoundingClientRect().right > frame.innerWidth + 1).map(one => one.outerHTML.slice(0, 80)));
  )");
  EXPECT_EQ(said.at("width"), GetParam());
  EXPECT_LE(said.at("page").to_number<int>(), GetParam());
  EXPECT_EQ(json::serialize(said.at("cut")), "[]");
}

INSTANTIATE_TEST_SUITE_P(Widths, ReportPageWidthTest, testing::Values(390, 1440),
                         [](const auto& param_info) { return std::to_string(param_info.param); });

// A picture of README.md: the page of a real run (tests/data/report/hung-replica.yaml) after steps,
// at a width of CSS pixels, in a file of so many pixels.
struct Picture {
  const char* name;
  int page_width;
  int width;
  int height;
  const char* steps;
};

class ReportPictureTest : public ReportPageTest, public testing::WithParamInterface<Picture> {};

// MREAD_UPDATE_IMAGES=1 writes the pictures of docs/images again.
TEST_P(ReportPictureTest, IsMade) {
  const Picture& wanted = GetParam();
  const auto report = read_report(std::string(MREAD_TEST_DATA) + "/report/hung-replica.json");
  ASSERT_TRUE(report) << report.error().to_string();
  const double scale = static_cast<double>(wanted.width) / wanted.page_width;
  const std::string frame = fmt::format(
      "document.body.style.margin = 0; document.getElementById('result').hidden = true; "
      "element.style.height = '{}px'; element.style.transformOrigin = '0 0'; "
      "element.style.transform = 'scale({})';",
      wanted.height / scale, scale);
  write_pages(to_html(*report), wanted.page_width, frame + wanted.steps);
  const fs::path shot = folder_ / "shot.png";
  chromium(wanted.width, wanted.height, "--screenshot='" + shot.string() + "'");
  std::ifstream file(shot, std::ios::binary);
  const std::string png{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ASSERT_GT(png.size(), 24U);
  // The header's width and height are big-endian.
  const auto number = [&](size_t at) {
    int value = 0;
    for (size_t i = at; i < at + 4; ++i) value = value * 256 + static_cast<unsigned char>(png[i]);
    return value;
  };
  EXPECT_EQ(png.substr(1, 3), "PNG");
  EXPECT_EQ(number(16), wanted.width);
  EXPECT_EQ(number(20), wanted.height);
  // An empty page would be smaller.
  EXPECT_GT(png.size(), 20'000U);
  EXPECT_LT(png.size(), 130'000U) << "the pictures take at most 400 kB of the repository";
  const fs::path kept =
      fs::path(MREAD_SOURCE_DIR) / "docs/images" / (std::string(wanted.name) + ".png");
  if (std::getenv("MREAD_UPDATE_IMAGES") != nullptr)
    fs::copy_file(shot, kept, fs::copy_options::overwrite_existing);
  EXPECT_TRUE(fs::exists(kept)) << kept;
}

INSTANTIATE_TEST_SUITE_P(Readme, ReportPictureTest,
                         testing::Values(Picture{"report", 1440, 1200, 620, ""},
                                         Picture{"report-test", 1440, 1200, 900, R"(
                      $('#test-hung-replica-5').open = true;
                      await wait(() => all('#test-hung-replica-5 .u-over').length === 3);
                      [...all('#test-hung-replica-5 h4')].find(one => one.textContent === 'Topology')
                        .scrollIntoView();
                    )"},
                                         Picture{"report-phone", 390, 500, 900, R"(
                      $('#test-hung-replica-5').open = true;
                      await wait(() => all('#test-hung-replica-5 .u-over').length === 3);
                      $('#test-hung-replica-5').scrollIntoView();
                    )"}),
                         [](const auto& param_info) {
                           std::string name = param_info.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_F(ReportPageTest, AnEmptyReportIsAPageToo) {
  Report interrupted;
  interrupted.is_interrupted = true;
  const json::object said = run(to_html(interrupted), 390, R"(
    say('text', frame.document.body.textContent.includes('The run was interrupted.'));
  )");
  EXPECT_EQ(said.at("text"), true);
}

}  // namespace
}  // namespace mread::scenarios
