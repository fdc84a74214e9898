// Package oidc lets a tenant's people sign in where they already have an
// account: OpenID Connect Core 1.0 with the authorization code, PKCE (RFC 7636)
// and the issuer in the answer (RFC 9207). Each tenant says for itself whom it
// believes, and its word counts for its own people only. What anybody may do is
// not known here: who may change the settings, and how a newcomer gets a role,
// are asked of whoever knows.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/outward"
	"halfkey/iam/recall"
	"halfkey/iam/vault"
)

// What can be wrong with a provider's settings.
var (
	ErrIssuer      = fault.New(fault.Unprocessable, "oidc-issuer", "There is no sign-in provider at this address. It is an https address whose /.well-known/openid-configuration names it.")
	ErrClient      = fault.New(fault.Unprocessable, "oidc-client", "Enter what the provider gave you for this Halfkey, at most 500 characters.")
	ErrDomain      = fault.New(fault.Unprocessable, "oidc-domain", "Enter one or more domains such as simps.net, at most 20.")
	ErrDomainTaken = fault.New(fault.Conflict, "oidc-domain-taken", "Another organisation signs people of this domain in. Whoever runs this server can settle it.")
	ErrNone        = fault.New(fault.NotFound, "oidc-none", "No organisation signs people in like that here.")
)

// Provider is whom a tenant believes. The client's secret is written and never
// read out.
type Provider struct {
	Tenant    iam.OrgID
	Issuer    string
	ClientID  string
	Domains   []string // whose addresses it may speak for
	Role      string   // of newcomers; "": only who has an account already comes in
	ChangedBy iam.UserID
	ChangedAt time.Time
}

// Service is the use cases. Make it with New.
type Service struct {
	Parts
	found *recall.Memory[string, *discovered]
}

// Parts is what it is made of.
type Parts struct {
	DB       *gorm.DB
	Vault    *vault.Vault
	Sessions *iam.Sessions
	Private  bool // issuers may lie on private addresses
	Now      func() time.Time
	// MayChange says whether who acts in ctx may say whom a tenant believes, and
	// that newcomers get a role ("": none).
	MayChange func(ctx context.Context, tenant iam.OrgID, role string) error
	// Join gives a newcomer his role, in the name of who chose it.
	Join func(ctx context.Context, tx *gorm.DB, user iam.UserID, p Provider) error
}

// New joins the parts. What a provider publishes is remembered for ten minutes.
func New(p Parts) *Service { return &Service{p, recall.New[string, *discovered](64, 10*time.Minute)} }

type providerRow struct {
	TenantID     string `gorm:"column:tenant_id;primaryKey"`
	Issuer       string `gorm:"column:issuer"`
	ClientID     string `gorm:"column:client_id"`
	SecretSealed []byte `gorm:"column:secret_sealed"`
	Role         string `gorm:"column:role"`
	ChangedBy    string `gorm:"column:changed_by"`
	ChangedAt    int64  `gorm:"column:changed_at"`
}

func (providerRow) TableName() string { return "oidc_providers" }

func secretCell(tenant string) vault.Cell {
	return vault.Cell{Tenant: tenant, Column: "oidc_providers.secret_sealed", Row: tenant}
}

// discovered is what a provider publishes about itself.
type discovered struct {
	*oidc.Provider
	namesItself bool // in its answers, RFC 9207
	algorithms  []string
}

// asymmetric are the signatures that a stranger cannot make with the client's secret.
var asymmetric = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

func (s *Service) client() *http.Client { return outward.Client(s.Private) }

