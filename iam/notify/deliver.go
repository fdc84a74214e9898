package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"
)

// Delivery is the job that sends a letter. It names it and says nothing more.
type Delivery struct {
	Letter string `json:"letter"`
}

// Kind names the job in the queue.
func (Delivery) Kind() string { return "letter" }

// deliveries is how often a letter is tried: with the waits below, for three days.
const deliveries = 16

// InsertOpts is for River.
func (Delivery) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: deliveries} }

// Postman is the worker that carries letters.
type Postman struct {
	river.WorkerDefaults[Delivery]
	*Service
}

// Timeout bounds one conversation with the mail server.
func (Postman) Timeout(*river.Job[Delivery]) time.Duration { return 45 * time.Second }

// NextRetry waits half a minute at first and twelve hours at last.
func (p Postman) NextRetry(job *river.Job[Delivery]) time.Time {
	wait := 30 * time.Second << min(job.Attempt-1, 12)
	return p.Now().Add(min(wait, 12*time.Hour))
}

// Work carries one letter. Should the program end between the mail server's yes
// and our note of it, the letter goes out again, under the same message id.
func (p Postman) Work(ctx context.Context, job *river.Job[Delivery]) error {
	return p.deliver(ctx, job.Args.Letter)
}

func (s *Service) deliver(ctx context.Context, id string) error {
	q := s.DB.WithContext(ctx)
	var row letterRow
	err := q.Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && row.State != waiting {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read letter %s: %w", id, err)
	}
	if s.Now().UnixMicro() >= row.ExpiresAt {
		return s.end(q, id, late)
	}
	text, err := s.Vault.Open(q, cell(id), row.Sealed)
	if err != nil {
		return fmt.Errorf("read letter %s: %w", id, err)
	}
	var c content
	if err := json.Unmarshal(text, &c); err != nil {
		return fmt.Errorf("read letter %s: it cannot be read", id) // the cause would quote it
	}
	l := Letter{Kind: row.Kind, To: c.To, Data: c.Data}
	if later := s.Later[l.Kind]; later != nil {
		return q.Transaction(func(tx *gorm.DB) error {
			if err := later(ctx, tx, l); err != nil {
				return err
			}
			return s.end(tx, id, settled)
		})
	}
	return s.carry(ctx, q, id, l)
}

func (s *Service) carry(ctx context.Context, q *gorm.DB, id string, l Letter) error {
	if !s.On() {
		return ErrOff // it was, when the letter was put in; perhaps again after the next start
	}
	d := Data{}
	for k, v := range l.Data {
		d[k] = v
	}
	if path, ok := d[Path]; ok {
		d["Link"] = s.Base(ctx) + path
	}
	words, err := s.Write(l.Kind, d)
	if err != nil {
		return fmt.Errorf("write letter %s: %w", id, err)
	}
	switch err := s.Mailer.send(ctx, id, l.To, words, s.Now()); {
	case err == nil:
		return s.end(q, id, sent)
	case unwelcome(err):
		s.Log.Warn("a letter was refused for good", "letter", id, "kind", l.Kind, "error", discreet(err, l))
		return s.end(q, id, refused)
	default:
		return fmt.Errorf("send letter %s: %s", id, discreet(err, l))
	}
}

// end notes what became of a letter, and wipes what it said.
func (s *Service) end(q *gorm.DB, id, state string) error {
	err := q.Exec("UPDATE letters SET state = ?, sealed = NULL, ended_at = ? WHERE id = ?", state, s.Now().UnixMicro(), id).Error
	if err != nil {
		return fmt.Errorf("end letter %s: %w", id, err)
	}
	return nil
}

// discreet is an error as logs and the queue may have it: a server's answer can
// quote whom and what it was about.
func discreet(err error, l Letter) string {
	text := strings.ReplaceAll(err.Error(), l.To, "…")
	for _, v := range l.Data {
		if len(v) > 3 {
			text = strings.ReplaceAll(text, v, "…")
		}
	}
	return text
}
