// Package letter has the words of mail and notices: which kind is told how. It
// sends nothing.
package letter

import (
	"cmp"
	"context"
	"fmt"
	"html"
	"strings"

	"halfkey/devices/rhythm"
	"halfkey/iam"
	"halfkey/iam/notify"
	"halfkey/orgs"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// form is how one kind is written: a subject, which is also the notice's
// sentence, a text, and what the button says where there is a link.
type form struct{ subject, text, button string }

// forms are all kinds. What is not here cannot be written.
var forms = map[string]form{
	"role-given":         {"mail.given.subject", "mail.given.text", ""},
	"role-ended":         {"mail.ended.subject", "mail.ended.text", ""},
	"role-until":         {"mail.until.subject", "mail.until.text", ""},
	orgs.ToldBreakGlass:  {"mail.glass.subject", "mail.glass.text", ""},
	"review-asked":       {"review.mail.asked", "review.mail.asked.text", ""},
	"review-yearly":      {"review.mail.yearly", "review.mail.yearly.text", ""},
	"invitation":         {"mail.invitation.subject", "mail.invitation.text", "mail.invitation.button"},
	"recovery":           {"mail.recovery.subject", "mail.recovery.text", "mail.recovery.button"},
	"recovery-helped":    {"mail.helped.subject", "mail.helped.text", "mail.recovery.button"},
	"recovered":          {"mail.recovered.subject", "mail.recovered.text", ""},
	"confirm":            {"mail.own.subject", "mail.own.text", "mail.own.button"},
	"address":            {"mail.new.subject", "mail.new.text", "mail.own.button"},
	"address-changed":    {"mail.changed.subject", "mail.changed.text", ""},
	"account-there":      {"mail.there.subject", "mail.there.text", "mail.there.button"},
	iam.LetterNewBrowser: {"mail.browser.subject", "mail.browser.text", "mail.browser.button"},
	rhythm.DeviceSilent:  {"view.mail.silent", "view.mail.silent.text", "view.mail.button"},
	rhythm.DeviceBack:    {"view.mail.back", "view.mail.back.text", "view.mail.button"},
	"founding":           {"mail.founding.subject", "mail.founding.text", "mail.founding.button"},
}

// Write writes a letter. Lines of the text that are empty part its paragraphs;
// a link stands alone on a line.
func Write(kind string, d notify.Data) (notify.Words, error) {
	f, ok := forms[kind]
	if !ok {
		return notify.Words{}, fmt.Errorf("letter: nobody has written %q", kind)
	}
	ctx := context.Background()
	kv := pairs(ctx, d)
	subject, text, sign := ui.T(ctx, f.subject, kv...), ui.T(ctx, f.text, kv...), ui.T(ctx, "mail.sign")
	var plain, rich strings.Builder
	for _, p := range strings.Split(text, "\n\n") {
		plain.WriteString(p + "\n\n")
		rich.WriteString("<p>" + html.EscapeString(p) + "</p>\n")
	}
	if link := d["Link"]; link != "" && f.button != "" {
		plain.WriteString(link + "\n\n")
		button := ui.T(ctx, f.button)
		rich.WriteString(`<p><a href="` + html.EscapeString(link) + `">` + html.EscapeString(button) + "</a></p>\n<p>" + html.EscapeString(link) + "</p>\n")
	}
	plain.WriteString("-- \n" + sign + "\n")
	return notify.Words{Subject: subject, Text: plain.String(), HTML: page(subject, rich.String(), sign)}, nil
}

func page(subject, body, sign string) string {
	return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + html.EscapeString(subject) + "</title></head><body>\n" +
		body + "<p><small>" + html.EscapeString(sign) + "</small></p>\n</body></html>\n"
}

// Sentence is a notice in the viewer's language; false for a kind that nobody has written.
func Sentence(ctx context.Context, kind string, d notify.Data) (string, bool) {
	f, ok := forms[kind]
	if !ok {
		return "", false
	}
	return ui.T(ctx, f.subject, pairs(ctx, d)...), true
}

// pairs are the data as the catalogue takes them. A name stays on its line.
func pairs(ctx context.Context, d notify.Data) []any {
	var kv []any
	for k, v := range d {
		switch k {
		case "Role":
			v = cmp.Or(show.Role(ctx, policies.Role(v)), ui.T(ctx, "mail.role.own"))
		case "What":
			v = show.Secret(ctx, orgs.KeyKind(v))
		}
		kv = append(kv, k, strings.Join(strings.Fields(v), " "))
	}
	return kv
}
