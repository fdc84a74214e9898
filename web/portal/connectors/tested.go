package connectors

import (
	"context"
	"errors"
	"strings"

	"github.com/a-h/templ"

	"halfkey/connectors"
	"halfkey/iam/fault"
	"halfkey/web/ui"
)

// tested is what came of trying an account at a service; the zero value is
// nothing was tried.
type tested struct {
	Service, Host string
	Report        *connectors.Report
	Err           error
	Change        bool // of a connection that is there
}

// Tested says what a service answered when somebody's account was tried: the same
// sentence wherever a key is typed. Its children are the buttons that help when
// there was no answer. With neither it is an empty place on the page.
func Tested(service, host string, r *connectors.Report, err error) templ.Component {
	return testedPart(tested{Service: service, Host: host, Report: r, Err: err})
}

func (t tested) none() bool { return t.Report == nil && t.Err == nil }

func (t tested) silent() bool { return errors.Is(t.Err, connectors.ErrTestSilent) }

func (t tested) words(ctx context.Context) (kind, title, text string) {
	service := serviceWord(ctx, t.Service)
	switch {
	case t.Report != nil && t.Report.Left == 0:
		return "warn", ui.T(ctx, "connector.answers.full", "Service", service), saidOf(ctx, t.Service, "connector.full.fix")
	case t.Report != nil && t.Report.Left < 0:
		return "good", ui.T(ctx, "connector.answers.any", "Service", service), saidOf(ctx, t.Service, "connector.answers.text", "Count", t.Report.Channels)
	case t.Report != nil:
		return "good", ui.T(ctx, "connector.answers", "Service", service, "Left", leftWord(ctx, t.Report.Left)), saidOf(ctx, t.Service, "connector.answers.text", "Count", t.Report.Channels)
	case t.silent() && t.Change:
		return "error", ui.T(ctx, "connector.silent", "Host", t.Host), ui.T(ctx, "connector.change.silent")
	case t.silent():
		return "error", ui.T(ctx, "connector.silent", "Host", t.Host), ui.Sentence(ctx, sentenceOf(t.Err))
	case errors.Is(t.Err, connectors.ErrTestKey), errors.Is(t.Err, connectors.ErrSecret):
		return "error", refusedWord(ctx, t.Service, t.Err), saidOf(ctx, t.Service, "connector.key.fix")
	}
	var more []string
	for _, f := range fault.Of(t.Err).Fields {
		label, _ := settingWord(ctx, t.Service, f.Where)
		more = append(more, label+": "+ui.Sentence(ctx, f.What))
	}
	return "error", ui.Sentence(ctx, sentenceOf(t.Err)), strings.Join(more, "; ")
}

// trying are the attributes of a button that tries what its form holds: with script
// the answer is put in its place on the page, and what was typed stays.
func trying(action string) templ.Attributes {
	return templ.Attributes{"formnovalidate": true, "hx-post": action, "hx-target": "#tested", "hx-select": "#tested", "hx-swap": "outerHTML"}
}
