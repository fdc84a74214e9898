package devices

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/vault"
	"halfkey/migrations"
	"halfkey/policies"
)

// An Embed is a link that shows a device's chart inside another page, to
// everybody who has it. It is as good as the right of whoever made it.
type Embed struct {
	ID      string
	Device  iam.DeviceID
	Label   string // where it is used
	Span    string // how far back its chart looks, in the words of the page
	By      iam.UserID
	Created time.Time
	Used    time.Time // to the hour; zero if never
}

// What can go wrong with one.
var (
	ErrEmbed     = fault.New(fault.Gone, "embed-over", "This chart is no longer shown here.")
	ErrEmbeds    = fault.New(fault.Conflict, "embeds-many", "There are a hundred links to this chart. End one that nothing uses any more.")
	ErrEmbedSpan = fault.New(fault.Unprocessable, "embed-span", "Choose how far back the chart looks.")
)

// maxEmbeds is how many links one device has at most.
const maxEmbeds = 100

// embedUsed is how exactly the last use of a link is known.
const embedUsed = time.Hour

var (
	insertEmbed = migrations.SQL(`INSERT INTO embeds (token_mac, id, tenant_id, device_id, label, span, made_by, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
	embedOf     = migrations.SQL(`SELECT id, device_id, label, span, made_by, created_at, used_at FROM embeds WHERE token_mac = ? AND revoked_at IS NULL`)
	embedsOf    = migrations.SQL(`SELECT id, device_id, label, span, made_by, created_at, used_at FROM embeds WHERE device_id = ? AND revoked_at IS NULL ORDER BY created_at, id`)
	endEmbed    = migrations.SQL(`UPDATE embeds SET revoked_at = ? WHERE id = ? AND device_id = ? AND revoked_at IS NULL`)
	useEmbed    = migrations.SQL(`UPDATE embeds SET used_at = ? WHERE token_mac = ?`)
)

func (s *Service) embedMAC(token vault.Secret) []byte {
	return s.Vault.MAC("embed-token", []byte(token.Reveal()))
}

func scanEmbed(row interface{ Scan(...any) error }) (e Embed, err error) {
	var created int64
	var used *int64
	err = row.Scan(&e.ID, &e.Device, &e.Label, &e.Span, &e.By, &created, &used)
	e.Created, e.Used = iam.Time(created), iam.TimeOrZero(used)
	return e, err
}

// MakeEmbed makes a link to the device's chart and shows its token this once. It
// wants what a read key of one's own wants, for it gives as much away.
func (s *Service) MakeEmbed(ctx context.Context, id iam.DeviceID, label, span string) (e Embed, token vault.Secret, err error) {
	d, err := s.find(ctx, id, policies.RevealReadKey)
	if err != nil {
		return e, "", err
	}
	who, err := iam.PersonIn(ctx)
	if err != nil {
		return e, "", err
	}
	if label, err = iam.ParseName(label); err != nil {
		return e, "", err
	}
	if span == "" || len(span) > 8 {
		return e, "", ErrEmbedSpan
	}
	token, e = iam.RandomToken(), Embed{ID: iam.NewID(), Device: d.ID, Label: label, Span: span, By: who, Created: s.Now()}
	err = s.change(ctx, "embed.make", d, audit.Detail{"channel": d.Channel, "name": label}, func(tx *gorm.DB) (bool, error) {
		var n int
		if err := tx.Raw("SELECT COUNT(*) FROM embeds WHERE device_id = ? AND revoked_at IS NULL", d.ID).Row().Scan(&n); err != nil {
			return false, err
		}
		if n >= maxEmbeds {
			return false, ErrEmbeds
		}
		_, err := insertEmbed.Exec(ctx, tx, s.embedMAC(token), e.ID, string(d.Tenant), string(d.ID), label, span, string(who), iam.Micros(e.Created))
		return true, err
	})
	return e, token, err
}

// Embeds are the links to the device's chart: all of them for who manages it,
// else one's own.
func (s *Service) Embeds(ctx context.Context, id iam.DeviceID) (list []Embed, err error) {
	d, err := s.find(ctx, id, policies.ReadDevice)
	if err != nil {
		return nil, err
	}
	me, _ := policies.Asking(ctx)
	all := s.Decider.MayDevice(ctx, policies.ManageDevice, d.Org, d.ID)
	rows, err := embedsOf.Rows(ctx, s.DB, string(id))
	if err != nil {
		return nil, fmt.Errorf("list embeds: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scanEmbed(rows)
		if err != nil {
			return nil, fmt.Errorf("list embeds: %w", err)
		}
		if all || e.By == me {
			list = append(list, e)
		}
	}
	return list, rows.Err()
}

// EndEmbed ends a link at once: one's own, or any for who manages the device. A
// token that was cut ends what it could make.
func (s *Service) EndEmbed(ctx context.Context, id iam.DeviceID, embed string) error {
	mine, err := s.Embeds(ctx, id)
	if err != nil {
		return err
	}
	d, err := s.find(ctx, id, policies.ReadDevice)
	if err != nil {
		return err
	}
	for _, e := range mine {
		if e.ID != embed {
			continue
		}
		if !policies.Whole(ctx) && !s.Decider.MayDevice(ctx, policies.RevealReadKey, d.Org, d.ID) {
			if err := s.Decider.RequireDevice(ctx, policies.ManageDevice, d.Org, d.ID); err != nil {
				return err
			}
		}
		return s.change(ctx, "embed.end", d, audit.Detail{"channel": d.Channel, "name": e.Label}, func(tx *gorm.DB) (bool, error) {
			res, err := endEmbed.Exec(ctx, tx, s.micros(), embed, string(id))
			if err := one(res, err); errors.Is(err, errRaced) {
				return false, nil
			} else if err != nil {
				return false, err
			}
			return true, nil
		})
	}
	return ErrEmbed
}

// OpenEmbed is the device behind a link, and the link. It asks for no sign-in:
// whoever has the token may look, as long as its maker may. ErrEmbed otherwise.
func (s *Service) OpenEmbed(ctx context.Context, text string) (v View, e Embed, err error) {
	token, ok := iam.ParseToken(text)
	if !ok {
		return v, e, ErrEmbed
	}
	mac := s.embedMAC(token)
	e, err = scanEmbed(embedOf.Row(ctx, s.DB, mac))
	if errors.Is(err, sql.ErrNoRows) {
		return v, e, ErrEmbed
	}
	if err != nil {
		return v, e, fmt.Errorf("open an embed: %w", err)
	}
	var d Device
	if err := s.DB.WithContext(ctx).Where("id = ?", e.Device).Take(&d).Error; err != nil {
		return v, e, fmt.Errorf("open an embed: %w", err)
	}
	if d.RemovedAt != nil || !s.Decider.MayUser(ctx, e.By, policies.RevealReadKey, d.Org, d.ID) {
		return v, e, ErrEmbed
	}
	if err := s.lookAt(ctx, d.Channel); err != nil {
		return v, e, err
	}
	sums, err := s.Channels.Summaries(ctx, []string{d.Channel})
	if err != nil {
		return v, e, err
	}
	copies, err := s.copies(ctx, []string{d.Channel})
	if err != nil {
		return v, e, err
	}
	if now := s.Now(); now.Sub(e.Used) >= embedUsed {
		if _, err := useEmbed.Exec(ctx, s.DB, iam.Micros(now), mac); err != nil {
			return v, e, fmt.Errorf("note an embed's use: %w", err)
		}
	}
	return s.view(d, sums[d.Channel], copies[d.Channel]), e, nil
}
