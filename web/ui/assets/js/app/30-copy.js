// Buttons that copy, that show a password, and secrets that hide themselves.
(() => {
  const ready = (root) => {
    if (navigator.clipboard) for (const b of root.querySelectorAll("[data-copy][hidden]")) b.hidden = false;
    for (const b of root.querySelectorAll("[data-reveal][hidden]")) b.hidden = false;
    for (const r of root.querySelectorAll("[data-hide]")) hide(r);
  };
  addEventListener("click", async (e) => {
    const copy = e.target.closest("[data-copy]");
    if (copy) {
      await navigator.clipboard.writeText(copy.dataset.copy);
      const label = copy.querySelector("span");
      const before = label ? label.textContent : copy.getAttribute("aria-label");
      const say = (t) => (label ? (label.textContent = t) : copy.setAttribute("aria-label", t));
      if (copy.classList.contains("copied")) return;
      say(copy.dataset.done);
      copy.classList.add("copied");
      setTimeout(() => (say(before), copy.classList.remove("copied")), 2000);
    }
    const reveal = e.target.closest("[data-reveal]");
    if (reveal) {
      const input = document.getElementById(reveal.dataset.reveal);
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      reveal.setAttribute("aria-pressed", String(!shown));
    }
    for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(e.target)) menu.open = false;
  });
  addEventListener("keydown", (e) => {
    const menu = e.key === "Escape" && document.querySelector(".menu[open]");
    if (menu) (menu.open = false), menu.querySelector("summary").focus();
  });
  // hide counts down in words once, then removes the secret and leads back.
  const hide = (box) => {
    if (box.dataset.counting) return;
    box.dataset.counting = "yes";
    const link = box.querySelector("[data-left] a");
    const until = Date.now() + 1000 * box.dataset.hide;
    const timer = setInterval(() => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0) return void (link.textContent = box.dataset.words.replace("#", left));
      clearInterval(timer);
      box.querySelector(".copyline")?.remove();
      if (box.isConnected) location.replace(link.href);
    }, 500);
  };
  ready(document);
  addEventListener("htmx:after:swap", () => ready(document));
  // A page kept by the browser for "back" must not show a secret again.
  addEventListener("pageshow", (e) => e.persisted && document.querySelector("[data-hide]") && location.reload());
})();
