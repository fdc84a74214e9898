// Live pages: what the stream carries is described in live.go.
(() => {
  const sign = document.getElementById("live");
  const show = (lost) => {
    if (!sign || sign.classList.contains("lost") === lost) return;
    sign.classList.toggle("lost", lost);
    sign.textContent = lost ? sign.dataset.lost : sign.dataset.live;
  };
  addEventListener("htmx:sse:after:connection", () => show(false));
  addEventListener("htmx:sse:error", (e) => {
    show(true);
    refused(e.detail.status);
  });
  // Signed out meanwhile, or no longer to be seen: the page itself says so.
  const refused = (status) => [401, 403, 404, 410].includes(status) && setTimeout(() => location.reload(), 500);
  // The first answer may be no stream: it must not become the page. Try again later.
  addEventListener("htmx:before:response", (e) => {
    const { ctx } = e.detail;
    if (ctx.sourceElement !== document.body || ctx.response.headers.get("Content-Type")?.startsWith("text/event-stream")) return;
    e.preventDefault();
    if (refused(ctx.response.status)) show(true);
    else again();
  });
  addEventListener("htmx:error", (e) => e.detail.ctx?.sourceElement === document.body && again());
  const again = () => {
    show(true);
    setTimeout(() => htmx.ajax("GET", document.body.getAttribute("hx-sse:connect"), { source: document.body }), 5000);
  };
  addEventListener("htmx:sse:before:message", (e) => {
    const { event, data } = e.detail.message;
    show(false);
    if (!event) return;
    e.preventDefault();
    if (event === "chart") {
      dispatchEvent(new CustomEvent("halfkey:chart", { detail: JSON.parse(data) }));
    } else if (event === "go") {
      if (/^\/(?!\/)/.test(data)) location.assign(data);
    } else {
      const target = document.getElementById(event);
      if (target && !busy(target)) htmx.swap({ sourceElement: document.body, text: data, target, swap: "outerMorph" });
    }
  });
  // busy: what somebody is typing into is left alone.
  const busy = (el) => el.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
})();
