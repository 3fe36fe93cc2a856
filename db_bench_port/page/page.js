"use strict";
// The comparison page: takes the results in #results, fills the tiles and the table, and draws the charts with ECharts.

const results = JSON.parse(document.getElementById("results").textContent);
const baseline = results.baseline;
const names = results.contenders.map((each) => each.name);
const others = names.filter((name) => name !== baseline);
const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
const ink = isDark ? { text: "#e8eaee", quiet: "#a0a8b4", line: "#333a44", card: "#1d2127" }
                   : { text: "#1c2026", quiet: "#5b6470", line: "#e3e6ea", card: "#ffffff" };

// Told apart also by those who do not see red and green; the baseline is grey.
const palette = ["#2f7de1", "#e58a2e", "#19a07a", "#b05fc9", "#d9485f"];
const color = Object.fromEntries(names.map((name) => [name, name === baseline ? "#8b929c" : palette[others.indexOf(name) % palette.length]]));

const measures = [
  { key: "p50", title: "p50", what: "Half of the operations take no longer, µs.", of: (entry) => percentile(entry, "p50") },
  { key: "p99", title: "p99", what: "99 of 100 operations take no longer, µs.", of: (entry) => percentile(entry, "p99") },
  { key: "p99.9", title: "p99.9", what: "999 of 1000 operations take no longer, µs.", of: (entry) => percentile(entry, "p99.9"), bound: "p99.9" },
  { key: "cpu", title: "CPU per operation", what: "CPU time of all threads per operation, µs; background work included.", of: (entry) => entry.cpu_micros_per_op },
  { key: "memory", title: "Peak memory", what: "Largest resident memory of the process, MB.", of: (entry) => scaled(entry.peak_memory_bytes, 1e-6), bound: "peak_memory" },
  { key: "writes", title: "Write amplification", what: "Bytes that went to the disk, compactions included, per byte of keys and values.", of: (entry) => entry.write_amplification, bound: "write_amplification" },
  { key: "worst", title: "Slowest second", what: "Operations of the slowest second as a share of the mean, %.", of: (entry) => scaled(entry.worst_second, 100), bound: "worst_second", isLinear: true },
];

function percentile(entry, which) { return entry.latency && entry.operation ? entry.latency[entry.operation][which] : null; }
function scaled(value, by) { return value == null ? null : value * by; }
function works(entry) { return entry && !entry.error; }

