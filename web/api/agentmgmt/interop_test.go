package agentmgmt

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/devices/agents"
	"halfkey/devices/agents/agentstest"
	"halfkey/iam/token"
	"halfkey/migrations"
	"halfkey/migrations/dbtest"
)

// A site is a door on a real address, which may lose answers.
type site struct {
	*door
	swallow atomic.Int64 // answers to renewals that get lost
	ca      string       // a PEM file, where it speaks TLS
}

// onLine opens the door on a free port, each request going to the next replica.
func onLine(t *testing.T, d *door, secure bool, more ...*door) *site {
	t.Helper()
	s := &site{door: d}
	doors := append([]*door{d}, more...)
	var n atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := doors[int(n.Add(1))%len(doors)]
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/register/") && s.swallow.Add(-1) >= 0 {
			at.echo.ServeHTTP(httptest.NewRecorder(), r) // done, and nobody hears of it
			panic(http.ErrAbortHandler)
		}
		at.echo.ServeHTTP(w, r)
	}))
	if secure {
		server.StartTLS()
		s.ca = filepath.Join(t.TempDir(), "ca.pem")
		must(t, os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	d.Base = server.URL
	d.Clock.Pass(time.Since(d.Now())) // the client goes by its own clock
	d.again()
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// node runs a script beside the published client.
func (s *site) node(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := agentstest.Node(t, args...)
	c.Env = append(c.Env, "NODE_EXTRA_CA_CERTS="+s.ca)
	return c
}

func TestThePublishedClientLivesItsLife(t *testing.T) {
	for _, c := range []struct {
		name    string
		open    func(t *testing.T) (*door, []*door)
		profile agents.Profile
		secure  bool
	}{
		{"sqlite, secret, http", lone(dbtest.SQLite), agents.SharedSecret, false},
		{"postgres, RSA, https", lone(dbtest.Postgres), agents.RSA3072, true},
		{"two replicas, RSA, http", pair, agents.RSA3072, false},
		{"two replicas, secret, https", pair, agents.SharedSecret, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, more := c.open(t)
			life(t, onLine(t, d, c.secure, more...), c.profile)
		})
	}
}

func lone(open func(testing.TB) *migrations.DB) func(t *testing.T) (*door, []*door) {
	return func(t *testing.T) (*door, []*door) { return openDoor(t, open(t)), nil }
}

func openDoor(t *testing.T, db *migrations.DB) *door { return open(t, db) }

func pair(t *testing.T) (*door, []*door) {
	dsn := dbtest.DSN(t)
	d := open(t, opened(t, dsn))
	house := &agentstest.House{House: d.House.House, Machines: d.Machines, Agents: d.Replica(t, opened(t, dsn))}
	there := *d
	there.House, there.echo = house, d.doors(house, agentHandler(house))
	return d, []*door{&there}
}

// life lets one device of the published client live, and answers its questions.
func life(t *testing.T, s *site, profile agents.Profile) {
	o := s.made("press 7", profile)
	dir := t.TempDir()
	file := filepath.Join(dir, "agent.json")
	o.save(t, file)
	args := []string{"testdata/agent.mjs", file, filepath.Join(dir, "state")}
	if profile == agents.RSA3072 {
		key := filepath.Join(dir, "private.key")
		must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(o.key)}), 0o600))
		args = append(args, key)
	}
	node := s.node(t, args...)
	in, err := node.StdinPipe()
	must(t, err)
	out, err := node.StdoutPipe()
	must(t, err)
	var stderr strings.Builder
	node.Stderr = &stderr
	must(t, node.Start())
	said := map[string]string{}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l struct {
			Step   string
			Result json.RawMessage
		}
		if json.Unmarshal(lines.Bytes(), &l) != nil {
			continue // the client's own words
		}
		if l.Step != "ask" {
			said[l.Step] = string(l.Result)
			continue
		}
		s.answerTo(t, o, strings.Trim(string(l.Result), `"`), file)
		_, err := io.WriteString(in, "go\n")
		must(t, err)
	}
	if err := node.Wait(); err != nil {
		t.Fatalf("%v\n%s\nit came to %v", err, &stderr, slices.Sorted(maps.Keys(said)))
	}
	for step, want := range map[string]string{
		"onboarded": "ONBOARDED", "validated": "true", "configured": `"eTag":"1"`, "configuration": `"unit":"°C"`, "changed": `"eTag":"2"`, "data": "true", "bulk": "true",
		"event": "true", "events": `"description":"oil is hot"`, "file": `"`, "fileAgain": `"`, "large": `"`, "mapped": "true", "mappings": `"propertyName":"Temperature"`, "invalid": "refused",
		"rotated": "true", "lost": "refused", "rotatedAgain": "true", "kept": "true", "renewed": `"`, "signedAnew": "invalid signature", "offboarded": "refused",
		"forgot": "true", "onboardedAgain": "ONBOARDED", "configuredAgain": `"eTag":"3"`, "token": `"`,
	} {
		if !strings.Contains(said[step], want) {
			t.Errorf("%s: %s, want %s in it", step, said[step], want)
		}
	}
	s.kept(t, o)
}

// save writes the boarding configuration as it is downloaded.
func (o *onboarded) save(t *testing.T, file string) {
	t.Helper()
	r := o.d.send("GET", o.at("/boarding/configuration"), o.d.admin, nil).wants(t, 200)
	must(t, os.WriteFile(file, r.Body.Bytes(), 0o600))
}

func (s *site) answerTo(t *testing.T, o *onboarded, question, file string) {
	t.Helper()
	switch question {
	case "swallow":
		s.swallow.Store(1)
	case "expire": // as if a week had passed
		must(t, s.DB.Exec("UPDATE agents SET expires_at = 1, old_expires_at = 1 WHERE id = ?", o.id).Error)
	case "rotateKeys":
		must(t, s.DB.Transaction(func(tx *gorm.DB) error { return s.Agents.Keys.Rotate(t.Context(), tx, "", token.ES256) }))
		time.Sleep(1100 * time.Millisecond) // until every replica knows
	case "offboard":
		s.send("POST", o.at("/boarding/offboard"), s.admin, nil).wants(t, 200)
	case "board":
		o.save(t, file)
	}
}

// kept looks at what has arrived.
func (s *site) kept(t *testing.T, o *onboarded) {
	t.Helper()
	a, err := s.Agents.Get(as(s.door), agents.ID(o.id))
	must(t, err)
	own, err := channels.ParseID(a.Channel)
	must(t, err)
	rows, err := s.Channels.Feed(t.Context(), own, channels.Query{})
	must(t, err)
	if len(rows) != 4 || *rows[0].Fields[0] != "21.5" || *rows[0].Fields[1] != "1" || *rows[3].Fields[0] != "24.5" {
		t.Errorf("%+v", rows)
	}
	var files []wireFile
	s.send("GET", filing+"/files/"+o.id, s.admin, nil).wants(t, 200).into(t, &files)
	if len(files) != 2 || files[0].Name != "large.bin" || files[0].Size != 12<<20 || files[1].Name != "log.txt" || files[1].ETag != 2 {
		t.Errorf("%+v", files)
	}
	if r := s.send("GET", filing+"/files/"+o.id+"/log.txt", s.admin, nil).wants(t, 200); r.Body.String() != "it presses on" {
		t.Error(r.Body)
	}
}
