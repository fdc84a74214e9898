// The two halves come after the "#": the browser never sends them to a server.
(() => {
  const box = document.querySelector("[data-enrol]");
  const halves = /^#([0-9A-Za-z]+)-([0-9A-Za-z]+)$/.exec(location.hash);
  if (!box || !halves) return;
  const [, first, second] = halves;
  const line = `regkey ${first}-${second}`;
  const [one, two] = box.querySelectorAll(".key-text");
  one.textContent = first;
  two.textContent = second;
  box.querySelector(".copyline code").textContent = line;
  box.querySelector("[data-copy]").dataset.copy = line;
  for (const s of box.querySelectorAll("[data-serial]")) s.dataset.serial = line;
  for (const s of box.querySelectorAll("[data-nfc]")) nfc(s, line);
  box.hidden = false;
  document.querySelector("[data-enrol-none]").hidden = true;
  history.replaceState(null, "", location.pathname); // not into the history

  // nfc offers to write the line to a tag, where the phone can.
  function nfc(side, text) {
    if (!globalThis.NDEFReader) return;
    side.hidden = false;
    side.querySelector("button").addEventListener("click", async () => {
      const status = side.querySelector("[data-status]");
      try {
        status.textContent = side.dataset.open;
        await new NDEFReader().write(text);
        status.textContent = side.dataset.sent;
      } catch (err) {
        status.textContent = `${side.dataset.wrong} ${err.message}`;
      }
    });
  }
})();
