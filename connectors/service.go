package connectors

import (
	"context"
	"errors"

	"halfkey/iam/vault"
)

// A Service is a place outside where channels are, and how to speak to it. Its
// calls take as long as they take, so they are made beside a request and never
// inside a transaction. They fail with one of the errors below; what is none of
// them is Unsure.
type Service interface {
	// Name is what the connectors table calls it, e.g. "thingspeak".
	Name() string
	Capabilities() Capabilities

	// Form is what a person has to say to connect, in the order to ask.
	Form() []Setting

	// Ready judges what he said and fills in what he left out: ErrSettings with
	// each wrong field, or what is kept.
	Ready(Settings) (Settings, error)

	// UpdateURL is where devices write to.
	UpdateURL(Settings) string

	// List is every channel of the account.
	List(ctx context.Context, a Access) ([]Outer, error)

	// Create makes a channel; a second call makes another one. The marker comes
	// back with List.
	Create(ctx context.Context, a Access, marker string, w Wish) (Outer, error)

	// Change gives a channel other settings; a second call changes nothing.
	Change(ctx context.Context, a Access, id string, w Wish) (Outer, error)

	// Delete takes a channel away with all it holds.
	Delete(ctx context.Context, a Access, id string) error
}

// A Boarder is a Service whose channels are agents of a platform. A list names
// them only; the key of one is its boarding configuration, until it is onboarded.
type Boarder interface {
	Service

	// Boarding is an agent as it stands. It has Entries once it is onboarded, and
	// its configuration as WriteKey as long as it is not.
	Boarding(ctx context.Context, a Access, id string) (Outer, error)
}

// A Setting is one line of the form. Its words are in the catalogue under
// connector.<service>.<name>.
type Setting struct {
	Name     string
	Kind     string // text, url, number or secret
	Usual    string
	Required bool
}

// Settings are what a person said, by name. Secrets are not among them.
type Settings map[string]string

// Access is what a call to a service needs.
type Access struct {
	Settings Settings
	Secret   vault.Secret // the account's key
}

// A Wish is a channel as we want it.
type Wish struct {
	Name   string
	Fields []Field
	Public bool
}

// An Outer is a channel as the service shows it.
type Outer struct {
	ID       string
	Name     string
	Fields   []string // by number, without those at the end that have no name
	Public   bool
	Marker   string // empty: not made by us
	WriteKey vault.Secret
	ReadKey  vault.Secret // some services make none
	Entries  int64        // the number of the last; 0: it holds nothing
	Agent    bool         // of a Boarder: named by its marker, without settings of ours
}

// What a call to a service can come to, besides success. After all of them but
// ErrUnsure nothing was done.
var (
	ErrUnsure   = errors.New("unsure")    // no answer, or none that can be read: it may have been done
	ErrAccount  = errors.New("account")   // the account's key is refused
	ErrQuota    = errors.New("quota")     // the account has no room: a person has to do something
	ErrPace     = errors.New("pace")      // too many calls
	ErrNotThere = errors.New("not-there") // no such channel
	ErrDenied   = errors.New("denied")    // refused for another reason
)

// causes are what the tables know outcomes by.
var causes = []error{ErrAccount, ErrQuota, ErrPace, ErrNotThere, ErrDenied}

func causeOf(err error) error {
	for _, c := range causes {
		if errors.Is(err, c) {
			return c
		}
	}
	return ErrUnsure
}
