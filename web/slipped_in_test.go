package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// pointing are addresses that take ids in their query besides those of the matrix.
var pointing = []string{
	"/api/v1/devices?key={key}", "/api/v1/explain?org={own}&action=device:read&device={device}&who={person}", "/why?org={own}&who={person}&action=device:read&what={device}",
	"/audit/access?org={own}&what={device}", "/api/v1/orgs/{own}/access?what={device}", "/api/v1/orgs/{own}/reach?who={person}", "/devices/new?org={own}&key={key}",
	"/c?org={org}", "/k?org={org}", "/people?org={org}", "/activity?org={own}&object={device}", "/activity?org={own}&who={person}", "/shares?device={device}",
	"/devices/{own_device}/move?to={org}", "/reviews?org={org}", "/connectors/new?org={org}&service=thingspeak", "/events?page=home&org={org}", "/events?page=new&key={key}",
}

// beside fills what stands in an address's path with one's own, and every id that
// stands in its query or its form with another tenant's, or with what never was.
func (w *town) beside(t *testing.T, r *row, foreign func(string) string) (path, body string) {
	t.Helper()
	path, query, asks := strings.Cut(r.path, "?")
	path = w.fill(t, path, "own")
	if asks {
		path += "?" + foreign(query)
	}
	return path, foreign(r.body)
}

// An id of another tenant in a query or a form is answered as one that never was,
// too, and does nothing.
func TestForeignIDsInFormsAndQueriesAreAsWhatNeverWas(t *testing.T) {
	w, m := attacked(t)
	theirs := func(text string) string {
		return w.fill(t, strings.NewReplacer("{child}", "{org}", "{own}", w.places["own"]["org"], "{own_device}", w.places["own"]["device"]).Replace(text), "tenant")
	}
	never := func(text string) string {
		return blank.ReplaceAllStringFunc(strings.NewReplacer("{child}", "{org}", "{own}", w.places["own"]["org"], "{own_device}", w.places["own"]["device"]).Replace(text), func(b string) string {
			if b == "{tomorrow}" || b == "{soon}" || b == "{nothing}" {
				return w.fill(t, b, "own")
			}
			return w.madeUp(b)
		})
	}
	rows := slices.Clone(m.rows)
	for _, at := range pointing {
		rows = append(rows, &row{methods: []string{http.MethodGet}, path: strings.ReplaceAll(at, "/devices/{own_device}", "/devices/{device}")})
	}
	for _, r := range rows {
		_, query, _ := strings.Cut(r.path, "?")
		ids := strings.NewReplacer("{tomorrow}", "", "{soon}", "", "{nothing}", "").Replace(query + r.body)
		if !r.bySession() || r.link() || !blank.MatchString(ids) || strings.Contains(r.body, "{other}") {
			continue
		}
		for _, who := range []string{"viewer", "manager", "owner", "founder"} {
			ask := func(foreign func(string) string) (got *httptest.ResponseRecorder) {
				path, body := w.beside(t, r, foreign)
				w.try(t, func() { got = w.ask(t, who, r.methods[0], path, body, r.headers...) })
				w.part(t)
				return got
			}
			foreign, none := ask(theirs), ask(never)
			if foreign.Code != none.Code || unnamed(w, foreign) != unnamed(w, none) {
				t.Errorf("%s %s %s: %s is answered\n%d %s\nand for what never was\n%d %s", r.methods[0], r.path, r.body, who, foreign.Code, cutTo(unnamed(w, foreign)), none.Code, cutTo(unnamed(w, none)))
			}
		}
	}
}

// unnamed is an answer without the ids that were asked for.
func unnamed(w *town, answer *httptest.ResponseRecorder) string {
	text := apartFromNow(answer) + answer.Header().Get("Location")
	for _, id := range w.places["tenant"] {
		if len(id) >= 8 {
			text = strings.ReplaceAll(text, id, "")
		}
	}
	return strings.NewReplacer("99999999", "", "00000000000000000000000000000001", "", "00000000000000000001", "").Replace(text)
}

// kept is what a deed could set by the way: whose things are, where they lie, who
// may what and who said so.
func (w *town) kept(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, query := range []string{
		"SELECT role || '|' || org_id || '|' || tenant_id || '|' || subject_type || '|' || reach || '|' || status || '|' || source || '|' || granted_by || '|' || COALESCE(delegated_from, '') FROM assignments ORDER BY 1",
		"SELECT COALESCE(parent_id, '') || '|' || (tenant_id = id) || '|' || kind || '|' || state || '|' || private || '|' || member_role FROM orgs ORDER BY 1",
		"SELECT org_id || '|' || tenant_id || '|' || state || '|' || door FROM devices ORDER BY 1",
		"SELECT home_org_id || '|' || state || '|' || email || '|' || COALESCE(email_confirmed_at, 0) FROM users ORDER BY 1",
		"SELECT org_id || '|' || tenant_id || '|' || owner_id || '|' || made_by FROM service_accounts ORDER BY 1",
		"SELECT tenant_id || '|' || subject_type || '|' || cut_role || '|' || COALESCE(cut_org_id, '') || '|' || assurance FROM api_tokens ORDER BY 1",
		"SELECT org_id || '|' || role || '|' || email FROM invitations ORDER BY 1",
		"SELECT user_id || '|' || method FROM sessions ORDER BY 1",
	} {
		rows, err := w.Query(query)
		w.must(t, err)
		for rows.Next() {
			var line string
			w.must(t, rows.Scan(&line))
			all.WriteString(line + "\n")
		}
		w.must(t, rows.Close())
	}
	return all.String()
}

// A form takes its own fields and no others: what somebody adds to it sets
// nothing.
func TestFieldsThatAFormDoesNotHaveSetNothing(t *testing.T) {
	w, m := attacked(t)
	theirs, mine := w.places["tenant"]["org"], string(w.callers["manager"].id)
	more := url.Values{}
	for name, value := range map[string]string{
		"tenant": theirs, "tenant_id": theirs, "org_id": theirs, "parent_id": theirs, "home": theirs, "home_org_id": theirs, "id": "00000000000000000001", "user": mine, "user_id": mine, "subject_id": mine,
		"subject": mine, "subject_type": "user", "granted_by": mine, "made_by": mine, "owner_id": mine, "source": "founding", "status": "active", "delegated_from": w.places["own"]["role"],
		"admin": "1", "assurance": "3", "method": "passkey", "verified_at": "9999999999999999", "email_confirmed_at": "1", "door": "simple", "cut_role": "owner", "permissions": "*",
	} {
		more.Set(name, value)
	}
	for _, r := range m.rows {
		method := r.methods[0]
		if method != http.MethodPost || !r.bySession() || strings.HasPrefix(r.path, "/api/") || r.open() {
			continue
		}
		for _, who := range []string{"manager", "founder"} {
			become := func(extra string) (code int, kept string) {
				w.try(t, func() {
					body := w.fill(t, r.body, "own")
					if extra != "" {
						body = strings.TrimPrefix(body+"&"+extra, "&")
					}
					code = w.ask(t, who, method, w.fill(t, r.path, "own"), body, r.headers...).Code
					kept = w.kept(t)
				})
				w.part(t)
				return code, kept
			}
			code, kept := become("")
			if withMore, other := become(more.Encode()); withMore != code || other != kept {
				t.Errorf("POST %s %s by %s: %d becomes %d with fields that it does not have; %s", r.path, r.body, who, code, withMore, differs(kept, other))
			}
		}
	}
}