function short(value) {
  if (value == null) return "–";
  for (const [size, letter] of [[1e9, " G"], [1e6, " M"], [1e3, " k"]]) {
    if (Math.abs(value) >= size) return (value / size).toPrecision(3) + letter;
  }
  return Number(value.toPrecision(3)).toString();
}
// For axes: no zeros behind the point.
function round(value) {
  for (const [size, letter] of [[1e9, " G"], [1e6, " M"], [1e3, " k"]]) {
    if (Math.abs(value) >= size) return Number((value / size).toPrecision(3)) + letter;
  }
  return String(Number(value.toPrecision(3)));
}
function times(value) { return value == null ? "–" : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0) + "×"; }
function percent(value) { return value == null ? "" : `±${Math.round(value * 100)}%`; }
function spaced(value) { return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f"); }

function element(tag, attributes, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

// ---- Tiles

function checksOf(name) { return results.workloads.flatMap((workload) => workload.contenders[name].checks || []); }
function tile(border, big, text) {
  const made = element("div", { className: "tile" }, element("b", {}, big), text);
  made.style.setProperty("--tile", border);
  return made;
}

function fillTiles() {
  const place = document.getElementById("verdicts");
  for (const name of others) {
    const ratios = results.workloads.map((workload) => workload.contenders[name].ratio).filter((ratio) => ratio > 0);
    if (ratios.length) {
      const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
      place.append(tile(color[name], times(mean), `${name}: geometric mean over ${baseline}, ${ratios.length} workloads`));
    }
    if (name !== others[0]) continue;
    for (const [title, wanted] of [["targets", true], ["limits", false]]) {
      const checks = checksOf(name).filter((check) => (check.name === "ratio") === wanted);
      if (!checks.length) continue;
      const met = checks.filter((check) => check.is_met).length;
      place.append(tile(color[name], `${met} of ${checks.length}`, `${name}: ${title} met against ${baseline}`));
    }
  }
}

// ---- Charts

const charts = [];
function chart(id, height) {
  const place = document.getElementById(id);
  if (height) place.style.height = `${height}px`;
  const made = echarts.init(place, null, { renderer: "svg" });
  charts.push(made);
  return made;
}
addEventListener("resize", () => charts.forEach((each) => each.resize()));

const text = { color: ink.text, fontFamily: "system-ui, 'DejaVu Sans', sans-serif" };
const axisLook = { axisLabel: { color: ink.quiet }, axisLine: { lineStyle: { color: ink.line } }, axisTick: { show: false },
                   splitLine: { lineStyle: { color: ink.line } }, nameTextStyle: { color: ink.quiet } };
const legend = (data) => ({ data, top: 0, left: 0, itemWidth: 14, itemHeight: 10, textStyle: text });
const tooltip = { backgroundColor: ink.card, borderColor: ink.line, textStyle: { ...text, fontSize: 13 }, confine: true };

// The workloads from top to bottom, a heading before each group; null where nothing is to be drawn.
function rows(isWanted) {
  const made = [];
  let group = null;
  for (const workload of results.workloads) {
    if (!isWanted(workload)) continue;
    if (workload.group !== group) made.push({ heading: workload.group });
    group = workload.group;
    made.push({ workload });
  }
  return made;
}
function rowAxis(lines) {
  return { type: "category", inverse: true, data: lines.map((line) => line.heading ? `# ${line.heading}` : line.workload.name),
           axisTick: { show: false }, axisLine: { show: false }, triggerEvent: true,
           axisLabel: { color: ink.text, interval: 0, fontSize: 12.5, width: 260, overflow: "truncate",
                        formatter: (name) => name.startsWith("# ") ? `{heading|${name.slice(2)}}` : name,
                        rich: { heading: { fontWeight: 700, color: ink.quiet, fontSize: 12.5 } } } };
}
const rowHeight = (series) => 12 + 11 * series;

function drawRatios() {
  document.getElementById("ratio-title").textContent = `How many times better than ${baseline}`;
  const lines = rows(() => true);
  const made = chart("ratio-chart", 70 + lines.length * rowHeight(others.length));
  const log = (value) => value > 0 ? Math.log2(value) : null;
  const bars = others.map((name) => ({
    name, type: "bar", barMaxWidth: 13, barGap: "15%", itemStyle: { color: color[name], borderRadius: 2 },
    data: lines.map((line) => line.workload ? log(line.workload.contenders[name].ratio) : null),
    label: { show: true, position: "right", color: ink.quiet, fontSize: 11, formatter: ({ value }) => value == null ? "" : times(2 ** value) },
  }));
  const targets = { name: "target", type: "scatter", symbol: "diamond", symbolSize: 10, z: 5,
                    itemStyle: { color: ink.card, borderColor: ink.text, borderWidth: 1.5 },
                    data: lines.map((line, index) => line.workload && line.workload.target ? [log(line.workload.target), index] : null).filter(Boolean) };
  bars.length && (bars[0].markLine = { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: ink.quiet, type: "solid" }, data: [{ xAxis: 0 }] });
  made.setOption({
    textStyle: text, animation: false, legend: legend([...others, "target"]), grid: { left: 8, right: 56, top: 34, bottom: 24, containLabel: true },
    tooltip: { ...tooltip, trigger: "axis", axisPointer: { type: "shadow" }, formatter: (points) => ratioTip(lines[points[0].dataIndex]) },
    xAxis: { type: "value", interval: 1, min: ({ min }) => Math.min(0, Math.floor(min)), max: ({ max }) => Math.max(1, Math.ceil(max)), ...axisLook, axisLabel: { color: ink.quiet, formatter: (value) => value >= 0 ? `${2 ** value}×` : `1/${2 ** -value}` } },
    yAxis: rowAxis(lines), series: [...bars, targets],
  });
  made.on("click", (event) => {
    const line = event.componentType === "yAxis" ? lines.find((each) => each.workload && each.workload.name === event.value) : lines[event.dataIndex];
    if (line && line.workload) showWorkload(line.workload.name, true);
  });
}

function ratioTip(line) {
  if (!line.workload) return "";
  const parts = [`<b>${line.workload.name}</b>`];
  for (const name of names) {
    const entry = line.workload.contenders[name];
    const value = works(entry) ? `${short(entry.median)} ${line.workload.unit} ${percent(entry.spread)}` : "failed";
    parts.push(`<span class="dot" style="background:${color[name]}"></span>${name}: ${value}${entry.ratio ? ` · <b>${times(entry.ratio)}</b>` : ""}`);
  }
  if (line.workload.target) parts.push(`target ${line.workload.target}×`);
  return parts.join("<br>");
}

let costChart = null;
function drawCosts(measure) {
  document.getElementById("measure-what").textContent = measure.what;
  for (const button of document.querySelectorAll("#measures button")) button.setAttribute("aria-pressed", button.dataset.key === measure.key);
  const lines = rows((workload) => names.some((name) => works(workload.contenders[name]) && measure.of(workload.contenders[name]) > 0));
  const height = 80 + lines.length * rowHeight(names.length);
  if (!costChart) costChart = chart("cost-chart", height);
  document.getElementById("cost-chart").style.height = `${height}px`;
  costChart.resize();
  const values = lines.flatMap((line) => line.workload ? names.map((name) => measure.of(line.workload.contenders[name])) : []).filter((value) => value > 0);
  // Bars of a logarithmic axis start at its lower end, which lies a little below the smallest value.
  const axis = measure.isLinear ? { type: "value" } : { type: "log", logBase: 10, min: 10 ** Math.floor(Math.log10(Math.min(...values) / 1.5)) };
  costChart.setOption({
    textStyle: text, animation: false, legend: legend(names), grid: { left: 8, right: 60, top: 34, bottom: 24, containLabel: true },
    tooltip: { ...tooltip, trigger: "axis", axisPointer: { type: "shadow" }, formatter: (points) => costTip(measure, lines[points[0].dataIndex]) },
    xAxis: { ...axis, ...axisLook, axisLabel: { color: ink.quiet, formatter: round } }, yAxis: rowAxis(lines),
    series: names.map((name) => ({
      name, type: "bar", barMaxWidth: 13, barGap: "15%", itemStyle: { color: color[name], borderRadius: 2 },
      label: { show: true, position: "right", color: ink.quiet, fontSize: 11, formatter: ({ value }) => value == null ? "" : short(value) },
      data: lines.map((line) => line.workload && works(line.workload.contenders[name]) ? measure.of(line.workload.contenders[name]) || null : null),
    })),
  }, { notMerge: true });
}

function costTip(measure, line) {
  if (!line.workload) return "";
  return [`<b>${line.workload.name}</b> · ${measure.title}`, ...names.map((name) => {
    const entry = line.workload.contenders[name];
    const check = (entry.checks || []).find((each) => each.name === measure.bound);
    const verdict = check ? ` · limit ${check.bound} ${check.is_met ? "met" : "missed"}` : "";
    return `<span class="dot" style="background:${color[name]}"></span>${name}: ${works(entry) ? short(measure.of(entry)) : "failed"}${verdict}`;
  })].join("<br>");
}

// ---- One workload

let roundsChart, latencyChart, secondsChart;
function showWorkload(name, scrolls) {
  const workload = results.workloads.find((each) => each.name === name);
  document.getElementById("workload").value = name;
  document.getElementById("detail-what").textContent =
      [`--benchmarks=${workload.benchmarks || "(none)"}`, workload.dataset && `on the dataset ${workload.dataset}`, workload.note].filter(Boolean).join(" · ");
  document.getElementById("rounds-title").textContent = `Each round, ${workload.unit} (${workload.more_is_better ? "more" : "less"} is better)`;
  drawRounds(workload);
  drawLatencies(workload);
  drawSeconds(workload);
  if (scrolls) document.getElementById("detail").scrollIntoView({ behavior: "smooth", block: "start" });
}

function drawRounds(workload) {
  roundsChart = roundsChart || chart("rounds-chart");
  const shown = names.filter((name) => works(workload.contenders[name]));
  roundsChart.setOption({
    textStyle: text, animation: false, grid: { left: 8, right: 26, top: 12, bottom: 8, containLabel: true },
    tooltip: { ...tooltip, formatter: ({ seriesName, value }) => `${seriesName}: ${short(value[0])} ${workload.unit}` },
    xAxis: { type: "value", min: 0, ...axisLook, axisLabel: { color: ink.quiet, formatter: round, hideOverlap: true } },
    yAxis: { type: "category", inverse: true, data: shown, ...axisLook, axisLabel: { color: ink.text, fontSize: 13 } },
    series: shown.flatMap((name, row) => {
      const entry = workload.contenders[name];
      return [
        { name: `${name}, median`, type: "scatter", symbol: "rect", symbolSize: [3, 34], itemStyle: { color: color[name] }, data: [[entry.median, row]] },
        { name, type: "scatter", symbolSize: 11, itemStyle: { color: color[name], opacity: 0.55 }, data: entry.values.map((value) => [value, row]) },
      ];
    }),
  }, { notMerge: true });
}

function drawLatencies(workload) {
  latencyChart = latencyChart || chart("latency-chart");
  const steps = ["p50", "p75", "p99", "p99.9", "p99.99", "max"];
  const shown = names.filter((name) => works(workload.contenders[name]) && percentile(workload.contenders[name], "p50") != null);
  latencyChart.setOption({
    textStyle: text, animation: false, legend: legend(shown), grid: { left: 8, right: 14, top: 34, bottom: 8, containLabel: true },
    title: shown.length ? undefined : { text: "not measured for this workload", left: "center", top: "middle", textStyle: { color: ink.quiet, fontSize: 13, fontWeight: 400 } },
    tooltip: { ...tooltip, trigger: "axis", valueFormatter: (value) => `${short(value)} µs` },
    xAxis: { type: "category", data: shown.length ? steps : [], ...axisLook, axisLabel: { color: ink.text } },
    yAxis: { type: "log", ...axisLook, axisLabel: { color: ink.quiet, formatter: round } },
    series: shown.map((name) => ({ name, type: "line", symbolSize: 7, lineStyle: { width: 2.5 }, itemStyle: { color: color[name] },
                                   data: steps.map((step) => Math.max(percentile(workload.contenders[name], step), 0.01)) })),
  }, { notMerge: true });
}

function drawSeconds(workload) {
  const shown = names.filter((name) => works(workload.contenders[name]) && workload.contenders[name].intervals.length > 2);
  document.getElementById("seconds-figure").hidden = !shown.length;
  if (!shown.length) return;
  secondsChart = secondsChart || chart("seconds-chart");
  secondsChart.resize();
  secondsChart.setOption({
    textStyle: text, animation: false, legend: legend(shown), grid: { left: 8, right: 24, top: 34, bottom: 8, containLabel: true },
    tooltip: { ...tooltip, trigger: "axis", valueFormatter: (value) => `${short(value)} ops` },
    xAxis: { type: "value", minInterval: 1, min: 1, ...axisLook, axisLabel: { color: ink.quiet, formatter: "{value} s" }, splitLine: { show: false } },
    yAxis: { type: "value", min: 0, ...axisLook, axisLabel: { color: ink.quiet, formatter: round } },
    series: shown.map((name) => ({ name, type: "line", showSymbol: false, lineStyle: { width: 2 }, itemStyle: { color: color[name] },
                                   data: workload.contenders[name].intervals.map((value, index) => [index + 1, value]) })),
  }, { notMerge: true });
}

// ---- Table and facts

function fillTable() {
  const heads = ["workload", "contender", "median", "", `× ${baseline}`, "target", "CPU µs/op", "peak MB", "write ampl.", "p50 µs", "p99 µs", "p99.9 µs", "slowest s"];
  const body = element("tbody");
  for (const line of rows(() => true)) {
    if (line.heading) {
      body.append(element("tr", { className: "group" }, element("td", { colSpan: heads.length }, line.heading)));
      continue;
    }
    names.forEach((name, index) => body.append(tableRow(line.workload, name, index)));
  }
  document.getElementById("table").append(element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", {}, head)))), body);
}

function tableRow(workload, name, index) {
  const entry = workload.contenders[name];
  const dot = element("span", { className: "dot" });
  dot.style.background = color[name];
  const row = element("tr", { className: index === 0 ? "first" : "" }, element("td", {}, index === 0 ? workload.name : ""), element("td", {}, dot, name));
  if (!works(entry)) {
    row.append(element("td", { colSpan: 11, className: "bad" }, `failed: ${entry.error}`));
    return row;
  }
  const check = (wanted) => (entry.checks || []).find((each) => each.name === wanted);
  const judged = (shown, wanted) => element("td", { className: check(wanted) ? (check(wanted).is_met ? "good" : "bad") : "" }, shown);
  const isTargeted = name !== baseline && workload.target;
  row.append(element("td", {}, `${short(entry.median)} ${workload.unit}`), element("td", { className: "quiet" }, percent(entry.spread)),
             judged(name === baseline ? "" : times(entry.ratio), "ratio"), element("td", {}, isTargeted ? `${workload.target}×` : ""),
             element("td", {}, short(entry.cpu_micros_per_op)), judged(short(scaled(entry.peak_memory_bytes, 1e-6)), "peak_memory"),
             judged(short(entry.write_amplification), "write_amplification"), element("td", {}, short(percentile(entry, "p50"))),
             element("td", {}, short(percentile(entry, "p99"))), judged(short(percentile(entry, "p99.9")), "p99.9"),
             judged(entry.worst_second == null ? "–" : `${Math.round(entry.worst_second * 100)}%`, "worst_second"));
  return row;
}

function fillFacts() {
  const machine = results.machine;
  document.title = results.title;
  document.getElementById("title").textContent = results.title;
  document.getElementById("subtitle").textContent =
      `${names.join(", ")} · ${spaced(results.keys)} keys · ${results.rounds} interleaved rounds · ${results.made.slice(0, 16).replace("T", " ")}`;
  const facts = [["Command", element("code", {}, results.command)],
                 ["Machine", `${machine.cores} × ${machine.processor}, ${Math.round(machine.memory_bytes / 2 ** 30)} GiB, Linux ${machine.kernel}; load before: ${machine.load_before.toFixed(1)}`],
                 ["Rounds", "Each round runs every contender once, in turns: A B, then B A. Each run is a process of its own."],
                 ["Time", "What db_bench prints. Nothing is timed per operation in these runs."],
                 ["CPU, memory", "As the kernel counts them for the process, CPU from the end of the warm-up to the end of the process; background work is included."],
                 ["Latencies", "From one further run with histograms and a count of operations each second."],
                 ["Bytes written", "From one further run on a disk that waits for compactions, as the kernel counts pages made dirty."]];
  for (const each of results.contenders) facts.push([each.name, element("code", {}, `${each.program} with ${each.library}`)]);
  for (const [term, what] of facts) document.getElementById("about").append(element("dt", {}, term), element("dd", {}, what));
}

function fillChoices() {
  const select = document.getElementById("workload");
  for (const workload of results.workloads) select.append(element("option", { value: workload.name }, workload.name));
  select.addEventListener("change", () => showWorkload(select.value, false));
  for (const measure of measures) {
    const button = element("button", { type: "button", onclick: () => drawCosts(measure) }, measure.title);
    button.dataset.key = measure.key;
    document.getElementById("measures").append(button);
  }
}

fillFacts();
fillTiles();
fillChoices();
drawRatios();
if (results.workloads.length) showWorkload(results.workloads[0].name, false);
drawCosts(measures[2]);
fillTable();
