// Makes the server's picture of a chart one to walk along: arrow, Page, Home and
// End keys move the crosshair, its value is spoken, new points arrive by themselves.
// A chart has one line, or two to compare, which have one scale if their unit is one.
(() => {
  const charts = new Map(); // id of a line → what adds points to it
  const early = new Map(); // id → points that came before the line was drawn

  const build = async (figure) => {
    const box = figure.querySelector("[data-plot]");
    const { src, unit, label, withId, withSrc, withUnit, withLabel } = figure.dataset;
    if (!box || !src) return;
    const asked = [{ id: figure.id, src, unit, label }];
    if (withSrc) asked.push({ id: withId, src: withSrc, unit: withUnit, label: withLabel });
    const lines = (await Promise.all(asked.map(async (line) => {
      const answer = await fetch(line.src, { headers: { Accept: "application/json" } });
      return { ...line, points: answer.ok ? (await answer.json()).points : [] };
    }))).filter((line, i) => i === 0 || line.points.length > 1);
    if (lines[0].points.length < 2) return; // the server's picture stays
    const add = draw(figure, box, lines);
    lines.forEach((line, i) => {
      charts.set(line.id, (fresh) => add(i, fresh));
      if (early.has(line.id)) add(i, early.get(line.id));
    });
  };

  const near = ({ points }, t) => points.reduce((best, p) => (Math.abs(p[0] - t) < Math.abs(best[0] - t) ? p : best));

  const draw = (figure, box, lines) => {
    const { locale, zone, range } = figure.dataset;
    const two = lines.length > 1, own = two && (!lines[0].unit || lines[0].unit !== lines[1].unit);
    const colours = ["--petrol", "--other"];
    const spoken = figure.querySelector("[data-spoken]");
    const long = lines[0].points.at(-1)[0] - lines[0].points[0][0] > 172800;
    const style = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone || undefined };
    const day = { day: "numeric", month: "short" };
    const exact = new Intl.DateTimeFormat(locale, long ? { ...style, ...day } : { ...style, second: "2-digit" });
    const short = new Intl.DateTimeFormat(locale, long ? { ...day, timeZone: style.timeZone } : style);
    const say = (v, { unit }) => `${Math.abs(v) >= 1000 ? v.toFixed(0) : v.toFixed(1)}${unit ? " " + unit : ""}`;
    const tell = (t) => two
      ? [exact.format(t * 1000), ...lines.map((l) => `${l.label}  ${say(near(l, t)[2], l)}`)].join("\n")
      : `${exact.format(t * 1000)}  ${say(near(lines[0], t)[2], lines[0])}`;
    const tip = Object.assign(document.createElement("div"), { className: "chart-tip", hidden: true });
    const old = box.querySelector("svg");
    const paint = (v) => (probe.style.color = `var(${v})`, getComputedStyle(probe).color);
    const probe = document.createElement("span");
    probe.hidden = true;
    box.append(probe);

    // One column of times for both lines; where only the other has a reading there is null.
    const columns = () => {
      if (!two) return [lines[0].points.map((p) => p[0]), lines[0].points.map((p) => p[2])];
      const times = [...new Set(lines.flatMap((l) => l.points.map((p) => p[0])))].sort((a, b) => a - b);
      return [times, ...lines.map((l) => {
        const at = new Map(l.points.map((p) => [p[0], p[2]]));
        return times.map((t) => at.get(t) ?? null);
      })];
    };
    const padded = { range: (u, low, high) => { const pad = Math.max((high - low) * 0.18, 0.5); return [low - pad, high + pad]; } };
    const axis = { stroke: () => paint("--quiet"), font: "13px Next, sans-serif", ticks: { show: false }, border: { show: false } };
    const line = (i) => ({ stroke: () => paint(colours[i]), width: 2, points: { show: false }, spanGaps: two, scale: own && i ? "own" : "y" });
    const plot = new uPlot({
      width: box.clientWidth, height: box.clientWidth < 420 ? 260 : 280,
      tzDate: (t) => (zone ? uPlot.tzDate(new Date(t * 1000), zone) : new Date(t * 1000)),
      legend: { show: false }, padding: [10, own ? 0 : 14, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { size: 9, fill: (u, i) => paint(colours[i - 1]) } },
      scales: { y: padded, ...(own ? { own: padded } : {}) },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: 80, values: (u, ts) => ts.map((t) => short.format(t * 1000)) },
        { ...axis, size: 38, space: 40, grid: { stroke: () => paint("--line"), width: 1 } },
        ...(own ? [{ ...axis, scale: "own", side: 1, size: 44, space: 40, grid: { show: false }, stroke: () => paint("--other") }] : []),
      ],
      series: [{}, { ...line(0), fill: () => paint("--fill") }, ...(two ? [{ ...line(1), dash: [7, 4] }] : [])],
      hooks: {
        draw: [(u) => lines.forEach((l, i) => {
          const [t, , v] = l.points.at(-1);
          const x = u.valToPos(t, "x", true), y = u.valToPos(v, own && i ? "own" : "y", true);
          const dot = (r, alpha) => {
            u.ctx.globalAlpha = alpha;
            u.ctx.beginPath();
            u.ctx.arc(x, y, r * devicePixelRatio, 0, 7);
            u.ctx.fill();
          };
          u.ctx.fillStyle = paint(colours[i]);
          dot(13, 0.12);
          dot(4, 1);
          u.ctx.globalAlpha = 1;
        })],
        setCursor: [(u) => {
          const i = u.cursor.idx;
          tip.hidden = i == null || u.cursor.left < 0;
          if (tip.hidden) return;
          tip.textContent = tell(u.data[0][i]);
          const left = u.bbox.left / devicePixelRatio + u.cursor.left;
          tip.style.transform = `translate(${Math.max(0, Math.min(left - tip.clientWidth / 2, box.clientWidth - tip.clientWidth))}px, -4px)`;
        }],
      },
    }, columns(), box);
    box.append(tip);
    old.remove();

    box.tabIndex = 0;
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", `${box.dataset.name}. ${box.dataset.keys}`);
    let at = plot.data[0].length - 1;
    const go = (i) => {
      at = Math.max(0, Math.min(plot.data[0].length - 1, i));
      const t = plot.data[0][at];
      plot.setCursor({ left: plot.valToPos(t, "x"), top: plot.valToPos(near(lines[0], t)[2], "y") });
      spoken.textContent = tip.textContent.replaceAll("\n", ", ");
    };
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    box.addEventListener("keydown", (e) => {
      if (!(e.key in moves) || e.ctrlKey || e.altKey || e.metaKey) return;
      e.preventDefault();
      go(at + moves[e.key]);
    });
    box.addEventListener("blur", () => plot.setCursor({ left: -10, top: -10 }));
    new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: plot.height })).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());

    const put = (l, name, v) => { const el = figure.querySelector(`[data-numbers="${l.id}"] [data-${name}]`); if (el) el.textContent = say(v, l); };
    return (i, fresh) => {
      const here = lines[i], end = at === plot.data[0].length - 1, was = plot.data[0][at];
      here.points.push(...fresh.filter((p) => p[0] > here.points.at(-1)[0]));
      const from = Math.max(...lines.map((l) => l.points.at(-1)[0])) - (Number(range) || Infinity);
      for (const { points } of lines) while (points.length > 2 && points[0][0] < from) points.shift();
      plot.setData(columns());
      at = end ? plot.data[0].length - 1 : Math.max(0, plot.data[0].findIndex((t) => t >= was));
      put(here, "low", Math.min(...here.points.map((p) => p[1])));
      put(here, "mean", here.points.reduce((sum, p) => sum + p[2], 0) / here.points.length);
      put(here, "high", Math.max(...here.points.map((p) => p[3])));
    };
  };

  // A chart that had too little to draw fetches itself anew when points arrive.
  const fetchAnew = async (figure) => {
    await htmx.ajax("GET", location.href, { source: figure, target: figure, select: "#" + figure.id, swap: "outerHTML" });
    await build(document.getElementById(figure.id));
  };

  for (const figure of document.querySelectorAll(".chart")) build(figure);
  addEventListener("halfkey:chart", ({ detail: { id, points } }) => {
    const figure = document.getElementById(id);
    if (charts.has(id)) charts.get(id)(points);
    else if (figure && !figure.querySelector("[data-plot]")) fetchAnew(figure);
    else early.set(id, [...(early.get(id) ?? []), ...points].slice(-500));
  });
})();