// discover reads the provider's own description. It fails with ErrIssuer.
func (s *Service) discover(issuer string) (*discovered, error) {
	if d, ok := s.found.Get(issuer, 0); ok {
		return d, nil
	}
	if _, err := outward.CheckURL(issuer, s.Private); err != nil {
		return nil, ErrIssuer.Because(err)
	}
	p, err := oidc.NewProvider(oidc.ClientContext(context.Background(), s.client()), issuer) // it keeps the context, and fetches keys with it later
	if err != nil {
		return nil, ErrIssuer.Because(err)
	}
	var says struct {
		NamesItself bool     `json:"authorization_response_iss_parameter_supported"`
		Algorithms  []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := p.Claims(&says); err != nil {
		return nil, ErrIssuer.Because(err)
	}
	d := &discovered{p, says.NamesItself, slices.DeleteFunc(says.Algorithms, func(a string) bool { return !slices.Contains(asymmetric, a) })}
	if len(d.algorithms) == 0 {
		d.algorithms = []string{oidc.RS256}
	}
	for _, address := range []string{p.Endpoint().AuthURL, p.Endpoint().TokenURL} {
		if _, err := outward.CheckURL(address, s.Private); err != nil {
			return nil, ErrIssuer.Because(err)
		}
	}
	s.found.Put(issuer, 0, d)
	return d, nil
}

// Settings is the form of whom a tenant believes. An empty secret keeps the one
// that is there.
type Settings struct {
	Issuer   string
	ClientID string
	Secret   vault.Secret
	Domains  string
	Role     string
}

// ParseDomains takes a list as typed, with commas, spaces or lines between.
func ParseDomains(s string) ([]string, error) {
	var all []string
	for _, d := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' }) {
		d = strings.TrimPrefix(d, "@")
		if _, err := iam.ParseEmail("x@" + d); err != nil || !strings.Contains(d, ".") {
			return nil, ErrDomain
		}
		if !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	if len(all) == 0 || len(all) > 20 {
		return nil, ErrDomain
	}
	return all, nil
}

// Set says whom a tenant believes from now on. The provider is asked whether it
// is one. Field names: issuer, client_id, secret, domains.
func (s *Service) Set(ctx context.Context, tenant iam.OrgID, f Settings) error {
	if err := s.MayChange(ctx, tenant, f.Role); err != nil {
		return err
	}
	var form iam.Form
	issuer := strings.TrimSpace(f.Issuer)
	_, err := s.discover(issuer)
	form.Check("issuer", err)
	domains, err := ParseDomains(f.Domains)
	form.Check("domains", err)
	client := strings.TrimSpace(f.ClientID)
	if client == "" || len(client) > 500 {
		form.Check("client_id", ErrClient)
	}
	before, err := s.row(s.DB.WithContext(ctx), tenant)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if f.Secret == "" && before.Issuer != issuer || len(f.Secret) > 500 { // a secret never goes to another provider than the one it was typed for
		form.Check("secret", ErrClient)
	}
	if err := form.Err(); err != nil {
		return err
	}
	row := providerRow{string(tenant), issuer, client, before.SecretSealed, f.Role, audit.ActorFrom(ctx).ID, iam.Micros(s.Now())}
	err = s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if f.Secret != "" {
			var err error
			if row.SecretSealed, err = s.Vault.Seal(tx, secretCell(row.TenantID), []byte(f.Secret.Reveal())); err != nil {
				return err
			}
		}
		if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "tenant_id"}}, UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		if err := setDomains(tx, tenant, domains); err != nil {
			return err
		}
		return s.record(ctx, tx, tenant, "sign-in.set", audit.Detail{"issuer": issuer, "domains": strings.Join(domains, " "), "role": f.Role, "secret": f.Secret != ""})
	})
	if errors.Is(err, ErrDomainTaken) {
		return iam.Wrong("domains", ErrDomainTaken)
	}
	if err != nil {
		return fmt.Errorf("set a sign-in provider: %w", err)
	}
	return nil
}

func setDomains(tx *gorm.DB, tenant iam.OrgID, domains []string) error {
	if err := tx.Exec("DELETE FROM oidc_domains WHERE tenant_id = ?", string(tenant)).Error; err != nil {
		return err
	}
	for _, d := range domains {
		res := tx.Exec("INSERT INTO oidc_domains (domain, tenant_id) VALUES (?, ?) ON CONFLICT (domain) DO NOTHING", d, string(tenant))
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			return ErrDomainTaken
		}
	}
	return nil
}

