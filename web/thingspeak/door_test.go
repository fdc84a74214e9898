package thingspeak

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/vault"
	"halfkey/migrations/dbtest"
)

const org = iam.OrgID("00000000000000000001")

// A house is the door on a real socket with a store behind it, and one device's channel.
type house struct {
	addr     string
	handler  http.Handler
	store    *channels.Store
	db       *gorm.DB
	id       channels.ID
	writeKey string
	readKey  string
	account  string
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := dbtest.SQLite(t).Gorm
	v, err := vault.Open(filepath.Join(t.TempDir(), "keyset"))
	must(t, err)
	_, err = audit.Attach(db, audit.Config{Chain: v.Pepper("audit-chain"), Seal: v.Pepper("audit-seal")})
	must(t, err)
	must(t, db.Exec(`INSERT INTO orgs (id, tenant_id, kind, slug, name, state, created_at) VALUES (?, ?, 'tenant', 'simpsons', 'The Simpsons', 'active', 0)`, org, org).Error)
	h := &house{db: db, store: &channels.Store{DB: db, Vault: v, Now: time.Now}}
	must(t, db.Transaction(func(tx *gorm.DB) error {
		c, err := h.store.Create(context.Background(), tx, connectors.Wanted{Op: "op", Tenant: org, Org: org, Name: "Garage",
			Fields: []connectors.Field{{Name: "Temperature", Unit: "°C"}, {Name: "Humidity", Unit: "%"}}})
		if err != nil {
			return err
		}
		h.writeKey = c.WriteKey.Reveal()
		h.id, err = channels.ParseID(c.ID)
		if err != nil {
			return err
		}
		read, err := h.store.RevealReadKey(context.Background(), tx, c.ID, "00000000000000000009", "Marge")
		if err != nil {
			return err
		}
		account, _, err := h.store.NewAccountKey(context.Background(), tx, org, org, "00000000000000000009")
		h.readKey, h.account = read.Reveal(), account.Reveal()
		return err
	}))
	h.handler = New(Config{Store: h.store})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	h.addr = l.Addr().String()
	srv := Server(h.handler)
	go srv.Serve(Listen(l))
	t.Cleanup(func() { srv.Close() })
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fill puts this house's keys and channel into a text.
func (h *house) fill(s string) string {
	return strings.NewReplacer("WRITEKEY", h.writeKey, "READKEY", h.readKey, "ACCOUNT", h.account, "CHANNEL", h.id.String(), "{host}", h.addr).Replace(s)
}

// send writes to a fresh socket, one print at a time, and returns what came back until the end.
func (h *house) send(t testing.TB, prints ...string) string {
	t.Helper()
	c, err := net.Dial("tcp", h.addr)
	must(t, err)
	defer c.Close()
	must(t, c.SetDeadline(time.Now().Add(5*time.Second)))
	for _, p := range prints {
		_, err := io.WriteString(c, h.fill(p))
		must(t, err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	must(t, err)
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return res.Status + "|" + string(body)
}

// ask calls the handler without a socket.
func (h *house) ask(t testing.TB, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, h.fill(target), strings.NewReader(h.fill(body)))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], h.fill(header[i+1]))
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	if n := w.Header().Get("Content-Length"); n == "" {
		t.Errorf("%s %s: no Content-Length", method, target)
	}
	return w
}

func (h *house) wants(t testing.TB, method, target, body string, status int, want string) {
	t.Helper()
	w := h.ask(t, method, target, body)
	if w.Code != status || w.Body.String() != h.fill(want) {
		t.Errorf("%s %s: %d %q, want %d %q", method, target, w.Code, w.Body, status, h.fill(want))
	}
}

func (h *house) last(t testing.TB) channels.Row {
	t.Helper()
	r, err := h.store.Last(t.Context(), h.id, 0)
	must(t, err)
	return r
}

func decoded(t testing.TB, b *bytes.Buffer) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}
