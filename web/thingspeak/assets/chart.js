// Makes the server's picture one to look into, and fetches newer readings every
// so often. Without script, or while the line is down, the picture stays.
const chart = document.getElementById("chart")
const seconds = Number(chart.dataset.update)
let plot

const paths = { spline: () => uPlot.paths.spline(), step: () => uPlot.paths.stepped({ align: 1 }),
  bar: () => uPlot.paths.bars({ size: [0.7, 60] }), column: () => uPlot.paths.bars({ size: [0.7, 60] }) }

const size = (d) => ({ width: d.auto ? document.documentElement.clientWidth : d.width, height: d.height - 28 }) // the title stands above

const draw = () => {
  const d = JSON.parse(chart.dataset.plot)
  if (!d.times || d.times.length === 0) return
  if (plot) { plot.setData([d.times, d.values]); return }
  const picture = chart.querySelector("svg")
  const clock = d.zone ? (t) => uPlot.tzDate(new Date(t * 1000), d.zone)
    : d.offset != null ? (t) => uPlot.tzDate(new Date((t + d.offset) * 1000), "Etc/UTC") : (t) => new Date(t * 1000)
  const span = d.times.at(-1) - d.times[0]
  const when = uPlot.fmtDate(span > 129600 ? "{D} {MMM}" : span < 300 ? "{HH}:{mm}:{ss}" : "{HH}:{mm}")
  const text = { stroke: "#555", font: "11px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 20 }
  const box = Object.assign(document.createElement("div"), { id: "plot" })
  box.style.background = d.ground
  box.setAttribute("role", "img")
  box.setAttribute("aria-label", picture.getAttribute("aria-label"))
  picture.replaceWith(box)
  const bars = d.type === "bar" || d.type === "column"
  plot = new uPlot({
    ...size(d), title: d.title, tzDate: clock, padding: [6, 12, 0, 0],
    cursor: { drag: { x: true, y: false } },
    scales: { y: { range: (u, low, high) => {
      if (bars) { low = Math.min(low, 0); high = Math.max(high, 0) }
      const [a, b] = uPlot.rangeNum(low ?? 0, high ?? 1, 0.1, true)
      return [d.low ?? a, d.high ?? b]
    } } },
    axes: [{ ...text, label: d.xaxis, space: 70, size: 30, values: (u, ts) => ts.map((t) => when(clock(t))) }, { ...text, label: d.yaxis, size: 46 }],
    series: [{}, { label: d.yaxis, stroke: d.color, width: 2, fill: bars ? d.color : undefined,
      paths: paths[d.type]?.(), points: { show: !bars && d.times.length <= 100, size: 4, fill: d.color } }],
    legend: { show: false },
    hooks: { setCursor: [(u) => { box.title = u.cursor.idx == null ? "" :
      `${new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", timeZone: d.zone || undefined }).format(u.data[0][u.cursor.idx] * 1000)}: ${u.data[1][u.cursor.idx]}` }] },
  }, [d.times, d.values], box)
  if (d.auto) addEventListener("resize", () => plot.setSize(size(d)))
}

if (window.uPlot) draw()
if (seconds > 0) setInterval(async () => {
  if (document.hidden) return
  try {
    const answer = await fetch(location.href, { cache: "no-store" })
    if (!answer.ok) return
    const page = new DOMParser().parseFromString(await answer.text(), "text/html")
    const fresh = page.getElementById("chart")
    if (!fresh) return
    chart.dataset.plot = fresh.dataset.plot
    const old = chart.querySelector("svg")
    if (!window.uPlot && old) old.replaceWith(document.importNode(fresh.querySelector("svg"), true))
    else draw()
  } catch { /* the line is down: the old drawing stays */ }
}, seconds * 1000)
