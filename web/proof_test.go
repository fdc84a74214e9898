package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"halfkey/iam"
)

// harmless are the deeds that a browser which was left open does without asking
// who sits before it. They hand over no key and no role, show no secret, and change
// nobody's rights but by taking a thing away; to offboard a device takes its serial.
const harmless = `
POST /me/mail
POST /me/silence
POST /me/sessions/{nothing}/end
POST /me/sessions/end-others
POST /notices/{nothing}/dismiss
POST /look/end

POST /devices/{device}/name
POST /devices/{device}/pause
POST /devices/{device}/resume
POST /devices/{device}/move
POST /devices/{device}/offboard
POST /devices/{device}/read-keys/{read_key}/revoke
POST /k/{channel}/revoke
POST /c/{channel}/embeds/{embed}/end
PATCH /api/v1/devices/{device}
POST /api/v1/devices/{device}/pause
POST /api/v1/devices/{device}/resume
POST /api/v1/devices/{device}/move
POST /api/v1/devices/{device}/retire
POST /pending/{pending}/accept
POST /pending/{pending}/refuse
POST /api/v1/pending/{pending}/accept
POST /api/v1/pending/{pending}/refuse
POST /devices/new/keys/{key}/serials
POST /api/v1/keys/{key}/serials
POST /transfers/{incoming}/decline
POST /transfers/{transfer}/cancel
POST /api/v1/transfers/{incoming}/decline
POST /api/v1/transfers/{transfer}/cancel

POST /agents
POST /agents/bulk
POST /agents/{agent}
POST /agents/{agent}/network
POST /agents/{agent}/remove

POST /orgs
POST /api/v1/orgs
POST /orgs/{org}/webhooks/{webhook}/remove
POST /people/invitations/{invitation}/revoke
DELETE /api/v1/invitations/{invitation}
POST /services
POST /services/{service}/end
POST /services/{service}/roles/{service_role}/end
POST /services/{service}/tokens/{service_token}/revoke
POST /api/v1/orgs/{org}/services
DELETE /api/v1/services/{service}
DELETE /api/v1/services/{service}/roles/{service_role}
DELETE /api/v1/services/{service}/tokens/{service_token}

POST /audit/check
POST /audit/exports
POST /audit/keys/term
POST /api/v1/orgs/{org}/audit/exports
POST /reviews
POST /reviews/{review}/items/{item}
POST /reviews/{review}/close
POST /api/v1/orgs/{org}/reviews
POST /api/v1/reviews/{review}/items/{item}
POST /api/v1/reviews/{review}/close

DELETE /api/v1/devices/{device}/embeds/{embed}
DELETE /api/v1/devices/{device}/read_keys/{read_key}
DELETE /api/v1/me/notices/{nothing}
DELETE /api/v1/me/sessions
DELETE /api/v1/orgs/{org}/webhooks/{webhook}
PATCH /api/v1/me/wishes
POST /admin/jobs/kinds/{nothing}/retry
POST /api/v1/job_kinds/{nothing}/retry
POST /api/v1/orgs/{org}/audit/check
POST /api/v1/webhooks/{webhook}/again
POST /api/v1/webhooks/{webhook}/let_go
PUT /api/v1/orgs/{org}/key_term
`

// Whatever else changes something asks for a proof that is at most ten minutes
// old, and does nothing without one.
func TestABrowserThatWasLeftOpenDoesNothingDangerous(t *testing.T) {
	w, m := attacked(t)
	w.must(t, w.DB.Exec("UPDATE sessions SET verified_at = ?", iam.Micros(w.Now().Add(-time.Hour))).Error)
	w.part(t)
	lets := map[string]bool{}
	for line := range strings.SplitSeq(harmless, "\n") {
		lets[line] = true
	}
	for _, r := range m.rows {
		method := r.methods[0]
		if !changes(method) || !r.bySession() || r.open() {
			continue
		}
		name := method + " " + strings.Fields(r.path)[0]
		for _, who := range []string{"founder", "platform-admin"} {
			before := w.one(t, "SELECT COUNT(*) || '' FROM audit WHERE outcome = 'ok'")
			w.try(t, func() {
				answer := w.ask(t, who, method, w.fill(t, r.path, "own"), w.fill(t, r.body, "own"), r.headers...)
				asked := answer.Code == http.StatusForbidden && strings.Contains(answer.Body.String(), "prove") || strings.HasPrefix(answer.Header().Get("Location"), "/step?")
				switch {
				case !asked && !lets[name] && answer.Code < http.StatusBadRequest:
					t.Errorf("%s is answered %d", name, answer.Code)
				case asked && w.one(t, "SELECT COUNT(*) || '' FROM audit WHERE outcome = 'ok'") != before:
					t.Errorf("%s asks for a proof, and is done all the same", name)
				}
			})
			w.part(t)
		}
	}
}
