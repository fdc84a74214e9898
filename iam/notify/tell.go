package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Notice is something that a person is told until he puts it away.
type Notice struct {
	ID   string
	Kind string
	Data Data
	At   time.Time
}

type noticeRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	UserID      string `gorm:"column:user_id"`
	Kind        string `gorm:"column:kind"`
	Detail      string `gorm:"column:detail"`
	CreatedAt   int64  `gorm:"column:created_at;autoCreateTime:false"`
	DismissedAt *int64 `gorm:"column:dismissed_at"`
}

func (noticeRow) TableName() string { return "notices" }

// Tell puts a notice on the home page of each of the people, in the caller's
// transaction, and mails it where there is mail and the person has not muted
// that kind. Data is stored as it is and never holds a secret.
func (s *Service) Tell(ctx context.Context, tx *gorm.DB, users []string, kind string, d Data) error {
	if s == nil {
		return nil
	}
	detail, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("tell of %s: %w", kind, err)
	}
	for _, user := range users {
		row := noticeRow{ID: newID(), UserID: user, Kind: kind, Detail: string(detail), CreatedAt: s.Now().UnixMicro()}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("tell of %s: %w", kind, err)
		}
		if err := s.MailTo(ctx, tx, user, Letter{Kind: kind, Data: d}); err != nil {
			return err
		}
	}
	return nil
}

// MailTo is Mail to a person's own address; without mail, for somebody who is
// disabled, and for a kind that he has muted, nothing happens.
func (s *Service) MailTo(ctx context.Context, tx *gorm.DB, user string, l Letter) error {
	if !s.On() {
		return nil
	}
	var to string
	err := tx.Raw(`SELECT email FROM users WHERE id = ? AND state = 'active'
AND NOT EXISTS (SELECT 1 FROM muted WHERE muted.user_id = users.id AND muted.kind = ?)`, user, l.Kind).Scan(&to).Error
	if err != nil {
		return fmt.Errorf("find whom to write to: %w", err)
	}
	if to == "" {
		return nil
	}
	l.To = to
	return s.Mail(ctx, tx, l)
}

// noticesMost bounds what a home page shows.
const noticesMost = 20

// Notices are those that a person has not put away, newest first, 20 at most.
func (s *Service) Notices(ctx context.Context, user string) ([]Notice, error) {
	var rows []noticeRow
	err := s.DB.WithContext(ctx).Where("user_id = ? AND dismissed_at IS NULL", user).Order("created_at DESC").Limit(noticesMost).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	all := make([]Notice, len(rows))
	for i, r := range rows {
		all[i] = Notice{ID: r.ID, Kind: r.Kind, At: time.UnixMicro(r.CreatedAt).UTC()}
		if err := json.Unmarshal([]byte(r.Detail), &all[i].Data); err != nil {
			return nil, fmt.Errorf("read notice %s: %w", r.ID, err)
		}
	}
	return all, nil
}

// Dismiss puts one of the person's own notices away. Another's, or none, changes nothing.
func (s *Service) Dismiss(ctx context.Context, user, id string) error {
	err := s.DB.WithContext(ctx).Exec("UPDATE notices SET dismissed_at = ? WHERE id = ? AND user_id = ? AND dismissed_at IS NULL",
		s.Now().UnixMicro(), id, user).Error
	if err != nil {
		return fmt.Errorf("dismiss a notice: %w", err)
	}
	return nil
}

// Mute stops, or resumes, mail of a kind to a person. Notices stay.
func (s *Service) Mute(tx *gorm.DB, user, kind string, mute bool) error {
	if err := tx.Exec("DELETE FROM muted WHERE user_id = ? AND kind = ?", user, kind).Error; err != nil {
		return fmt.Errorf("mute %s: %w", kind, err)
	}
	if !mute {
		return nil
	}
	if err := tx.Exec("INSERT INTO muted (user_id, kind) VALUES (?, ?)", user, kind).Error; err != nil {
		return fmt.Errorf("mute %s: %w", kind, err)
	}
	return nil
}

// Muted reports whether a person does not want mail of a kind.
func (s *Service) Muted(ctx context.Context, user, kind string) (bool, error) {
	var n int64
	err := s.DB.WithContext(ctx).Raw("SELECT COUNT(*) FROM muted WHERE user_id = ? AND kind = ?", user, kind).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("read what is muted: %w", err)
	}
	return n > 0, nil
}
