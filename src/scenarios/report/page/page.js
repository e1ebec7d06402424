'use strict';
(() => {
  const report = JSON.parse(document.getElementById('report').textContent);
  const text = index => report.texts[index];
  const byId = new Map(report.tests.map(test => ['test-' + text(test.id), test]));
  const tests = [...document.querySelectorAll('details.test')];
  const field = id => document.getElementById(id);
  const data = test => byId.get(test.id);
  // What is looked through: what the page shows of a test, drawn or not.
  const words = new Map(tests.map(test => {
    const {checks = [], nodes = []} = data(test) || {};
    return [test, [test.textContent, ...checks.map(check => `${text(check[0])} ${text(check[7])}`),
      ...nodes.map(node => `${text(node[0])} ${text(node[1])}`)].join(' ').toLowerCase()];
  }));

  // Filters: all of them must fit.
  const apply = () => {
    const wanted = field('text').value.toLowerCase();
    const verdict = field('verdict').value;
    const tag = field('tag').value;
    const version = field('version').value;
    let shown = 0;
    for (const test of tests) {
      const fits = (!verdict || test.dataset.verdict === verdict) &&
        (!tag || test.dataset.tags.split('\n').includes(tag)) &&
        (!version || test.dataset.versions.split(' ').includes(version)) &&
        (!wanted || words.get(test).includes(wanted));
      test.hidden = !fits;
      if (fits) ++shown;
    }
    field('shown').textContent = `${shown} of ${tests.length} tests`;
  };
  for (const id of ['text', 'verdict', 'tag', 'version']) field(id).addEventListener('input', apply);
  document.querySelector('.filters').hidden = false;
  document.querySelector('.filters').addEventListener('submit', event => event.preventDefault());
  for (const button of document.querySelectorAll('.totals button')) {
    button.addEventListener('click', () => {
      const verdict = button.dataset.verdict;
      const select = field('verdict');
      const known = [...select.options].some(option => option.value === verdict);
      select.value = known && select.value !== verdict ? verdict : '';
      apply();
      document.querySelector('.filters').scrollIntoView();
    });
  }

  // A link to a test, or to a check within one, opens it, whatever the filters hide.
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    let test = target && target.closest('details.test');
    if (!test && location.hash) {
      // A check of a test that is not drawn yet.
      const id = decodeURIComponent(location.hash.slice(1)).replace(/-check-\d+$/, '');
      test = document.getElementById(id);
    }
    if (!test || !test.matches('details.test')) return;
    test.hidden = false;
    test.open = true;
    drawTest(test);
    document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  };
  addEventListener('hashchange', open);

  // Keys: / finds, j and k go through the tests that are shown, Escape takes the filters off.
  addEventListener('keydown', event => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === 'Escape') {
      for (const id of ['text', 'verdict', 'tag', 'version']) field(id).value = '';
      apply();
      document.activeElement.blur();
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '/') {
      event.preventDefault();
      field('text').focus();
    }
    if (event.key !== 'j' && event.key !== 'k') return;
    const shown = tests.filter(test => !test.hidden).map(test => test.querySelector('summary'));
    const at = shown.indexOf(document.activeElement);
    const next = event.key === 'j' ? Math.min(at + 1, shown.length - 1) : Math.max(at - 1, 0);
    if (shown[next]) shown[next].focus();
  });

  // The requests of a load: percentiles over time, failures, how late requests left.
  const quantile = (sorted, q) =>
    sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] : null;
  const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axisStyle = () => ({stroke: style('--faint'), grid: {stroke: style('--line')},
    ticks: {stroke: style('--line')}});
  // Shades the faults of a test behind a chart.
  const shade = test => plot => {
    plot.ctx.save();
    plot.ctx.fillStyle = style('--shade');
    for (const fault of test.events.filter(event => event[4])) {
      const from = Math.max(plot.valToPos(fault[0], 'x', true), plot.bbox.left);
      const to = Math.min(plot.valToPos(fault[1] ?? test.length_s, 'x', true),
        plot.bbox.left + plot.bbox.width);
      if (to > from) plot.ctx.fillRect(from, plot.bbox.top, to - from, plot.bbox.height);
    }
    plot.ctx.restore();
  };
  const drawLoad = (element, test) => {
    if (!test.load || !test.load.length) return;
    const requests = test.load;
    const first = requests[0][0];
    const last = requests[requests.length - 1][0];
    const width = Math.max((last - first) / 60, 0.25);
    const bins = [];
    for (const [at, duration, late, failed] of requests) {
      const index = Math.floor((at - first) / width);
      const bin = bins[index] || (bins[index] = {durations: [], failed: 0, late: 0});
      bin.durations.push(duration);
      bin.late = Math.max(bin.late, late);
      if (failed) ++bin.failed;
    }
    const columns = [[], [], [], [], [], []];
    for (let i = 0; i < bins.length; ++i) {
      const bin = bins[i] || {durations: [], failed: 0, late: 0};
      const sorted = bin.durations.sort((a, b) => a - b);
      [first + (i + 0.5) * width, quantile(sorted, 0.5), quantile(sorted, 0.9),
        quantile(sorted, 0.99), bin.late, bin.failed].forEach((value, k) => columns[k].push(value));
    }
    const axis = axisStyle();
    new uPlot({
      width: Math.max(Math.min(element.clientWidth || 900, 1100), 320),
      height: 260,
      scales: {x: {time: false}},
      hooks: {drawClear: [shade(test)]},
      axes: [{...axis, label: 'seconds since the course began'}, {...axis, label: 'ms'},
        {...axis, scale: 'count', side: 1, label: 'failed', grid: {show: false}}],
      series: [{label: 's', value: (_, v) => v == null ? '' : v.toFixed(1)},
        {label: 'p50 ms', stroke: style('--pass')},
        {label: 'p90 ms', stroke: style('--link')},
        {label: 'p99 ms', stroke: style('--known')},
        {label: 'latest departure ms', stroke: style('--faint'), dash: [4, 4]},
        {label: 'failed', scale: 'count', stroke: style('--fail'), points: {show: true}}],
    }, columns, element);
  };

  // Elements: make('td', {class: 'n'}, 'text', child, …); svg('rect', {…}, …) likewise.
  const build = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter(child => child !== null));
    return element;
  };
  const make = (name, attributes = {}, ...children) =>
    build(document.createElement(name), attributes, children);
  const svg = (name, attributes = {}, ...children) =>
    build(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
  const title = words => svg('title', {}, words);
  const fit = (words, length) => words.length > length ? words.slice(0, length - 1) + '…' : words;
  const section = (heading, ...children) => [make('h4', {}, heading), ...children];
  const scroll = child => make('div', {class: 'scroll'}, child);

  // Readers on the left, the nodes that they read to their right.
  const drawTopology = test => {
    const nodes = test.nodes.filter(node => text(node[1]) !== 'oracle');
    if (!nodes.length) return null;
    const [width, height, gapX, gapY, margin] = [168, 46, 84, 16, 4];
    const place = new Map(nodes.map(node => [node[0],
      {x: margin + node[6] * (width + gapX), y: margin + node[7] * (height + gapY)}]));
    const lines = [];
    const line = (from, to, reads) => {
      const [a, b] = [place.get(from), place.get(to)];
      if (!a || !b || from === to) return;
      const rightwards = b.x > a.x;
      const [x1, y1] = rightwards ? [a.x + width, a.y + height / 2] : [a.x + width / 2, a.y + height];
      const [x2, y2] = rightwards ? [b.x - 4, b.y + height / 2] : [b.x + width / 2, b.y];
      const bend = rightwards ? (x2 - x1) / 2 : 0;
      lines.push(svg('path', {class: reads ? 'reads' : 'names', 'marker-end': 'url(#arrow)',
        d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`},
      title(`${text(from)} ${reads ? 'reads' : 'scrapes or names'} ${text(to)}`)));
    };
    for (const node of nodes) {
      node[4].forEach(other => line(node[0], other, true));
      node[5].forEach(other => line(node[0], other, false));
    }
    const boxes = nodes.map(node => {
      const {x, y} = place.get(node[0]);
      const kind = `${text(node[1])} ${text(node[2])}`.trim();
      return svg('g', {class: `node kind-${text(node[1])}`}, title(`${text(node[0])}: ${kind}`),
        svg('rect', {x, y, width, height, rx: 7}),
        svg('text', {x: x + 12, y: y + 19, class: 'name'}, fit(text(node[0]), 19)),
        svg('text', {x: x + 12, y: y + 36, class: 'kind'}, fit(kind, 23)));
    });
    const right = Math.max(...[...place.values()].map(at => at.x)) + width + margin;
    const bottom = Math.max(...[...place.values()].map(at => at.y)) + height + margin;
    return svg('svg', {class: 'topology', viewBox: `0 0 ${right} ${bottom}`, width: right,
      height: bottom, role: 'img', 'aria-label': 'Topology: who reads whom'}, ...lines, ...boxes);
  };

  const outcomeWords = {complete: 'complete', told: 'partial, and told',
    silently_partial: 'partial, and silent', wrong: 'wrong', failed: 'error'};
  // Outcomes differ in shape too: colours alone do not reach everybody.
  const mark = (outcome, x, y, words) => svg('g', {class: `q ${outcome}`}, words ? title(words) : null,
    outcome === 'complete' ? svg('circle', {cx: x, cy: y, r: 3.5}) :
      outcome === 'silently_partial' ? svg('rect', {x: x - 4.5, y: y - 4.5, width: 9, height: 9}) :
        svg('path', {d: outcome === 'told' ? `M${x} ${y - 5}l5 5-5 5-5-5z` :
          outcome === 'wrong' ? `M${x} ${y - 6}l5.5 10h-11z` : `M${x - 4} ${y - 4}l8 8m0-8l-8 8`}));
  const legend = () => make('ul', {class: 'legend'},
    ...report.outcomes.map(outcome => make('li', {}, svg('svg', {class: 'course', width: 16,
      height: 16, viewBox: '0 0 16 16', 'aria-hidden': 'true'}, mark(outcome, 8, 8)),
    outcomeWords[outcome])),
    make('li', {}, make('span', {class: 'swatch'}), 'a fault is in force'),
    make('li', {}, svg('svg', {class: 'course', width: 16, height: 16, viewBox: '0 0 16 16',
      'aria-hidden': 'true'}, svg('g', {class: 'request'}, svg('rect', {x: 4, y: 1, width: 3,
      height: 14})), svg('g', {class: 'request bad'}, svg('rect', {x: 10, y: 1, width: 3, height: 14}))),
    'a mock got a request: answered whole, or not'));

  // What a mock answered, in words; whether it answered whole.
  const answerWords = {aborted: 'cut off by the mock', client_gone: 'closed by the reader',
    in_progress: 'not answered'};
  const answer = ([, , , , outcome, status, , note]) => [answerWords[text(outcome)] ||
    (status ? `HTTP ${status}` : text(outcome)), text(note)].filter(word => word).join(', ');
  const isWhole = request => text(request[4]) === 'complete' && request[5] >= 200 && request[5] < 300;

  // Above, latency (logarithmic) and outcome of each question; below, a lane a node; one axis of time.
  const [left, right] = [128, 948];  // Of the time axis, here and in drawUsage.
  const drawCourse = test => {
    if (!test.events.length && !test.questions.length) return null;
    const [top, plot, lane, axis] = [10, 150, 22, 22];
    const length = Math.max(test.length_s, 0.1);
    const latencies = test.questions.map(question => Math.max(question[1], 0.1));
    const low = 10 ** Math.floor(Math.log10(Math.min(10, ...latencies)));
    const high = 10 ** Math.ceil(Math.log10(Math.max(low * 10, ...latencies)));
    const x = second => left + (right - left) * Math.min(Math.max(second / length, 0), 1);
    const y = ms => top + plot -
      plot * Math.log10(Math.min(Math.max(ms, low), high) / low) / Math.log10(high / low);
    const nodes = test.nodes.filter(node => text(node[1]) !== 'oracle');
    const lanes = new Map(nodes.map((node, i) => [node[0], top + plot + 10 + i * lane]));
    const bottom = top + plot + 10 + nodes.length * lane;
    const end = event => event[1] ?? length;
    const parts = [];
    for (const event of test.events.filter(one => one[4])) {
      parts.push(svg('rect', {class: 'shade', x: x(event[0]), y: top,
        width: Math.max(1, x(end(event)) - x(event[0])), height: bottom - top}));
    }
    for (let ms = low; ms <= high * 1.001; ms *= 10) {
      parts.push(svg('line', {class: 'grid', x1: left, x2: right, y1: y(ms), y2: y(ms)}),
        svg('text', {class: 'tick', x: left - 8, y: y(ms) + 4, 'text-anchor': 'end'},
          ms >= 1000 ? `${ms / 1000} s` : `${+ms.toPrecision(3)} ms`));
    }
    let tick = 10 ** Math.floor(Math.log10(length / 8));
    for (const factor of [2, 2.5, 2]) if (length / tick > 12) tick *= factor;
    for (let second = 0; second <= length; second += tick) {
      parts.push(svg('line', {class: 'grid', x1: x(second), x2: x(second), y1: top, y2: bottom}),
        svg('text', {class: 'tick', x: x(second), y: bottom + axis - 6, 'text-anchor': 'middle'},
          `${+second.toPrecision(6)} s`));
    }
    for (const node of nodes) {
      const at = lanes.get(node[0]);
      parts.push(svg('text', {class: 'lane', x: left - 8, y: at + 15, 'text-anchor': 'end'},
        fit(text(node[0]), 17)));
      const started = test.events.find(event => event[2] === node[0] && text(event[3]) === 'started');
      if (!started) continue;
      parts.push(svg('rect', {class: 'up', x: x(started[0]), y: at + 7, height: 8, rx: 3,
        width: Math.max(2, x(length) - x(started[0]))},
      title(`${text(node[0])} runs since ${started[0].toFixed(1)} s`)));
    }
    for (const event of test.events) {
      const at = lanes.get(event[2]);
      const what = text(event[3]);
      if (at === undefined || what === 'started') continue;
      const from = x(event[0]);
      if (!event[4]) {
        parts.push(svg('g', {class: 'event'}, title(`${text(event[2])}: ${what} at ${event[0].toFixed(1)} s`),
          svg('path', {d: `M${from} ${at + 3}v16`}),
          svg('text', {class: 'tick', x: from + 4, y: at + 15}, what)));
        continue;
      }
      const width = Math.max(3, x(end(event)) - from);
      const room = Math.floor((width - 10) / 6.5);
      parts.push(svg('g', {class: 'fault'},
        title(`${text(event[2])}: ${what}, ${event[0].toFixed(1)} s to ${end(event).toFixed(1)} s`),
        svg('rect', {x: from, y: at + 3, width, height: 16, rx: 3}),
        room >= 3 ? svg('text', {x: from + 5, y: at + 15}, fit(what, room)) : null));
    }
    for (const request of test.requests || []) {
      const at = lanes.get(request[0]);
      if (at === undefined) continue;
      const [from, ms] = [request[1], request[2]];
      parts.push(svg('g', {class: isWhole(request) ? 'request' : 'request bad'},
        title(`${text(request[0])} got ${text(request[3])} at ${from.toFixed(1)} s: ${answer(request)}`),
        svg('rect', {x: x(from), y: at + 4, height: 14,
          width: Math.max(2, (ms === null ? x(length) : x(from + ms / 1000)) - x(from))})));
    }
    for (const [at, ms, node, expr, phase, outcome, words] of test.questions) {
      const name = report.outcomes[outcome];
      parts.push(mark(name, x(at), y(ms), `${outcomeWords[name]}: ${text(expr)} on ${text(node)} ` +
        `(${text(phase)}) at ${at.toFixed(1)} s, ${ms} ms${text(words) ? ': ' + text(words) : ''}`));
    }
    return svg('svg', {class: 'course', viewBox: `0 0 960 ${bottom + axis}`, width: 960,
      height: bottom + axis, role: 'img', 'aria-label': 'Course: queries, faults and nodes'}, ...parts);
  };

  const table = (heads, rows) => scroll(make('table', {},
    make('thead', {}, make('tr', {}, ...heads.map(head => make('th', {scope: 'col'}, head)))),
    make('tbody', {}, ...rows)));
  const drawRequests = test => {
    const requests = test.requests || [];
    if (!requests.length) return [];
    const rows = requests.map(request => make('tr', {class: isWhole(request) ? '' : 'bad'},
      make('td', {class: 'n'}, `${request[1].toFixed(2)} s`), make('td', {}, text(request[0])),
      make('td', {}, make('code', {}, text(request[3]))), make('td', {}, answer(request)),
      make('td', {class: 'n'}, `${request[6]}`),
      make('td', {class: 'n'}, request[2] === null ? '' : `${request[2]} ms`)));
    const more = test.more_requests ?
      [make('p', {class: 'note'}, `${test.more_requests} more requests are not shown.`)] : [];
    const bad = requests.filter(request => !isWhole(request)).length;
    return [make('details', {class: 'requests'}, make('summary', {}, `Requests that the mocks got: ${
      requests.length}${bad ? `, ${bad} of them not answered whole` : ''}`),
    table(['Time', 'Mock', 'Query', 'Answer', 'Series', 'Took'], rows), ...more)];
  };
  // CPU (percent of a core) and memory of the nodes, in line with the course's time axis.
  const drawUsage = (element, test) => {
    const {at_s: times, nodes} = test.usage;
    const chart = (column, label) => new uPlot({
      width: 960,
      height: 110,
      padding: [8, 960 - right, 0, 0],
      cursor: {sync: {key: element.closest('details').id}},
      scales: {x: {time: false, range: [0, Math.max(test.length_s, 0.1)]},
        y: {range: (_, low, high) => [0, Math.max(high * 1.05, 1)]}},
      hooks: {drawClear: [shade(test)]},
      axes: [{...axisStyle(), size: 26, values: (_, ticks) => ticks.map(tick => `${tick} s`)},
        {...axisStyle(), size: left - 40, label, labelSize: 40}],
      series: [{label: 's', value: (_, v) => v == null ? '' : v.toFixed(1)},
        ...nodes.map((node, i) => ({label: text(node[0]), points: {show: times.length < 4},
          width: 1.5, stroke: `hsl(${(i * 137 + 210) % 360} 65% 50%)`}))],
    }, [times, ...nodes.map(node => node[column])], element);
    chart(1, 'CPU, %');
    chart(2, 'MiB');
  };
  const drawChecks = (test, id) => {
    const rows = [];
    test.checks.forEach(([name, verdict, node, phase, ms, , , got, , warnings], i) => {
      if (report.verdicts[verdict] !== 'pass') return;
      const check = `${id}-check-${i + 1}`;
      rows.push(make('tr', {id: check}, make('td', {},
        make('a', {class: 'self', href: '#' + check, 'aria-label': 'Link to this check'}, '#'),
        make('code', {}, text(name)), make('div', {class: 'got'}, text(got)),
        ...warnings.map(warning => make('div', {class: 'warning'}, 'warning: ' + text(warning)))),
      make('td', {}, text(phase)), make('td', {}, text(node)), make('td', {class: 'n'}, text(node) ? `${ms} ms` : '')));
    });
    return rows.length ? section('Checks that held', table(['Check', 'Phase', 'Node', 'Time'], rows)) : [];
  };
  const drawNodes = test => test.nodes.length ? section('Nodes', table(['Node', 'Kind', 'Reads', 'Log'],
    test.nodes.map(node => make('tr', {}, make('th', {scope: 'row'}, text(node[0])),
      make('td', {}, `${text(node[1])} ${text(node[2])}`),
      make('td', {}, node[4].map(text).join(', ')),
      make('td', {}, text(node[3]) ? make('a', {href: text(node[3])}, text(node[3])) : ''))))) : [];

  function drawTest(element) {
    const test = data(element);
    const body = element.querySelector('.drawn');
    if (!test || body.firstChild) return;
    const topology = drawTopology(test);
    const course = drawCourse(test);
    body.append(...(topology ? section('Topology', scroll(topology)) : []));
    if (course) {
      const usage = make('div', {class: 'usage'});
      body.append(...section('Course', scroll(make('div', {}, course, usage)), legend()));
      if (test.usage) drawUsage(usage, test);
    }
    if (test.more_questions)
      body.append(make('p', {class: 'note'}, `${test.more_questions} more questions are not drawn.`));
    body.append(...drawRequests(test), ...drawChecks(test, element.id), ...drawNodes(test));
    element.querySelectorAll('.chart').forEach(chart => drawLoad(chart, test));
  }
  for (const test of tests) {
    test.addEventListener('toggle', () => {
      if (test.open) drawTest(test);
    });
  }
  apply();
  open();
})();
