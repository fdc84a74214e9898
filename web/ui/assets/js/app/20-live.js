// Live pages: what the stream carries is described in live.go.
(() => {
  const sign = document.getElementById("live");
  const show = (lost) => {
    if (!sign || sign.classList.contains("lost") === lost) return;
    sign.classList.toggle("lost", lost);
    sign.textContent = lost ? sign.dataset.lost : sign.dataset.live;
  };
  addEventListener("htmx:sse:after:connection", (e) => show(e.detail.connection.status >= 400));
  addEventListener("htmx:sse:error", () => show(true));
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
