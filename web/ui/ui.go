// Package ui is the look of every page: the frame, the parts that pages are put
// together from, the words they say and the files a browser fetches. It knows
// nothing of devices, organisations or the database; a page hands it plain values.
package ui

// CSP is the content security policy that every page carries. It allows no
// inline script or style, no foreign origin and no HTML that has not passed the
// one Trusted Types policy (assets/js/trusted.js).
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
	"frame-ancestors 'none'; manifest-src 'self'; " +
	"require-trusted-types-for 'script'; trusted-types htmx"