// Remove believes nobody any more. Those who came that way need a passkey or a
// password from then on.
func (s *Service) Remove(ctx context.Context, tenant iam.OrgID) error {
	if err := s.MayChange(ctx, tenant, ""); err != nil {
		return err
	}
	err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM oidc_domains WHERE tenant_id = ?", string(tenant)).Error; err != nil {
			return err
		}
		res := tx.Exec("DELETE FROM oidc_providers WHERE tenant_id = ?", string(tenant))
		if res.Error != nil || res.RowsAffected == 0 {
			return res.Error
		}
		return s.record(ctx, tx, tenant, "sign-in.remove", nil)
	})
	if err != nil {
		return fmt.Errorf("remove a sign-in provider: %w", err)
	}
	return nil
}

func (s *Service) record(ctx context.Context, tx *gorm.DB, tenant iam.OrgID, verb string, d audit.Detail) error {
	return audit.Record(ctx, tx, verb, audit.Object{Tenant: string(tenant), Org: string(tenant), Type: "org", ID: string(tenant)}, d)
}

// Get is whom a tenant believes, or ErrNone. Who may know is asked elsewhere.
func (s *Service) Get(ctx context.Context, tenant iam.OrgID) (Provider, error) {
	q := s.DB.WithContext(ctx)
	row, err := s.row(q, tenant)
	if err != nil {
		return Provider{}, err
	}
	p := Provider{Tenant: tenant, Issuer: row.Issuer, ClientID: row.ClientID, Role: row.Role, ChangedBy: iam.UserID(row.ChangedBy), ChangedAt: iam.Time(row.ChangedAt)}
	if err := q.Raw("SELECT domain FROM oidc_domains WHERE tenant_id = ? ORDER BY domain", string(tenant)).Scan(&p.Domains).Error; err != nil {
		return Provider{}, fmt.Errorf("read a sign-in provider: %w", err)
	}
	return p, nil
}

func (s *Service) row(q *gorm.DB, tenant iam.OrgID) (row providerRow, err error) {
	err = q.Where("tenant_id = ?", string(tenant)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, ErrNone
	}
	if err != nil {
		return row, fmt.Errorf("read a sign-in provider: %w", err)
	}
	return row, nil
}

// For finds the tenant that signs an address's domain in, or ErrNone.
func (s *Service) For(ctx context.Context, email iam.Email) (iam.OrgID, error) {
	_, domain, _ := strings.Cut(string(email), "@")
	return s.tenant(ctx, "SELECT tenant_id FROM oidc_domains WHERE domain = ?", domain)
}

// Any tells whether some tenant has a provider, for a page that offers it.
func (s *Service) Any(ctx context.Context) (bool, error) {
	var n int64
	if err := s.DB.WithContext(ctx).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM oidc_providers LIMIT 1) AS one").Scan(&n).Error; err != nil {
		return false, fmt.Errorf("look for sign-in providers: %w", err)
	}
	return n > 0, nil
}

// BySlug finds the tenant of a machine's name, if it signs people in; or ErrNone.
func (s *Service) BySlug(ctx context.Context, slug string) (iam.OrgID, error) {
	return s.tenant(ctx, "SELECT p.tenant_id FROM oidc_providers p JOIN orgs o ON o.id = p.tenant_id WHERE o.slug = ? AND o.kind = 'tenant'", slug)
}

func (s *Service) tenant(ctx context.Context, query, with string) (id iam.OrgID, err error) {
	if err := s.DB.WithContext(ctx).Raw(query, with).Scan(&id).Error; err != nil {
		return "", fmt.Errorf("find a sign-in provider: %w", err)
	}
	if id == "" {
		return "", ErrNone
	}
	return id, nil
}
