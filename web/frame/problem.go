package frame

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/connectors/thingspeak"
	"halfkey/devices"
	"halfkey/devices/agents"
	"halfkey/devices/bulk"
	"halfkey/devices/doctor"
	"halfkey/devices/files"
	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/iam/fault"
	"halfkey/iam/notify"
	"halfkey/iam/oidc"
	"halfkey/iam/token"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/api/rest"
	"halfkey/web/auth"
	"halfkey/web/problem"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// told are the faults that a caller may hear of, with the sentence that each has.
var told = byCode(
	notify.ErrHook, notify.ErrHookMany, notify.ErrHookURL, doctor.ErrJobRuns, doctor.ErrNoJob,
	devices.ErrEmbed, devices.ErrEmbeds, devices.ErrEmbedSpan, devices.ErrKeyFixed, devices.ErrKeyNotReady, devices.ErrKeyOurs, devices.ErrKeyPaused, devices.ErrKeyShown,
	devices.ErrKeyUntil, devices.ErrManualSold, devices.ErrNotManual, agents.ErrLine, agents.ErrLinePlace, agents.ErrMany, channels.ErrNamedKeys, connectors.ErrReadKey,
	iam.ErrEmail, iam.ErrEmailTaken, iam.ErrForm, iam.ErrID, iam.ErrName, iam.ErrPasswordLong, iam.ErrPasswordNaming, iam.ErrPasswordPlain,
	iam.ErrPasswordShort, iam.ErrPasswordBrief, iam.ErrPasswordCommon, iam.ErrPasswordLeans, iam.ErrNoPassword, iam.ErrLastWay, iam.ErrCodeWrong, iam.ErrTicket,
	iam.ErrNoSite, iam.ErrPasskeyKnown, iam.ErrPasskeyUnknown, iam.ErrPasskeyWrong, iam.ErrSessionUnknown, iam.ErrResting, iam.ErrSignedOut, iam.ErrUserUnknown, iam.ErrWrong,
	orgs.ErrNoReview, orgs.ErrReviewClosed, orgs.ErrReviewCut, orgs.ErrReviewDecide, orgs.ErrReviewDue, orgs.ErrReviewOneself,
	audit.ErrFilter, audit.ErrFormat, audit.ErrKeyFile, audit.ErrNoExport, audit.ErrSignature, devices.ErrKeyKind, devices.ErrNotThen, devices.ErrTerm,
	iam.ErrLink, iam.ErrNoMail, iam.ErrSameAddress, iam.ErrSecond, orgs.ErrHelpBeyond, orgs.ErrHelpSelf, orgs.ErrOtherBrowser,
	oidc.ErrCame, oidc.ErrClient, oidc.ErrDenied, oidc.ErrDomain, oidc.ErrDomainTaken, oidc.ErrIssuer, oidc.ErrNoAccount, oidc.ErrNone, oidc.ErrUnverified,
	policies.ErrAction, policies.ErrBeyond, policies.ErrDuties, policies.ErrHidden, policies.ErrLastOwner, policies.ErrLent, policies.ErrRefused, policies.ErrRole, policies.ErrRule, policies.ErrRuleLocks,
	policies.ErrTooDeep, policies.ErrUnproved,
	orgs.ErrAlreadyThere, orgs.ErrBaseURL, orgs.ErrHasAccount, orgs.ErrInvitationExpired, orgs.ErrInvitationRevoked, orgs.ErrInvitationUnknown,
	orgs.ErrInvitationUsed, orgs.ErrKeyClosed, orgs.ErrKeyEnded, orgs.ErrKeyForm, orgs.ErrKeyTimes, orgs.ErrKeyUnknown, orgs.ErrKeyUses, orgs.ErrKind, orgs.ErrLooking, orgs.ErrLookReason, orgs.ErrLookWhom,
	orgs.ErrNoKey, orgs.ErrNotSetUp, orgs.ErrOtherPerson, orgs.ErrSerial, orgs.ErrSetupToken, orgs.ErrSignUp, orgs.ErrSignUpClosed, orgs.ErrVoid,
	iam.ErrChanged, iam.ErrPersonNeeded, iam.ErrServiceUnknown, iam.ErrToken, iam.ErrTokenMany, iam.ErrTokenResting, iam.ErrTokenTimes, iam.ErrTokenUnknown,
	orgs.ErrAbove, orgs.ErrAccountAddress, orgs.ErrAccountPace, orgs.ErrDirectory, orgs.ErrMember, orgs.ErrMyself, orgs.ErrServiceAbove, orgs.ErrServiceElsewhere, orgs.ErrServiceOwner, orgs.ErrTeamUsed,
	orgs.ErrTokenByToken, orgs.ErrUserName, auth.ErrTokenMissing,
	connectors.ErrChannel, connectors.ErrConnector, connectors.ErrInUse, connectors.ErrOwn, connectors.ErrSecret, connectors.ErrService, connectors.ErrTestKey, connectors.ErrTestSilent,
	connectors.ErrUnknown, connectors.ErrGone, connectors.ErrKeySame, thingspeak.ErrSettings, channels.ErrImportHead, channels.ErrImportLines, channels.ErrRule,
	channels.ErrAccount, channels.ErrEntry, channels.ErrKey, channels.ErrSetting, channels.ErrTimeTaken, channels.ErrTooSoon, channels.ErrValue,
	devices.ErrDecided, devices.ErrElsewhere, devices.ErrNameTaken, devices.ErrNoRequest, devices.ErrRefused, devices.ErrRetired, devices.ErrTooMany, devices.ErrTyped,
	devices.ErrUnavailable, devices.ErrUnknown,
	agents.ErrAccess, agents.ErrAsset, agents.ErrClient, agents.ErrETag, agents.ErrEvent, agents.ErrFileTag, agents.ErrFilter, agents.ErrID,
	agents.ErrIDTaken, agents.ErrMapped, agents.ErrMapping, agents.ErrMetadata, agents.ErrNetwork, agents.ErrNoEvent, agents.ErrNoFile, agents.ErrNoMapping,
	agents.ErrNotAboard, agents.ErrOnboarded, agents.ErrPart, agents.ErrPath, agents.ErrPlace, agents.ErrPlatformKey, agents.ErrProfile, agents.ErrQuota, agents.ErrReading,
	agents.ErrRoom, agents.ErrSources, agents.ErrTerms, agents.ErrToken, agents.ErrTooMany, agents.ErrUnknown,
	token.ErrAlg, token.ErrForged,
	files.ErrTooLarge,
	problem.ErrCrossSite, problem.ErrHeaders, problem.ErrMalformed, problem.ErrMethod, problem.ErrNoRoute, problem.ErrTooLarge,
	iam.ErrAnswerLost, iam.ErrInFlight, iam.ErrKeyMalformed, iam.ErrKeyReused, bulk.ErrAct, bulk.ErrFile, bulk.ErrMail, bulk.ErrMany, bulk.ErrNothing, bulk.ErrUnknown, bulk.ErrThere, bulk.ErrFileGone, devices.ErrImportElsewhere, bulk.ErrNoFile, rest.ErrBody, rest.ErrByToken, rest.ErrCursor, rest.ErrListMoved, rest.ErrMedia,
	devices.ErrAgentSold, devices.ErrOffered, devices.ErrOwn, devices.ErrSerialThere, devices.ErrTransferUnknown, devices.ErrTransferVoid,
	orgs.ErrChanged, orgs.ErrChoice, orgs.ErrDates, orgs.ErrLockedOut, orgs.ErrMyDeputy, orgs.ErrNobody, orgs.ErrNoEnd, orgs.ErrRoleName, orgs.ErrShareRole,
	orgs.ErrBreakReason, orgs.ErrNoSecret, orgs.ErrNowhere,
	policies.ErrCycle, policies.ErrPast, policies.ErrSet, policies.ErrUpward, policies.ErrWall,
	auth.ErrSignIn, auth.ErrProve, auth.ErrElsewhere, ErrNowhere, ErrStream,
)

