// USB from the browser: writes the key's line to a device and shows what it answers.
(() => {
  if (!navigator.serial) return;
  for (const box of document.querySelectorAll("[data-serial]")) {
    box.querySelector("[data-without]").hidden = true;
    const side = box.querySelector("[data-with]");
    side.hidden = false;
    const status = side.querySelector("[data-status]");
    const screen = side.querySelector("[data-console]");
    side.querySelector("button").addEventListener("click", async () => {
      let port;
      try {
        port = await navigator.serial.requestPort();
        await port.open({ baudRate: 115200 });
        status.textContent = box.dataset.open;
        const writer = port.writable.getWriter();
        await writer.write(new TextEncoder().encode(box.dataset.serial + "\r\n"));
        writer.releaseLock();
        status.textContent = box.dataset.sent;
        screen.hidden = false;
        const lines = port.readable.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { value, done } = await lines.read();
          if (done) break;
          screen.append(value);
          screen.scrollTop = screen.scrollHeight;
        }
      } catch (err) {
        if (err.name === "NotFoundError") return; // nothing was chosen
        status.textContent = `${box.dataset.wrong} ${err.message}`;
      } finally {
        port?.close().catch(() => {});
      }
    });
  }
})();
