package iam

import "halfkey/iam/vault"

// Visit is where a request comes from. Source is the caller's network (an IPv6
// /64), Agent what the browser says it is, Browser a cookie that stays in that
// browser, Site where passkeys belong there.
type Visit struct {
	Source  string
	Agent   string
	Browser vault.Secret
	Site    Site
}