func byCode(all ...*fault.Fault) map[string]*fault.Fault {
	m := map[string]*fault.Fault{}
	for _, f := range all {
		m[f.Code] = f
	}
	return m
}

// Problem explains a code: what a program gets as type urn:halfkey:problem:code.
func (f *Frame) Problem(c echo.Context) error {
	ctx := c.Request().Context()
	p, ok := told[c.Param("code")]
	if !ok {
		return problem.ErrNoRoute
	}
	page := f.Door.Page(c, ui.T(ctx, "problem.title"))
	return show.Page(c, http.StatusOK, problemPage(page, p.Code, ui.Sentence(ctx, p.Sentence), next(ctx, p.Kind)))
}

// next is what one does about a fault of that kind.
func next(ctx context.Context, k fault.Kind) string {
	switch k {
	case fault.Malformed:
		return ui.T(ctx, "problem.malformed")
	case fault.Unprocessable:
		return ui.T(ctx, "problem.unprocessable")
	case fault.Unauthenticated:
		return ui.T(ctx, "problem.unauthenticated")
	case fault.Refused:
		return ui.T(ctx, "problem.refused")
	case fault.NotFound:
		return ui.T(ctx, "problem.missing")
	case fault.Conflict, fault.Stale:
		return ui.T(ctx, "problem.conflict")
	case fault.Gone:
		return ui.T(ctx, "problem.gone")
	case fault.TooLarge:
		return ui.T(ctx, "problem.large")
	case fault.TooMany, fault.Unavailable:
		return ui.T(ctx, "problem.later")
	}
	return ui.T(ctx, "portal.error.500.text")
}

// urn is the type of a code, as programs see it.
func urn(code string) string { return problem.TypePrefix + code }
