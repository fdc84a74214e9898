package guide_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"halfkey/web/ui"
	"halfkey/web/ui/guide"
)

// BenchmarkTwentyRows is the rendering of a list of twenty devices.
func BenchmarkTwentyRows(b *testing.B) {
	ctx := ui.WithClock(context.Background(), func() time.Time { return guide.Now }, time.UTC)
	page := guide.Pages["/table"]
	var out bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := page.Render(ctx, &out); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}
