// htmx puts answers of our own server into the page; under `require-trusted-types-for 'script'` that needs a policy.
// Markup passes, because only our origin is asked (selfRequestsOnly); scripts and script addresses never do.
if (window.trustedTypes && !window.trustedTypes.defaultPolicy) {
  window.trustedTypes.createPolicy("default", {
    createHTML: (markup) => markup,
    createScript: () => null,
    createScriptURL: () => null,
  });
}
