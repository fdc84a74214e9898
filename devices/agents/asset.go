package agents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// An Asset is what the command line of the industrial platform wants before an
// agent: the thing that the agent will stand for. Every organisation is an asset
// too, under which others are made. We keep no more of it than that.
type Asset struct {
	ID          ID
	Parent      ID // "" at the top of what the actor sees
	Org         iam.OrgID
	Name        string
	Type        string
	Description string
}

// Types of assets.
const (
	assetRoot  = "core.basicarea"
	AssetAgent = "core.mclib"
)

// ErrAsset says that there is no such asset.
var ErrAsset = fault.New(fault.NotFound, "agent-asset", "There is no such asset.")

// An organisation's asset has the organisation's own id, written in hexadecimal:
// twenty characters of five bits are twenty-five of four, after a prefix.
const (
	orgPrefix  = "0a55e70"
	crockford  = "0123456789abcdefghjkmnpqrstvwxyz"
	hexDigits  = "0123456789abcdef"
	orgLetters = 20
)

// AssetOf is the asset that stands for an organisation.
func AssetOf(org iam.OrgID) ID {
	return ID(orgPrefix + regroup(string(org), crockford, 5, hexDigits, 4))
}

// orgOf is the organisation that an asset stands for, if it stands for one.
func orgOf(id ID) (iam.OrgID, bool) {
	rest, ok := strings.CutPrefix(string(id), orgPrefix)
	if !ok {
		return "", false
	}
	org, err := iam.ParseOrgID(regroup(rest, hexDigits, 4, crockford, 5))
	return org, err == nil
}

// regroup writes the digits of s, of so many bits each, in another alphabet.
func regroup(s, from string, fromBits uint, to string, toBits uint) string {
	var out strings.Builder
	var held, bits uint
	for _, c := range []byte(s) {
		held, bits = held<<fromBits|uint(strings.IndexByte(from, c)), bits+fromBits
		for bits >= toBits {
			bits -= toBits
			out.WriteByte(to[held>>bits&(1<<toBits-1)])
		}
		held &= 1<<bits - 1
	}
	return out.String()
}

// RootAsset stands for the highest place in which the actor may make agents.
func (s *Service) RootAsset(ctx context.Context) (Asset, error) {
	places, err := s.Orgs.Places(ctx, policies.ManageAgent)
	if err != nil {
		return Asset{}, err
	}
	for _, p := range places {
		if p.Parent != "" {
			return Asset{ID: AssetOf(p.ID), Org: p.ID, Name: p.Name, Type: assetRoot}, nil
		}
	}
	return Asset{}, ErrPlace
}

// Asset is what there is under that id, for who may see its place.
func (s *Service) Asset(ctx context.Context, id ID) (Asset, error) {
	a, err := s.readAsset(ctx, id)
	if err != nil {
		return a, err
	}
	if s.Decider.Require(ctx, policies.ReadOrg, a.Org) != nil {
		return Asset{}, ErrAsset
	}
	return a, nil
}

func (s *Service) readAsset(ctx context.Context, id ID) (Asset, error) {
	a := Asset{ID: id, Type: assetRoot}
	db := s.DB.WithContext(ctx)
	var err error
	if org, ok := orgOf(id); ok {
		a.Org = org
		err = db.Raw("SELECT name FROM orgs WHERE id = ?", string(org)).Row().Scan(&a.Name)
	} else {
		err = db.Raw("SELECT org_id, name, type_id, description FROM agent_assets WHERE id = ?", string(id)).Row().Scan((*string)(&a.Org), &a.Name, &a.Type, &a.Description)
		a.Parent = AssetOf(a.Org)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return a, ErrAsset
	}
	if err != nil {
		return a, fmt.Errorf("read asset %s: %w", id, err)
	}
	return a, nil
}

// CreateAsset makes an asset below the one that stands for a place.
func (s *Service) CreateAsset(ctx context.Context, parent ID, name, kind, description string) (Asset, error) {
	name, err := iam.ParseName(name)
	if err != nil {
		return Asset{}, err
	}
	if len(kind) > 128 || len(description) > 2048 {
		return Asset{}, ErrAsset.At("description", "is longer than 2048 bytes")
	}
	above, err := s.Asset(ctx, parent)
	if err != nil {
		return Asset{}, err
	}
	if err := s.Decider.Require(ctx, policies.ManageAgent, above.Org); err != nil {
		return Asset{}, err
	}
	tenant, err := s.Decider.TenantOf(ctx, above.Org)
	if err != nil {
		return Asset{}, err
	}
	a := Asset{ID: newID(), Parent: AssetOf(above.Org), Org: above.Org, Name: name, Type: kind, Description: description}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Exec("INSERT INTO agent_assets (id, tenant_id, org_id, name, type_id, description, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			string(a.ID), string(tenant), string(a.Org), a.Name, a.Type, a.Description, s.micros()).Error
		if err != nil {
			return fmt.Errorf("create an asset: %w", err)
		}
		return audit.Record(ctx, tx, "asset.create", audit.Object{Tenant: string(tenant), Org: string(a.Org), Type: "asset", ID: string(a.ID)}, audit.Detail{"name": a.Name})
	})
	return a, err
}
