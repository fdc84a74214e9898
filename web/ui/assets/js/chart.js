// Makes the server's picture of a chart one to walk along: arrow, Page, Home and
// End keys move the crosshair, its value is spoken, new points arrive by themselves.
(() => {
  const charts = new Map(); // id → what adds points to it
  const early = new Map(); // id → points that came before the chart was drawn

  const build = async (figure) => {
    const box = figure.querySelector("[data-plot]");
    if (!box || !figure.dataset.src) return;
    const answer = await fetch(figure.dataset.src, { headers: { Accept: "application/json" } });
    if (!answer.ok) return; // the server's picture stays
    const { points } = await answer.json();
    if (points.length < 2) return;
    const add = draw(figure, box, points);
    charts.set(figure.id, add);
    if (early.has(figure.id)) add(early.get(figure.id));
  };

  const draw = (figure, box, points) => {
    const { unit, locale, zone, range } = figure.dataset;
    const spoken = figure.querySelector("[data-spoken]");
    const long = points.at(-1)[0] - points[0][0] > 172800;
    const style = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone || undefined };
    const day = { day: "numeric", month: "short" };
    const exact = new Intl.DateTimeFormat(locale, long ? { ...style, ...day } : { ...style, second: "2-digit" });
    const short = new Intl.DateTimeFormat(locale, long ? { ...day, timeZone: style.timeZone } : style);
    const say = (v) => `${Math.abs(v) >= 1000 ? v.toFixed(0) : v.toFixed(1)}${unit ? " " + unit : ""}`;
    const tip = Object.assign(document.createElement("div"), { className: "chart-tip", hidden: true });
    const old = box.querySelector("svg");
    const paint = (v) => (probe.style.color = `var(${v})`, getComputedStyle(probe).color);
    const probe = document.createElement("span");
    probe.hidden = true;
    box.append(probe);

    const axis = { stroke: () => paint("--quiet"), font: "13px Next, sans-serif", ticks: { show: false }, border: { show: false } };
    const plot = new uPlot({
      width: box.clientWidth, height: box.clientWidth < 420 ? 260 : 280,
      tzDate: (t) => (zone ? uPlot.tzDate(new Date(t * 1000), zone) : new Date(t * 1000)),
      legend: { show: false }, padding: [10, 14, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { size: 9, fill: () => paint("--petrol") } },
      scales: { y: { range: (u, low, high) => { const pad = Math.max((high - low) * 0.18, 0.5); return [low - pad, high + pad]; } } },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: 80, values: (u, ts) => ts.map((t) => short.format(t * 1000)) },
        { ...axis, size: 38, space: 40, grid: { stroke: () => paint("--line"), width: 1 } },
      ],
      series: [{}, { stroke: () => paint("--petrol"), fill: () => paint("--fill"), width: 2, points: { show: false } }],
      hooks: {
        draw: [(u) => {
          const last = u.data[0].length - 1;
          const x = u.valToPos(u.data[0][last], "x", true), y = u.valToPos(u.data[1][last], "y", true);
          const dot = (r, alpha) => {
            u.ctx.globalAlpha = alpha;
            u.ctx.beginPath();
            u.ctx.arc(x, y, r * devicePixelRatio, 0, 7);
            u.ctx.fill();
          };
          u.ctx.fillStyle = paint("--petrol");
          dot(13, 0.12);
          dot(4, 1);
          u.ctx.globalAlpha = 1;
        }],
        setCursor: [(u) => {
          const i = u.cursor.idx;
          tip.hidden = i == null || u.cursor.left < 0;
          if (tip.hidden) return;
          tip.textContent = `${exact.format(u.data[0][i] * 1000)}  ${say(u.data[1][i])}`;
          const left = u.bbox.left / devicePixelRatio + u.cursor.left;
          tip.style.transform = `translate(${Math.max(0, Math.min(left - tip.clientWidth / 2, box.clientWidth - tip.clientWidth))}px, -4px)`;
        }],
      },
    }, [points.map((p) => p[0]), points.map((p) => p[2])], box);
    box.append(tip);
    old.remove();

    box.tabIndex = 0;
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", `${box.dataset.name}. ${box.dataset.keys}`);
    let at = points.length - 1;
    const go = (i) => {
      at = Math.max(0, Math.min(points.length - 1, i));
      plot.setCursor({ left: plot.valToPos(points[at][0], "x"), top: plot.valToPos(points[at][2], "y") });
      spoken.textContent = tip.textContent;
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

    const put = (name, v) => { const el = figure.querySelector(`[data-${name}]`); if (el) el.textContent = say(v); };
    return (fresh) => {
      const end = at === points.length - 1;
      points.push(...fresh.filter((p) => p[0] > points.at(-1)[0]));
      const from = points.at(-1)[0] - (Number(range) || Infinity);
      while (points.length > 2 && points[0][0] < from) points.shift(), at--;
      if (end) at = points.length - 1;
      plot.setData([points.map((p) => p[0]), points.map((p) => p[2])]);
      put("low", Math.min(...points.map((p) => p[1])));
      put("mean", points.reduce((sum, p) => sum + p[2], 0) / points.length);
      put("high", Math.max(...points.map((p) => p[3])));
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
    else early.set(id, [...(early.get(id) ?? []), ...points]);
  });
})();
