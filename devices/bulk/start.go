package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"halfkey/devices"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/migrations"
	"halfkey/policies"
)

// Wish is a deed on devices: those that are named, or all that the filter finds.
type Wish struct {
	Act     Act
	Devices []iam.DeviceID
	Filter  *devices.Filter
	To      iam.OrgID // for Move
}

// onDevices are the deeds that Start begins; others have beginnings of their own.
var onDevices = []Act{Pause, Resume, Move, Retire}

// needs is the right that each deed takes.
var needs = map[Act]policies.Action{Pause: policies.ManageDevice, Resume: policies.ManageDevice, Move: policies.MoveDevice, Retire: policies.RetireDevice,
	Serials: policies.ManageRegistrationKey, Invite: policies.ManagePeople, Import: policies.ManageDevice}

// Start begins a deed on devices. What whoever asks may not do is not begun: it
// fails as it would by itself. Field name: act.
func (s *Service) Start(ctx context.Context, w Wish) (Run, error) {
	if !slices.Contains(onDevices, w.Act) {
		return Run{}, iam.Wrong("act", ErrAct)
	}
	if len(w.Devices) > Most {
		return Run{}, ErrMany
	}
	ids := w.Devices
	if w.Filter != nil {
		found, err := s.all(ctx, *w.Filter)
		if err != nil {
			return Run{}, err
		}
		ids = append(ids, found...)
	}
	at, err := s.places(ctx, ids)
	if err != nil {
		return Run{}, err
	}
	in := input{To: w.To}
	var org iam.OrgID
	for _, id := range ids {
		if err := s.may(ctx, needs[w.Act], id, at[id]); err != nil {
			return Run{}, err
		}
		if org == "" {
			org = at[id]
		}
		in.Items = append(in.Items, item{Thing: string(id)})
	}
	if w.Act == Move {
		if err := s.Decider.Require(ctx, policies.ReadOrg, w.To); err != nil {
			return Run{}, devices.ErrElsewhere
		}
		if err := s.Decider.Require(ctx, policies.MoveDevice, w.To); err != nil {
			return Run{}, err
		}
	}
	return s.begin(ctx, w.Act, org, in, nil)
}

// all are the devices that a filter finds, page by page.
func (s *Service) all(ctx context.Context, f devices.Filter) (ids []iam.DeviceID, err error) {
	for f.Limit = 200; ; {
		page, err := s.Devices.List(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, d := range page {
			ids = append(ids, d.ID)
		}
		if len(ids) > Most {
			return nil, ErrMany
		}
		if len(page) < f.Limit {
			return ids, nil
		}
		f.After = page[len(page)-1].ID
	}
}

// places tells where devices lie; those that there are not are left out.
func (s *Service) places(ctx context.Context, ids []iam.DeviceID) (map[iam.DeviceID]iam.OrgID, error) {
	at := make(map[iam.DeviceID]iam.OrgID, len(ids))
	for some := range slices.Chunk(ids, 500) {
		var rows []struct {
			ID    iam.DeviceID
			OrgID iam.OrgID
		}
		if err := s.DB.WithContext(ctx).Raw("SELECT id, org_id FROM devices WHERE id IN ?", some).Scan(&rows).Error; err != nil {
			return nil, fmt.Errorf("find where devices lie: %w", err)
		}
		for _, r := range rows {
			at[r.ID] = r.OrgID
		}
	}
	return at, nil
}

// may tells whether whoever asks may do act with a device that lies in org, "" for
// nowhere.
func (s *Service) may(ctx context.Context, act policies.Action, id iam.DeviceID, org iam.OrgID) error {
	if org == "" || !s.Decider.MayDevice(ctx, policies.SeeDevice, org, id) {
		return devices.ErrUnknown.At(string(id), devices.ErrUnknown.Sentence)
	}
	return s.Decider.RequireDevice(ctx, act, org, id)
}

// begin writes the run and its job in one transaction.
func (s *Service) begin(ctx context.Context, act Act, org iam.OrgID, in input, wrong []Error) (Run, error) {
	count := len(in.Items) + in.Lines
	if count == 0 {
		return Run{}, ErrNothing
	}
	who := audit.ActorFrom(ctx)
	in.OnBehalf, in.Assurance = who.OnBehalf, assurance(ctx)
	if b, ok := iam.BearerOf(ctx); ok {
		in.Token = b.Token
	}
	tenant, err := s.Decider.TenantOf(ctx, org)
	if err != nil {
		return Run{}, err
	}
	row := runRow{ID: iam.NewID(), TenantID: string(tenant), OrgID: string(org), Act: string(act), ActorType: who.Type, ActorID: who.ID, ActorName: who.Name,
		State: string(Waiting), Total: count + max(len(wrong), in.Bad), CreatedAt: iam.Micros(s.Now())}
	doc, err := json.Marshal(in)
	if err != nil {
		return Run{}, err
	}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if row.Sealed, err = s.Vault.Seal(tx, row.cell(), doc); err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		for _, e := range wrong {
			if err := note(tx, &row, e); err != nil {
				return err
			}
		}
		row.Failed = max(row.Failed, in.Bad)
		if err := tx.Exec("UPDATE bulk_runs SET failed = ? WHERE id = ?", row.Failed, row.ID).Error; err != nil {
			return err
		}
		if err := migrations.Enqueue(tx, Job{Run: row.ID}, nil); err != nil {
			return err
		}
		return audit.Record(ctx, tx, "run.start", row.object(), audit.Detail{"act": string(act), "count": count})
	})
	if err != nil {
		return Run{}, fmt.Errorf("start a run: %w", err)
	}
	return row.run(), nil
}

// assurance is how well whoever acts has proved who he is, so far as a place asks.
func assurance(ctx context.Context) iam.Assurance {
	switch {
	case policies.Proved(ctx, "passkey"):
		return iam.Passkey
	case policies.Proved(ctx, "mfa"):
		return iam.TwoFactors
	}
	return iam.Password
}
