// Times that age: "40 s ago" becomes "45 s ago" without asking the server.
(() => {
  const words = document.body.dataset.ago.split("|");
  const steps = [[5, 0], [120, 1], [7200, 60], [172800, 3600], [2592000, 86400]];
  const ago = (seconds) => {
    const i = steps.findIndex(([below]) => seconds < below);
    return i < 0 ? "" : words[i].replace("#", Math.floor(seconds / (steps[i][1] || 1)));
  };
  // The server's clock counts: this one may be wrong, so only the difference is used.
  const skew = Date.now() - Date.parse(document.body.dataset.now);
  setInterval(() => {
    if (document.hidden) return;
    for (const el of document.querySelectorAll("time[data-ages]")) {
      const text = ago((Date.now() - skew - Date.parse(el.dateTime)) / 1000);
      if (text && text !== el.textContent) el.textContent = text;
    }
  }, 5000);
})();
