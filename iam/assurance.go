package iam

// Assurance is how well somebody has proved who he is. More is better.
type Assurance int

// What a sign-in is worth. A link from a mailbox or another house's word counts
// as much as a password.
const (
	Password   Assurance = 1 // one thing, which can be overheard or guessed
	TwoFactors Assurance = 2 // a password and a code that only his device makes
	Passkey    Assurance = 3 // an authenticator that saw him, and no other site
)

// Method is how a session was opened, or proved again since.
type Method string

// The ways in.
const (
	ByPassword     Method = "password"
	ByCode         Method = "password+code"          // of an authenticator app
	ByRecoveryCode Method = "password+recovery-code" // from paper
	ByPasskey      Method = "passkey"
	ByLink         Method = "link" // a link that was itself the permission
	ByOIDC         Method = "oidc" // another house's word
)

// Assurance is what the method is worth.
func (m Method) Assurance() Assurance {
	switch m {
	case ByPasskey:
		return Passkey
	case ByCode, ByRecoveryCode:
		return TwoFactors
	}
	return Password
}
