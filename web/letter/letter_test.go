package letter

import (
	"strings"
	"testing"

	"halfkey/iam/notify"
)

func TestEveryLetterIsWritten(t *testing.T) {
	d := notify.Data{"Name": "Marge", "Email": "marge@simps.net", "Org": "Moe's <b>Tavern</b>\r\nBcc: moe@simps.net", "Inviter": "Homer", "Helper": "Homer", "Actor": "Homer",
		"Role": "custom:1", "Due": "1 May", "What": "write-key", "Reason": "a support call", "Browser": "Firefox", "Link": `https://halfkey.example/x?"&y`}
	for kind, f := range forms {
		w, err := Write(kind, d)
		if err != nil || w.Subject == f.subject || strings.Contains(w.Text, "mail.") || strings.Contains(w.Text+w.Subject, "{{") {
			t.Errorf("%s: %+v %v", kind, w, err)
		}
		if strings.ContainsAny(w.Subject, "\r\n") || strings.Contains(w.HTML, "<b>") || strings.Contains(w.HTML, `x?"`) {
			t.Errorf("%s: somebody's name became more than a name: %+v", kind, w)
		}
		if f.button != "" && (!strings.Contains(w.Text, d["Link"]) || !strings.Contains(w.HTML, "<a href=")) {
			t.Errorf("%s has no link: %s", kind, w.Text)
		}
	}
	if _, err := Write("nobody-wrote-this", d); err == nil {
		t.Error("a letter without words goes out")
	}
}
