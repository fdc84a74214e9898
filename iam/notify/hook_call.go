package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"halfkey/iam/outward"
)

// Hooking is the job that calls a hook. It names the call and says nothing more.
type Hooking struct {
	Call string `json:"call"`
}

// Kind names the job in the queue.
func (Hooking) Kind() string { return "webhook" }

// hookTries is how often a call is tried: with the waits below, for a day.
const hookTries = 14

// InsertOpts is for River.
func (Hooking) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: hookTries} }

// Caller is the worker that calls hooks.
type Caller struct {
	river.WorkerDefaults[Hooking]
	*Hooks
}

// Timeout bounds one call.
func (Caller) Timeout(*river.Job[Hooking]) time.Duration { return 20 * time.Second }

// NextRetry waits half a minute at first and four hours at last.
func (c Caller) NextRetry(job *river.Job[Hooking]) time.Time {
	return c.Now().Add(min(30*time.Second<<min(job.Attempt-1, 10), 4*time.Hour))
}

// errUnheard is all that the queue is told of a failed call: the cause may quote
// the address.
var errUnheard = errors.New("the webhook did not take the call")

// Work makes one call. An answer of 2xx ends it, and 410 too; any other is tried again.
func (c Caller) Work(ctx context.Context, job *river.Job[Hooking]) error {
	var row struct {
		ID, WebhookID, Kind, Body, State, TenantID string
		Sealed                                     []byte
		RemovedAt                                  *int64
	}
	err := c.DB.WithContext(ctx).Raw(`SELECT c.id, c.webhook_id, c.kind, c.body, c.state, h.tenant_id, h.sealed, h.removed_at
FROM webhook_calls c JOIN webhooks h ON h.id = c.webhook_id WHERE c.id = ?`, job.Args.Call).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && row.State != waiting {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read call %s: %w", job.Args.Call, err)
	}
	if row.RemovedAt != nil {
		return c.noteCall(ctx, row.ID, callFailed, "")
	}
	text, err := c.Vault.Open(c.DB.WithContext(ctx), hookCell(row.TenantID, row.WebhookID), row.Sealed)
	if err != nil {
		return fmt.Errorf("open webhook %s: %w", row.WebhookID, err)
	}
	var to where
	if err := json.Unmarshal(text, &to); err != nil {
		return fmt.Errorf("open webhook %s: it cannot be read", row.WebhookID)
	}
	status, answer := c.call(ctx, to, row.ID, row.Kind, []byte(row.Body))
	switch {
	case status >= 200 && status < 300:
		return c.noteCall(ctx, row.ID, sent, answer)
	case status == http.StatusGone || job.Attempt >= hookTries:
		return c.noteCall(ctx, row.ID, callFailed, answer)
	}
	return errors.Join(errUnheard, c.noteCall(ctx, row.ID, waiting, answer))
}

// call says what came back, in words that name nobody's address.
func (c Caller) call(ctx context.Context, to where, id, kind string, body []byte) (status int, answer string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return 0, "address"
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Halfkey")
	r.Header.Set("Halfkey-Event", kind)
	r.Header.Set("Halfkey-Delivery", id)
	r.Header.Set("Halfkey-Signature", Sign(to.Secret, c.Now(), body))
	res, err := c.Client.Do(r)
	switch {
	case errors.Is(err, outward.ErrInward):
		return 0, "inward"
	case errors.Is(err, context.DeadlineExceeded):
		return 0, "slow"
	case err != nil:
		return 0, "unreachable"
	}
	res.Body.Close()
	return res.StatusCode, strconv.Itoa(res.StatusCode)
}

func (c Caller) noteCall(ctx context.Context, id, state, answer string) error {
	err := c.DB.WithContext(ctx).Exec("UPDATE webhook_calls SET state = ?, answer = ?, tries = tries + 1, tried_at = ? WHERE id = ?", state, answer, c.Now().UnixMicro(), id).Error
	if err != nil {
		return fmt.Errorf("note call %s: %w", id, err)
	}
	return nil
}

// Sign is the header Halfkey-Signature: t=<seconds since 1970>,v1=<hex of the
// HMAC-SHA256 over "<t>.<body>" under the hook's secret>. A receiver refuses what
// is older than a few minutes.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(t + "."))
	m.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(m.Sum(nil))
}
