// Package audit keeps the trail: who did what, when, through which door. A line
// is written in the deed's own transaction, and each tenant's lines form a
// chain of keyed hashes, so that Verify finds a changed, removed or reordered
// line and a cut tail. The keys, and the seals on each chain's length and head,
// lie outside the database. It judges nobody: who may read is asked elsewhere.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"
)

// Outcomes of a deed.
const (
	OK      = "ok"
	Refused = "refused"
	Failed  = "failed"
)

// Platform is the tenant of deeds that belong to none.
const Platform = ""

// Object is what a deed was done to, and where it belongs.
type Object struct {
	Tenant string
	Org    string
	Type   string
	ID     string
}

// Detail is what else is worth knowing. It never holds a secret.
type Detail map[string]any

// Entry is one line of the trail.
type Entry struct {
	TenantID   string
	Seq        int64 // 1, 2, 3… in each tenant
	At         int64 // Unix microseconds
	ActorType  string
	ActorID    string
	ActorName  string
	Door       string
	RequestID  string
	Verb       string
	ObjectType string
	ObjectID   string
	OrgID      string
	Outcome    string
	Detail     string // a JSON object
	Count      int64  // how many times, more than one for repeated refusals
}

// TableName is for GORM.
func (Entry) TableName() string { return "audit" }

// Time is when it happened.
func (e Entry) Time() time.Time { return time.UnixMicro(e.At).UTC() }

// Details parses Detail; nil when there is nothing to tell.
func (e Entry) Details() (d Detail) {
	if json.Unmarshal([]byte(e.Detail), &d) != nil {
		return nil
	}
	return d
}

// Config says with which keys the trail is chained and sealed.
type Config struct {
	Chain    []byte // keys the chain, 32 bytes
	Seal     []byte // keys the seals on heads, 32 bytes
	SealFile string // outside the database; without one, a cut tail can go unnoticed
	Now      func() time.Time
	Logger   *slog.Logger
}

// Trail writes and checks the lines of one database.
type Trail struct {
	db     *gorm.DB
	config Config
	chain  *hasher
	sealer *hasher
	heads  heads
	sealed sealFile
	tally  tally
	work   worker
}

// Attach makes a trail and hangs it on db, where Record finds it.
func Attach(db *gorm.DB, c Config) (*Trail, error) {
	if len(c.Chain) < 32 || len(c.Seal) < 32 {
		return nil, errors.New("audit: the keys need 32 bytes each")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	t := &Trail{config: c, chain: newHasher(c.Chain), sealer: newHasher(c.Seal)}
	t.sealed = sealFile{path: c.SealFile, key: t.sealer}
	return t, db.Use(t)
}

// plugin is the name under which db knows the trail.
const plugin = "halfkey:audit"

// Name and Initialize make the trail a plugin of GORM.
func (t *Trail) Name() string { return plugin }

// Of is the trail that Attach hung on db.
func Of(db *gorm.DB) (*Trail, error) {
	t, ok := db.Plugins[plugin].(*Trail)
	if !ok {
		return nil, errors.New("audit: no trail is attached to this database")
	}
	return t, nil
}

// Initialize is called by Attach, through GORM.
func (t *Trail) Initialize(db *gorm.DB) error {
	t.db = db.Session(&gorm.Session{NewDB: true})
	return nil
}

// Record writes the deed's line in its transaction, as done well by the actor
// and through the door that ctx knows. Call it last: from here to the commit
// the tenant's chain is held, and others of the same tenant wait.
func Record(ctx context.Context, tx *gorm.DB, verb string, o Object, d Detail) error {
	return Write(ctx, tx, Entry{Verb: verb, TenantID: o.Tenant, OrgID: o.Org, ObjectType: o.Type, ObjectID: o.ID, Detail: d.text()})
}

func (d Detail) text() string {
	if len(d) == 0 {
		return "{}"
	}
	b, err := json.Marshal(d)
	if err != nil {
		return `{"detail":"unreadable"}`
	}
	return string(b)
}

// Write is Record for a line whose outcome, count or actor is special. It
// fills in what e leaves empty: actor, door and request from ctx, the time,
// outcome OK, count 1, and always the place in the chain.
func Write(ctx context.Context, tx *gorm.DB, e Entry) error {
	t, err := Of(tx)
	if err != nil {
		return err
	}
	if _, ok := tx.Statement.ConnPool.(gorm.TxCommitter); !ok {
		return errors.New("audit: " + e.Verb + " is recorded outside a transaction")
	}
	t.fill(ctx, &e)
	return t.append(ctx, tx, &e)
}

func (t *Trail) fill(ctx context.Context, e *Entry) {
	a, r := ActorFrom(ctx), requestFrom(ctx)
	if e.ActorType == "" {
		e.ActorType, e.ActorID, e.ActorName = a.Type, a.ID, a.label()
		e.Detail = onBehalf(e.Detail, a.OnBehalf)
	}
	if e.Door == "" {
		e.Door, e.RequestID = r.door, r.id
	}
	if e.At == 0 {
		e.At = t.config.Now().UnixMicro()
	}
	if e.Outcome == "" {
		e.Outcome = OK
	}
	if e.Detail == "" {
		e.Detail = "{}"
	}
	e.Count = max(e.Count, 1)
	for _, s := range e.texts() {
		*s = clean(*s)
	}
}

// texts are the columns of text in the order of the canonical form.
func (e *Entry) texts() [12]*string {
	return [...]*string{&e.TenantID, &e.ActorType, &e.ActorID, &e.ActorName, &e.Door, &e.RequestID,
		&e.Verb, &e.ObjectType, &e.ObjectID, &e.OrgID, &e.Outcome, &e.Detail}
}

// clean makes s fit for both databases: PostgreSQL refuses a NUL and what is
// not UTF-8, and the chain must hash just what is stored.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "�")
	}
	return strings.ToValidUTF8(s, "�")
}
