package uitest

import (
	"context"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Widths and Themes are what every page is looked at in.
var (
	Widths = []int64{1280, 390}
	Themes = []string{"light", "dark"}
)

// As is a screen: width in pixels and the colours that the device prefers.
// A width below 600 is a phone.
func As(theme string, width int64) chromedp.Action[chromedp.Void] { return screen(theme, width, 844) }

func screen(theme string, width, height int64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		size := emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600}
		if _, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, size); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	})
}

// Complaints collects what a tab's console, its scripts and the policy report
// from now on. Call the answer to read them.
func Complaints(t testing.TB, tab context.Context) func() []string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	err := chromedp.Listen(tab, func(ev any) {
		if s := complaint(ev); s != "" {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, s)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), all...)
	}
}

func complaint(ev any) string {
	switch ev := ev.(type) {
	case *log.EventEntryAdded: // policy reports and failed loads
		if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
			return ev.Entry.Text + " " + ev.Entry.URL
		}
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			s := "console:"
			for _, a := range ev.Args {
				s += " " + string(a.Value) + a.Description
			}
			return s
		}
	case *runtime.EventExceptionThrown:
		return "script: " + (&chromedp.ExceptionError{ExceptionDetails: ev.ExceptionDetails}).Error()
	}
	return ""
}
