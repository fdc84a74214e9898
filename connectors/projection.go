package connectors

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/vault"
)

// A Projection is a channel outside: as we want it, and as we last saw it. Times
// are Unix microseconds.
type Projection struct {
	ID           string    `gorm:"column:id;primaryKey"` // our name for the channel, and its mark there
	Op           string    `gorm:"column:op"`            // the wish that it grants
	Connector    ID        `gorm:"column:connector_id"`
	Tenant       iam.OrgID `gorm:"column:tenant_id"`
	Org          iam.OrgID `gorm:"column:org_id"`
	State        string    `gorm:"column:state"`
	Name         string    `gorm:"column:name"`
	Fields       string    `gorm:"column:fields"` // a list of Field as JSON
	Public       bool      `gorm:"column:public"`
	Pending      string    `gorm:"column:pending"`
	Tries        int64     `gorm:"column:tries"`
	Due          int64     `gorm:"column:due_at"`
	Asked        *int64    `gorm:"column:asked_at"` // when it was asked for and no answer was certain
	External     *string   `gorm:"column:external_id"`
	Seen         string    `gorm:"column:seen"` // a sight as JSON
	WriteSealed  []byte    `gorm:"column:write_key_sealed"`
	ReadSealed   []byte    `gorm:"column:read_key_sealed"`
	KeyVersion   int64     `gorm:"column:key_version"`
	KeyChangedAt *int64    `gorm:"column:key_changed_at"`
	SyncedAt     *int64    `gorm:"column:synced_at"`
	Error        string    `gorm:"column:error"`
	ErrorAt      *int64    `gorm:"column:error_at"`
	CreatedAt    int64     `gorm:"column:created_at;autoCreateTime:false"`

	ReadAt     *int64 `gorm:"column:read_at"`       // when our copy of its readings was last made good
	ReadTried  *int64 `gorm:"column:read_tried_at"` // when that was last tried
	ReadDue    int64  `gorm:"column:read_due_at"`   // when it is without anybody looking
	ReadUpto   int64  `gorm:"column:read_upto"`     // the number there of the last entry in the copy
	ReadNewest int64  `gorm:"column:read_newest"`   // the latest time of one
	ReadError  string `gorm:"column:read_error"`    // what the last try failed with
}

// TableName is for GORM.
func (Projection) TableName() string { return "projections" }

// The states of a projection.
const (
	Creating = "creating"
	Spare    = "spare" // made ahead, nobody's yet
	Ready    = "ready"
	Held     = "held"
	Lost     = "lost" // deleted outside
	Closing  = "closing"
	Closed   = "closed"
)

// What is still to be done about a projection.
const (
	toCreate = "create"
	toLook   = "look"   // it was asked for, and nobody knows what became of it
	toLook2  = "look-2" // once looked for in vain
	toChange = "settings"
	toClose  = "close"
)

// A sight is what the service showed.
type sight struct {
	Name    string   `json:"name"`
	Fields  []string `json:"fields"`
	Public  bool     `json:"public"`
	Entries int64    `json:"entries"`
	Agent   bool     `json:"agent,omitempty"`
}

func sightOf(o Outer) sight { return sight{o.Name, o.Fields, o.Public, o.Entries, o.Agent} }

func (p *Projection) sight() (s sight) {
	_ = json.Unmarshal([]byte(p.Seen), &s) // we wrote it; the zero sight is nothing seen
	return s
}

func (p *Projection) fields() (f []Field) {
	_ = json.Unmarshal([]byte(p.Fields), &f)
	return f
}

func (p *Projection) wish() Wish { return Wish{Name: p.Name, Fields: p.fields(), Public: p.Public} }

// differs tells whether the service shows something else than we want.
func (p *Projection) differs(s sight) bool {
	if s.Agent {
		return false
	}
	var names []string
	for _, f := range p.fields() {
		names = append(names, f.Name)
	}
	return s.Name != p.Name || s.Public != p.Public || !slices.Equal(names, s.Fields)
}

func seenOf(o Outer) string { return asJSON(sightOf(o)) }

func asJSON(v any) string {
	b, _ := json.Marshal(v) // texts and numbers always marshal
	return string(b)
}

// View is a projection for a page: without keys, with what was seen.
type View struct {
	Projection
	Wanted   Wish
	SeenName string
	Entries  int64
	Agent    bool // that is onboarded when it has Entries
	Differs  bool
	Synced   time.Time
}

func viewOf(p Projection) View {
	s := p.sight()
	p.WriteSealed, p.ReadSealed = nil, nil
	v := View{Projection: p, Wanted: p.wish(), SeenName: s.Name, Entries: s.Entries, Agent: s.Agent, Synced: iam.TimeOrZero(p.SyncedAt)}
	v.Differs = p.External != nil && p.SyncedAt != nil && p.differs(s)
	return v
}

func writeCell(p *Projection) vault.Cell {
	return vault.Cell{Tenant: string(p.Tenant), Column: "projections.write_key_sealed", Row: p.ID}
}

func readCell(p *Projection) vault.Cell {
	return vault.Cell{Tenant: string(p.Tenant), Column: "projections.read_key_sealed", Row: p.ID}
}

// marker is what a channel of ours carries there. It names the connector too, so
// that two installations with one account leave each other's channels alone.
func (p *Projection) marker() string { return string(p.Connector) + "." + p.ID }

func find(ctx context.Context, tx *gorm.DB, id string) (p Projection, err error) {
	err = tx.WithContext(ctx).Where("id = ?", id).Take(&p).Error
	return p, err
}
