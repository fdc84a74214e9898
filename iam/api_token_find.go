package iam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"halfkey/iam/audit"
)

// So many wrong tokens from one address, then a rest.
const (
	tokenWrongMost = 30
	tokenWrongRest = 5 * time.Minute
)

// usedEvery is how exact the last use of a token is known.
const usedEvery = time.Minute

// Bearer is who shows a token.
type Bearer struct {
	Token     TokenID
	Holder    Holder
	Name      string
	Tenant    OrgID  // of a service account; the token's own for a person
	Org       OrgID  // of a service account; where a person is at home
	Person    UserID // a service account's owner, or the person himself
	MadeBy    UserID // of a service account
	CutRole   string
	CutOrg    OrgID
	Assurance Assurance
	notBefore int64
	notAfter  int64
	usedAt    int64
}

// Actor is the bearer as the trail names him.
func (b Bearer) Actor() audit.Actor {
	return audit.Actor{Type: b.Holder.Type, ID: b.Holder.ID, Name: b.Name}
}

type bearerKey struct{}

// WithBearer puts the token that was shown into ctx.
func WithBearer(ctx context.Context, b Bearer) context.Context {
	return context.WithValue(ctx, bearerKey{}, b)
}

// BearerOf is the token with which the request in ctx came; ok is false for a
// browser, a job or a stranger.
func BearerOf(ctx context.Context) (b Bearer, ok bool) {
	b, ok = ctx.Value(bearerKey{}).(Bearer)
	return b, ok
}

// Find tells who shows a token; source is the caller's network. What it
// remembers is at most half a second old. It does not judge whether a service
// account's owner may still have it. It fails with ErrToken or ErrTokenResting:
// an address that brought many wrong ones is heard no more for a while, unless
// with a token that was good a short while ago.
func (t *APITokens) Find(ctx context.Context, text, source string) (Bearer, error) {
	token, ours := ParseAPIToken(text)
	if !ours {
		return Bearer{}, t.TurnAway(ctx, Bearer{}, source, "unknown token")
	}
	version, err := t.Versions.Current(ctx)
	if err != nil {
		return Bearer{}, err
	}
	hash := t.hash(token)
	b, ok := t.known.Get(hash, version)
	if !ok {
		if _, good := t.good.Get(hash, 0); !good {
			if ok, retryAfter := t.Limits.Peek(tokenCounter(source), tokenWrongMost); !ok {
				return Bearer{}, ErrTokenResting.Retry(retryAfter)
			}
		}
		if b, err = t.read(ctx, hash); errors.Is(err, ErrToken) {
			return Bearer{}, t.TurnAway(ctx, Bearer{}, source, "unknown token")
		}
		if err != nil {
			return Bearer{}, err
		}
		t.known.Put(hash, version, b)
	}
	now := Micros(t.Now())
	if now < b.notBefore || now >= b.notAfter {
		return Bearer{}, t.TurnAway(ctx, b, source, "token out of its dates")
	}
	t.good.Put(hash, 0, struct{}{})
	if now-b.usedAt >= usedEvery.Microseconds() {
		b.usedAt = now
		t.known.Put(hash, version, b) // first: of many at once one writes
		t.see(ctx, hash, now)
	}
	return b, nil
}

func tokenCounter(source string) string { return "token|" + source }

// TurnAway counts a token that is not taken, notes the true cause in the trail,
// and is what the caller hears.
func (t *APITokens) TurnAway(ctx context.Context, b Bearer, source, cause string) error {
	if ok, retryAfter := t.Limits.Allow(tokenCounter(source), tokenWrongMost, tokenWrongRest); !ok {
		return ErrTokenResting.Retry(retryAfter)
	}
	if t.Trail != nil {
		t.Trail.Refuse(ctx, audit.Refusal{Tenant: string(b.Tenant), Org: string(b.Org), Source: source, Cause: cause, Verb: "token.use", ObjectType: "token", ObjectID: string(b.Token)})
	}
	return ErrToken
}

// A service account works while it has not ended and its owner is active; a
// person's token while he is.
const bearers = `SELECT t.id, t.subject_type, t.subject_id, COALESCE(s.name, u.name), t.tenant_id, COALESCE(s.org_id, u.home_org_id), u.id, COALESCE(s.made_by, ''),
 t.cut_role, COALESCE(t.cut_org_id, ''), t.assurance, t.not_before, t.not_after, COALESCE(t.used_at, 0)
FROM api_tokens t LEFT JOIN service_accounts s ON t.subject_type = 'service' AND s.id = t.subject_id AND s.ended_at IS NULL
JOIN users u ON u.id = COALESCE(s.owner_id, t.subject_id)
WHERE t.revoked_at IS NULL AND u.state = ? AND `

const (
	findAPIToken = bearers + "t.token_hash = ?"
	findBearer   = bearers + "t.id = ?"
)

func (t *APITokens) read(ctx context.Context, hash [32]byte) (Bearer, error) {
	return t.take(ctx, findAPIToken, hash[:])
}

func (t *APITokens) take(ctx context.Context, query string, arg any) (b Bearer, err error) {
	err = t.DB.WithContext(ctx).Raw(query, userActive, arg).Row().Scan(&b.Token, &b.Holder.Type, &b.Holder.ID, &b.Name, &b.Tenant, &b.Org,
		&b.Person, &b.MadeBy, &b.CutRole, &b.CutOrg, &b.Assurance, &b.notBefore, &b.notAfter, &b.usedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return b, ErrToken
	}
	if err != nil {
		return b, fmt.Errorf("find a token: %w", err)
	}
	return b, nil
}

// see notes that the token is in use. Should it fail, another minute will tell.
func (t *APITokens) see(ctx context.Context, hash [32]byte, now int64) {
	_ = t.DB.WithContext(ctx).Exec("UPDATE api_tokens SET used_at = ? WHERE token_hash = ? AND (used_at IS NULL OR used_at < ?)", now, hash[:], now).Error
}
