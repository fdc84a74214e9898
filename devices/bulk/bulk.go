// Package bulk does one deed to many things: to devices that are named or
// found, to the lines of a file. A job does them one after another, each with the
// rights that its author has at that moment, and keeps count. It knows neither
// pages nor the API.
package bulk

import (
	"errors"
	"time"

	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/devices/files"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/orgs"
	"halfkey/policies"
)

// Act is what is done to each.
type Act string

// The deeds. The last three take the lines of a file.
const (
	Pause   Act = "pause"
	Resume  Act = "resume"
	Move    Act = "move"
	Retire  Act = "retire"
	Serials Act = "serials" // listed on a registration key
	Invite  Act = "invite"  // people, by mail
	Import  Act = "import"  // readings, into a channel
)

// Most is how many things one run takes.
const Most = 10_000

// What can be wrong with a run as a whole.
var (
	ErrAct     = fault.New(fault.Unprocessable, "bulk-act", "Choose pause, resume, move or retire.")
	ErrNothing = fault.New(fault.Unprocessable, "bulk-nothing", "There is nothing here to do that to.")
	ErrMany    = fault.New(fault.Unprocessable, "bulk-many", "At most 10,000 at once.")
	ErrMail    = fault.New(fault.Conflict, "bulk-mail", "Many people are invited by mail, and no mail is set up here.")
	ErrUnknown = fault.New(fault.NotFound, "run-unknown", "There is no such run.")
)

// Service starts runs and does them. All fields are needed.
type Service struct {
	DB       *gorm.DB
	Vault    *vault.Vault
	Decider  *policies.Decider
	Devices  *devices.Service
	Orgs     *orgs.Service
	Machines orgs.Machines
	Files    files.Store // where long files wait for their run
	Now      func() time.Time
}

// State is how far a run has come.
type State string

// A run goes this way and no other.
const (
	Waiting State = "waiting"
	Running State = "running"
	Ended   State = "ended"
)

// Run is what was asked for, and how far it has come.
type Run struct {
	ID        string
	Org       iam.OrgID // where it was asked for
	Act       Act
	State     State
	Total     int
	Done      int // came to something
	Failed    int // came to nothing; Errors says why
	CreatedAt time.Time
	EndedAt   time.Time // zero until it has ended
	Errors    []Error   // the first thousand
}

// Error is one thing that came to nothing.
type Error struct {
	Line  int    // of the file, from 1; 0 where there is none
	Field string // the column, or what else was wrong
	Thing string // what it was about: an id, a serial, an address
	Code  string
	What  string
}

// item is one thing to do. Line is where it stands in a file.
type item struct {
	Line  int    `json:"l,omitzero"`
	Thing string `json:"t"`
	Role  string `json:"r,omitzero"`
}

// input is what a run needs until it has ended; it lies sealed.
type input struct {
	Items     []item        `json:"items"`
	File      files.Digest  `json:"file,omitzero"` // of the lines, where they are too many to be Items
	Device    iam.DeviceID  `json:"device,omitzero"`
	Lines     int           `json:"lines,omitzero"` // of File that can be read
	Bad       int           `json:"bad,omitzero"`   // and that cannot
	To        iam.OrgID     `json:"to,omitzero"`
	Key       iam.KeyID     `json:"key,omitzero"`
	Token     iam.TokenID   `json:"token,omitzero"` // by which its author came
	Assurance iam.Assurance `json:"assurance,omitzero"`
	Door      string        `json:"door,omitzero"`
	OnBehalf  string        `json:"on_behalf,omitzero"`
}

type runRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	TenantID  string `gorm:"column:tenant_id"`
	OrgID     string `gorm:"column:org_id"`
	Act       string `gorm:"column:act"`
	ActorType string `gorm:"column:actor_type"`
	ActorID   string `gorm:"column:actor_id"`
	ActorName string `gorm:"column:actor_name"`
	State     string `gorm:"column:state"`
	Total     int    `gorm:"column:total"`
	Done      int    `gorm:"column:done"`
	Failed    int    `gorm:"column:failed"`
	Sealed    []byte `gorm:"column:sealed"`
	CreatedAt int64  `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt   *int64 `gorm:"column:ended_at"`
}

func (runRow) TableName() string { return "bulk_runs" }

func (r runRow) run() Run {
	return Run{ID: r.ID, Org: iam.OrgID(r.OrgID), Act: Act(r.Act), State: State(r.State), Total: r.Total, Done: r.Done, Failed: r.Failed,
		CreatedAt: iam.Time(r.CreatedAt), EndedAt: iam.TimeOrZero(r.EndedAt)}
}

func (r runRow) cell() vault.Cell {
	return vault.Cell{Tenant: r.TenantID, Column: "bulk_runs.sealed", Row: r.ID}
}

func (r runRow) object() audit.Object {
	return audit.Object{Tenant: r.TenantID, Org: r.OrgID, Type: "run", ID: r.ID}
}

// find reads a run of its author's.
func find(q *gorm.DB, id string, who audit.Actor) (r runRow, err error) {
	err = q.Where("id = ? AND actor_type = ? AND actor_id = ?", id, who.Type, who.ID).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = ErrUnknown
	}
	return r, err
}
