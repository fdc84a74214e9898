// The one Trusted Types policy. Only htmx makes HTML with it, and only from
// answers of this host, which templ has escaped. Fragments bring no scripts (a
// page loads all it needs by itself), and nothing may make code from text.
const clean = (html) => html.replace(/<script\b[\s\S]*?<\/script>/gi, "");
const policy = globalThis.trustedTypes ? trustedTypes.createPolicy("htmx", { createHTML: clean }) : { createHTML: clean };
const refuse = function () {
  return { call: () => console.error("halfkey: a page asked htmx to run text as code") };
};
htmx.registerExtension("trusted", { init: (api) => api.initSecurity(policy, refuse, refuse) });
