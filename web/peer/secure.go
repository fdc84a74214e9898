package peer

import "net/http"

// Secure tells whether nobody on the line reads the request: it came over TLS,
// or a trusted proxy says that it did on its far side.
func Secure(r *http.Request, trusted Trusted) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" && trusted.has(remote(r.RemoteAddr))
}
