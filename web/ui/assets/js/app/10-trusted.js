// The one Trusted Types policy. Only htmx makes HTML with it, and only from
// answers of this host, which templ has escaped; nothing may make code from text.
const policy = globalThis.trustedTypes
  ? trustedTypes.createPolicy("htmx", { createHTML: (html) => html })
  : { createHTML: (html) => html };
const refuse = function () {
  return { call: () => console.error("halfkey: a page asked htmx to run text as code") };
};
htmx.registerExtension("trusted", { init: (api) => api.initSecurity(policy, refuse, refuse) });
