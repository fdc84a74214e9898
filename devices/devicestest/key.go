package devicestest

import (
	"context"
	"testing"
	"time"

	"gorm.io/gorm"

	"halfkey/devices/wire"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/orgs"
)

// A Key is a registration key as its owner has it.
type Key struct {
	wire.RegKey
	ID iam.KeyID
}

// Stranger is a key that no house has issued.
func Stranger(form wire.Form) Key {
	first, second := 10, 26
	if form == wire.Classic {
		first, second = 8, 8
	}
	return Key{RegKey: wire.RegKey{Form: form, First: iam.RandomCode(first), Second: wire.SecondHalf(iam.RandomCode(second))}}
}

// Key issues a registration key of The Simpsons. It lets everybody aboard, and
// again only when the owner says so, unless change says otherwise.
func (h *House) Key(t testing.TB, change ...func(*orgs.KeyRequest)) Key {
	t.Helper()
	r := orgs.KeyRequest{Org: h.Simpsons, Boarding: orgs.BoardAuto, Reboarding: orgs.ReboardApprove}
	for _, c := range change {
		c(&r)
	}
	owner := h.Homer
	if r.Org == h.Flander {
		owner = h.Ned
	}
	k := must(h.Orgs.IssueKey(As(t, owner), r))(t)
	return h.reveal(t, owner, k)
}

// Replacement is a key that replaces old, which works on for a while.
func (h *House) Replacement(t testing.TB, old Key) Key {
	t.Helper()
	return h.reveal(t, h.Homer, must(h.Orgs.ReplaceKey(As(t, h.Homer), old.ID))(t))
}

func (h *House) reveal(t testing.TB, owner iam.UserID, k orgs.Key) Key {
	t.Helper()
	first, second, err := h.Orgs.RevealKey(As(t, owner), k.ID)
	if err != nil {
		t.Fatal(err)
	}
	return Key{wire.RegKey{Form: wire.Form(k.Form), First: first.Reveal(), Second: wire.SecondHalf(second.Reveal())}, k.ID}
}

// Classic wants an eight-and-eight key, which is for the simple door.
func Classic(r *orgs.KeyRequest) { r.Form, r.Reboarding = orgs.Classic, orgs.ReboardAuto }

// SimpleDoor opens the simple door to a standard key.
func SimpleDoor(r *orgs.KeyRequest) { r.SimpleDoor = true }

// Boarding and Reboarding choose a policy.
func Boarding(policy orgs.Boarding) func(*orgs.KeyRequest) {
	return func(r *orgs.KeyRequest) { r.Boarding = policy }
}
func Reboarding(policy orgs.Reboarding) func(*orgs.KeyRequest) {
	return func(r *orgs.KeyRequest) { r.Reboarding = policy }
}

// In places the key.
func In(org iam.OrgID) func(*orgs.KeyRequest) {
	return func(r *orgs.KeyRequest) { r.Org = org }
}

// Set changes a column of the key's row, to bring about a state in one line.
func (h *House) Set(t testing.TB, k Key, column string, value any) {
	t.Helper()
	h.within(t, func(tx *gorm.DB) error {
		if err := h.Decider.Bump(tx); err != nil {
			return err
		}
		return tx.Exec("UPDATE registration_keys SET "+column+" = ? WHERE id = ?", value, k.ID).Error
	})
}

// Uses is how many devices the key has let aboard.
func (h *House) Uses(t testing.TB, k Key) (n int) {
	t.Helper()
	if err := h.DB.Raw("SELECT uses FROM registration_keys WHERE id = ?", k.ID).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// Listed puts a serial on the key's list.
func (h *House) Listed(t testing.TB, k Key, serial string) {
	t.Helper()
	if err := h.Orgs.ListSerials(As(t, h.Homer), k.ID, []string{serial}); err != nil {
		t.Fatal(err)
	}
}

// Use writes the channel's first value, as the device would.
func (h *House) Use(t testing.TB, channel string) {
	t.Helper()
	err := h.DB.Exec("UPDATE channel_keys SET used_at = ? WHERE channel_id = CAST(? AS BIGINT) AND kind = 'write'", iam.Micros(h.Now()), channel).Error
	if err != nil {
		t.Fatal(err)
	}
}

// Causes are what the trail has of refusals, the newest last; it waits until
// they are written.
func (h *House) Causes(t testing.TB) (causes []string) {
	t.Helper()
	h.Trail.Stop(context.Background())
	var lines []audit.Entry
	if err := h.DB.Where("outcome = ?", audit.Refused).Order("at, seq").Find(&lines).Error; err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		cause, _ := l.Details()["cause"].(string)
		causes = append(causes, cause)
	}
	return causes
}

// Lines counts the trail's lines of a verb.
func (h *House) Lines(t testing.TB, verb string) (n int) {
	t.Helper()
	if err := h.DB.Raw("SELECT COUNT(*) FROM audit WHERE verb = ?", verb).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// Day and Hour are long enough for what they name to be over.
const (
	Hour = time.Hour + time.Second
	Day  = 24*time.Hour + time.Second
)
