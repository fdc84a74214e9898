package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/fault"
	"halfkey/iam/outward"
	"halfkey/iam/vault"
	"halfkey/migrations"
)

// A Hook is an address that is told what happens in an organisation and below it.
type Hook struct {
	ID      string
	Tenant  string
	Org     string
	Host    string // of its address; the rest may be a permission and is not shown
	By      string
	Created time.Time
}

// A HookCall is one thing that a hook was told, or is to be.
type HookCall struct {
	ID      string
	Kind    string
	State   string // waiting, sent or failed
	Tries   int64
	Answer  string // a status, or what went wrong; "" before the first try
	Created time.Time
	Tried   time.Time
}

// Hooks keeps webhooks and what they are told.
type Hooks struct {
	DB      *gorm.DB
	Vault   *vault.Vault
	Client  *http.Client // of HookClient
	Private bool         // may reach this machine and its neighbours
	Now     func() time.Time
}

// What can go wrong with a hook.
var (
	ErrHookURL  = fault.New(fault.Unprocessable, "webhook-address", "Give an https address on the public internet.")
	ErrHook     = fault.New(fault.NotFound, "webhook-unknown", "There is no such webhook.")
	ErrHookMany = fault.New(fault.Conflict, "webhooks-many", "There are twenty webhooks here. Remove one that nothing listens to any more.")
)

// hooksMost is how many one organisation has, callsShown how many calls are listed.
const (
	hooksMost  = 20
	callsShown = 20
	callsKept  = 30 * 24 * time.Hour
)

const callFailed = "failed"

// where is what lies sealed of a hook.
type where struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

func hookCell(tenant, id string) vault.Cell {
	return vault.Cell{Tenant: tenant, Column: "webhooks.sealed", Row: id}
}

// HookClient calls hooks: only where a tenant may reach, and never on to where an
// answer points, for what is told is meant for one address.
func HookClient(private bool) *http.Client {
	c := outward.Client(private)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Make adds a hook in the caller's transaction and gives the secret that its
// calls are signed with; it is shown this once.
func (h *Hooks) Make(tx *gorm.DB, tenant, org, by, address string) (hook Hook, secret vault.Secret, err error) {
	u, err := outward.CheckURL(address, h.Private)
	if err != nil {
		return hook, "", ErrHookURL.Because(err)
	}
	var n int64
	if err := tx.Raw("SELECT COUNT(*) FROM webhooks WHERE org_id = ? AND removed_at IS NULL", org).Scan(&n).Error; err != nil {
		return hook, "", fmt.Errorf("make a webhook: %w", err)
	}
	if n >= hooksMost {
		return hook, "", ErrHookMany
	}
	hook = Hook{ID: newID(), Tenant: tenant, Org: org, Host: u.Host, By: by, Created: h.Now()}
	secret = vault.Secret("whsec_" + newID() + newID())
	text, err := json.Marshal(where{address, secret.Reveal()})
	if err != nil {
		return hook, "", err
	}
	sealed, err := h.Vault.Seal(tx, hookCell(tenant, hook.ID), text)
	if err != nil {
		return hook, "", fmt.Errorf("make a webhook: %w", err)
	}
	err = tx.Exec("INSERT INTO webhooks (id, tenant_id, org_id, host, sealed, made_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
		hook.ID, tenant, org, hook.Host, sealed, by, hook.Created.UnixMicro()).Error
	if err != nil {
		return hook, "", fmt.Errorf("make a webhook: %w", err)
	}
	return hook, secret, nil
}

// Remove ends a hook of the organisation in the caller's transaction; what it was
// still to be told is not told.
func (h *Hooks) Remove(tx *gorm.DB, org, id string) error {
	res := tx.Exec("UPDATE webhooks SET removed_at = ?, sealed = ? WHERE id = ? AND org_id = ? AND removed_at IS NULL", h.Now().UnixMicro(), []byte{}, id, org)
	if res.Error != nil {
		return fmt.Errorf("remove a webhook: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return ErrHook
	}
	return nil
}

// List gives the hooks of the organisation itself, oldest first.
func (h *Hooks) List(ctx context.Context, org string) (list []Hook, err error) {
	var rows []struct {
		ID, TenantID, Host, MadeBy string
		CreatedAt                  int64
	}
	err = h.DB.WithContext(ctx).Raw("SELECT id, tenant_id, host, made_by, created_at FROM webhooks WHERE org_id = ? AND removed_at IS NULL ORDER BY created_at, id", org).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	for _, r := range rows {
		list = append(list, Hook{r.ID, r.TenantID, org, r.Host, r.MadeBy, time.UnixMicro(r.CreatedAt).UTC()})
	}
	return list, nil
}

// Calls are the last ones of a hook, newest first.
func (h *Hooks) Calls(ctx context.Context, id string) (list []HookCall, err error) {
	var rows []struct {
		ID, Kind, State, Answer string
		Tries, CreatedAt        int64
		TriedAt                 *int64
	}
	err = h.DB.WithContext(ctx).Raw("SELECT id, kind, state, answer, tries, created_at, tried_at FROM webhook_calls WHERE webhook_id = ? ORDER BY created_at DESC, id DESC LIMIT ?", id, callsShown).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list calls of a webhook: %w", err)
	}
	for _, r := range rows {
		c := HookCall{ID: r.ID, Kind: r.Kind, State: r.State, Tries: r.Tries, Answer: r.Answer, Created: time.UnixMicro(r.CreatedAt).UTC()}
		if r.TriedAt != nil {
			c.Tried = time.UnixMicro(*r.TriedAt).UTC()
		}
		list = append(list, c)
	}
	return list, nil
}

// Above gives the hooks of the organisation and of those above it.
func (h *Hooks) Above(tx *gorm.DB, org string) (list []Hook, err error) {
	if h == nil {
		return nil, nil
	}
	err = tx.Raw("SELECT h.id, h.tenant_id AS tenant, h.org_id AS org, h.host, h.made_by AS \"by\" FROM webhooks h JOIN org_closure o ON o.ancestor = h.org_id WHERE o.descendant = ? AND h.removed_at IS NULL", org).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("find webhooks: %w", err)
	}
	return list, nil
}

// Put has one hook told. It takes part in the caller's transaction: nothing leaves
// before the commit. data never holds a secret.
func (h *Hooks) Put(tx *gorm.DB, hook, kind string, data map[string]any) error {
	id, now := newID(), h.Now()
	body, err := json.Marshal(map[string]any{"id": id, "kind": kind, "at": now.UTC().Format(time.RFC3339), "data": data})
	if err != nil {
		return fmt.Errorf("tell a webhook: %w", err)
	}
	err = tx.Exec("INSERT INTO webhook_calls (id, webhook_id, kind, body, state, tries, answer, created_at) VALUES (?, ?, ?, ?, ?, 0, '', ?)",
		id, hook, kind, string(body), waiting, now.UnixMicro()).Error
	if err != nil {
		return fmt.Errorf("tell a webhook: %w", err)
	}
	return migrations.Enqueue(tx, Hooking{Call: id}, nil)
}

// Sweep forgets old calls.
func (h *Hooks) Sweep(ctx context.Context) error {
	err := h.DB.WithContext(ctx).Exec("DELETE FROM webhook_calls WHERE id IN (SELECT id FROM webhook_calls WHERE created_at <= ? LIMIT ?)", h.Now().Add(-callsKept).UnixMicro(), sweepBatch).Error
	if err != nil {
		return fmt.Errorf("sweep calls of webhooks: %w", err)
	}
	return nil
}
