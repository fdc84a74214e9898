package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail"

	"halfkey/iam/vault"
)

// How the line to the mail server is locked.
const (
	StartTLS = "starttls" // turns to TLS before anything is said; refuses to go on without
	TLS      = "tls"      // TLS from the first byte
	Plain    = "off"      // for a server on the same machine
)

// MailConfig says where mail goes out. Port 0 stands for the usual one of the mode.
type MailConfig struct {
	Host     string
	Port     int
	User     string // "": no sign-in
	Password vault.Secret
	From     string // an address, perhaps with a name: Halfkey <halfkey@simps.net>
	Mode     string
}

// Mailer hands letters to a mail server (RFC 5321), one connection each.
type Mailer struct {
	config MailConfig
	from   *netmail.Address
	lock   *tls.Config
}

// mailTime bounds each step of the conversation.
const mailTime = 15 * time.Second

// NewMailer judges the settings. It calls nobody.
func NewMailer(c MailConfig) (*Mailer, error) {
	from, err := netmail.ParseAddress(c.From)
	if err != nil || hasControl(c.From) {
		return nil, errors.New("from is an address such as halfkey@simps.net")
	}
	if c.Host == "" || strings.ContainsAny(c.Host, " /") || hasControl(c.Host) {
		return nil, errors.New("host is a name or an address")
	}
	if c.Port == 0 {
		c.Port = map[string]int{TLS: 465, Plain: 25}[c.Mode]
	}
	switch c.Mode {
	case StartTLS:
		if c.Port == 0 {
			c.Port = 587
		}
	case TLS, Plain:
	default:
		return nil, errors.New("tls is starttls, tls or off")
	}
	return &Mailer{config: c, from: from, lock: &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}}, nil
}

func hasControl(s string) bool { return strings.IndexFunc(s, unicode.IsControl) >= 0 }

// send hands one letter over. What it says cannot become a header: a subject is
// one line, addresses are parsed, and the body is encoded.
func (m *Mailer) send(ctx context.Context, id, to string, w Words, now time.Time) error {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	if err := msg.To(to); err != nil {
		return fmt.Errorf("the receiver's address: %w", err)
	}
	msg.Subject(oneLine(w.Subject))
	msg.SetDateWithValue(now)
	_, domain, _ := strings.Cut(m.from.Address, "@")
	msg.SetMessageIDWithValue(id + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office comes back
	msg.SetBodyString(mail.TypeTextPlain, w.Text)
	msg.AddAlternativeString(mail.TypeTextHTML, w.HTML)
	client, err := mail.NewClient(m.config.Host, m.options()...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, msg)
}

func (m *Mailer) options() []mail.Option {
	all := []mail.Option{mail.WithPort(m.config.Port), mail.WithTimeout(mailTime), mail.WithTLSConfig(m.lock)}
	switch m.config.Mode {
	case TLS:
		all = append(all, mail.WithSSL())
	case StartTLS:
		all = append(all, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		all = append(all, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.config.User != "" {
		all = append(all, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.config.User), mail.WithPassword(m.config.Password.Reveal()))
	}
	return all
}

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }), " ")
}

// unwelcome reports whether the receiver is refused for good. Any other failure,
// a wrong password of ours among them, may be mended and is tried again.
func unwelcome(err error) bool {
	e, ok := errors.AsType[*mail.SendError](err)
	return ok && e.Reason == mail.ErrSMTPRcptTo && !e.IsTemp()
}
