package iam

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/limit"
	"halfkey/iam/recall"
	"halfkey/iam/vault"
)

// TokenID names an API token. It is no secret.
type TokenID string

// ParseTokenID takes what a door received. It fails with ErrID.
func ParseTokenID(s string) (TokenID, error) { return parseID[TokenID](s) }

// An API token is hk_, 32 random bytes in 52 characters and a checksum in 7, by
// which a search for leaked secrets knows one of ours without asking.
const (
	apiTokenPrefix = "hk_"
	apiTokenBody   = 52
	apiTokenLength = len(apiTokenPrefix) + apiTokenBody + 7
	apiTokenHint   = len(apiTokenPrefix) + 4
)

var apiTokenText = base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding)

func drawAPIToken() vault.Secret {
	var b [32]byte
	rand.Read(b[:])
	body := apiTokenText.EncodeToString(b[:])
	return vault.Secret(apiTokenPrefix + body + apiTokenSum(body))
}

func apiTokenSum(body string) string {
	return apiTokenText.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
}

// ParseAPIToken takes what a header carried. False means that we cannot have
// made it, so nothing needs to be looked up.
func ParseAPIToken(s string) (vault.Secret, bool) {
	rest, ours := strings.CutPrefix(s, apiTokenPrefix)
	if !ours || len(s) != apiTokenLength {
		return "", false
	}
	body, sum := rest[:apiTokenBody], rest[apiTokenBody:]
	return vault.Secret(s), subtle.ConstantTimeCompare([]byte(apiTokenSum(body)), []byte(sum)) == 1
}

// Holder is whose a token is.
type Holder struct {
	Type string // "user" or "service"
	ID   string
}

// APIToken is a token without its text.
type APIToken struct {
	ID        TokenID
	Holder    Holder
	Label     string
	Hint      string // how it begins
	CutRole   string // "": no less than its holder may
	CutOrg    OrgID  // "": wherever its holder may
	NotBefore time.Time
	NotAfter  time.Time
	CreatedAt time.Time
	UsedAt    time.Time // to the minute; zero for never
	RevokedAt time.Time // zero for not
	CreatedBy string
}

// Works tells whether the token opens anything at that moment.
func (t APIToken) Works(now time.Time) bool {
	return t.RevokedAt.IsZero() && !now.Before(t.NotBefore) && now.Before(t.NotAfter)
}

// What can be wrong with a token.
var (
	ErrToken        = fault.New(fault.Unauthenticated, "token-refused", "This token opens nothing: it is unknown, not valid yet, over or revoked.")
	ErrTokenResting = fault.New(fault.TooMany, "token-resting", "Too many wrong tokens came from your address. Have a rest, and try again in a few minutes.")
	ErrTokenUnknown = fault.New(fault.NotFound, "token-unknown", "There is no such token.")
	ErrTokenTimes   = fault.New(fault.Unprocessable, "token-times", "It has to end after it begins, in the future, and within a year.")
	ErrTokenMany    = fault.New(fault.Conflict, "token-many", "There are twenty working tokens already. Revoke one first.")
)

type apiTokenRow struct {
	TokenHash   []byte  `gorm:"column:token_hash;primaryKey"`
	ID          string  `gorm:"column:id"`
	TenantID    string  `gorm:"column:tenant_id"`
	SubjectType string  `gorm:"column:subject_type"`
	SubjectID   string  `gorm:"column:subject_id"`
	Label       string  `gorm:"column:label"`
	Hint        string  `gorm:"column:hint"`
	CutRole     string  `gorm:"column:cut_role"`
	CutOrgID    *string `gorm:"column:cut_org_id"`
	Assurance   int     `gorm:"column:assurance"`
	NotBefore   int64   `gorm:"column:not_before"`
	NotAfter    int64   `gorm:"column:not_after"`
	CreatedBy   string  `gorm:"column:created_by"`
	CreatedAt   int64   `gorm:"column:created_at;autoCreateTime:false"`
	UsedAt      *int64  `gorm:"column:used_at"`
	RevokedAt   *int64  `gorm:"column:revoked_at"`
	RevokedBy   *string `gorm:"column:revoked_by"`
}

func (apiTokenRow) TableName() string { return "api_tokens" }

func (r apiTokenRow) token() APIToken {
	t := APIToken{ID: TokenID(r.ID), Holder: Holder{r.SubjectType, r.SubjectID}, Label: r.Label, Hint: r.Hint, CutRole: r.CutRole,
		NotBefore: Time(r.NotBefore), NotAfter: Time(r.NotAfter), CreatedAt: Time(r.CreatedAt), UsedAt: TimeOrZero(r.UsedAt),
		RevokedAt: TimeOrZero(r.RevokedAt), CreatedBy: r.CreatedBy}
	if r.CutOrgID != nil {
		t.CutOrg = OrgID(*r.CutOrgID)
	}
	return t
}

// APITokens keeps the tokens of people and service accounts, as keyed hashes
// only. Make it with NewAPITokens.
type APITokens struct {
	APITokenParts
	known *recall.Memory[[32]byte, Bearer]
	good  *recall.Memory[[32]byte, struct{}]
}

// APITokenParts is what APITokens is made of. Trail may be nil: then wrong
// tokens are not on the record.
type APITokenParts struct {
	DB       *gorm.DB
	Vault    *vault.Vault
	Limits   *limit.Limiter
	Versions *Versions
	Trail    *audit.Trail
	Now      func() time.Time
}

// NewAPITokens joins the parts. What a token opens is remembered for half a
// second at most; that it once was a good one, for an hour.
func NewAPITokens(p APITokenParts) *APITokens {
	return &APITokens{p, recall.New[[32]byte, Bearer](10_000, 500*time.Millisecond), recall.New[[32]byte, struct{}](10_000, time.Hour)}
}

func (t *APITokens) hash(token vault.Secret) [32]byte {
	return [32]byte(t.Vault.MAC("api-token", []byte(token.Reveal())))
}
