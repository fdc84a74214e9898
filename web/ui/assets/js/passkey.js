// Passkeys: asks the authenticator what the server asks, and sends its answer
// with the page's form. Without this file the form's password does.
(() => {
  if (!globalThis.PublicKeyCredential || !navigator.credentials) return;
  const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list) => list?.map((c) => ({ ...c, id: bytes(c.id) }));

  const ask = async (box, form) => {
    const who = new URLSearchParams();
    for (const name of ["name", "email"]) if (form.elements[name]) who.set(name, form.elements[name].value);
    const res = await fetch(box.dataset.ask, { method: "POST", body: who, headers: { Accept: "application/json" } });
    const answer = await res.json();
    if (!res.ok) throw new Error(answer.title);
    return answer;
  };
  const make = async (o) => {
    const publicKey = { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: ids(o.excludeCredentials) };
    const c = await navigator.credentials.create({ publicKey });
    const r = c.response;
    return { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports?.() ?? [], of: c };
  };
  const use = async (o, more) => {
    const publicKey = { ...o, challenge: bytes(o.challenge), allowCredentials: ids(o.allowCredentials) };
    const c = await navigator.credentials.get({ publicKey, ...more });
    const r = c.response;
    return { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: r.userHandle && text(r.userHandle), of: c };
  };
  const send = (box, form, ticket, { of, ...response }) => {
    const field = (name) => form.elements[box.dataset.prefix + name];
    field("ticket").value = ticket;
    field("passkey").value = JSON.stringify({ id: of.id, rawId: text(of.rawId), type: of.type, response, clientExtensionResults: {} });
    for (const p of form.querySelectorAll("input[autocomplete$=password]")) p.value = "";
    form.submit();
  };

  for (const box of document.querySelectorAll("[data-passkey]")) {
    if (box.dataset.origin !== location.origin) continue;
    const form = box.closest("form");
    const button = box.querySelector("button");
    const sorry = box.querySelector("[role=alert]");
    box.hidden = false;
    for (const b of form.querySelectorAll("button.button-primary")) if (b !== button) b.classList.remove("button-primary");
    let waiting = new AbortController();

    // wait offers passkeys beside the e-mail field, anew before the question is too old.
    const wait = async () => {
      if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
      const mine = (waiting = new AbortController());
      const renew = setTimeout(() => (mine.abort(), wait()), 240000);
      try {
        const { ticket, options } = await ask(box, form);
        send(box, form, ticket, await use(options, { mediation: "conditional", signal: mine.signal }));
      } catch {
        // nothing was chosen
      } finally {
        clearTimeout(renew);
      }
    };

    button.addEventListener("click", async () => {
      const others = [...form.elements].filter((e) => e.type !== "password" && !e.checkValidity());
      if (box.dataset.passkey === "make" && others.length) return void others[0].reportValidity();
      waiting.abort();
      sorry.hidden = true;
      button.disabled = true;
      try {
        const { ticket, options } = await ask(box, form);
        send(box, form, ticket, await (box.dataset.passkey === "make" ? make(options) : use(options)));
      } catch (err) {
        button.disabled = false;
        sorry.textContent = err instanceof DOMException ? box.dataset.failed : err.message;
        sorry.hidden = false;
      }
    });
    if (box.dataset.waits) wait();
  }
})();
