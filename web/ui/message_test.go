package ui

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestWordsAreFilledIn(t *testing.T) {
	ctx := context.Background()
	for want, got := range map[string]string{
		"Copy":                         T(ctx, "ui.copy"),
		"Signed in as Marge":           T(ctx, "ui.viewer", "Name", "Marge"),
		"One thing needs another look": T(ctx, "ui.form.wrong", "Count", 1),
		"12 things need another look":  T(ctx, "ui.form.wrong", "Count", 12),
		"0 things need another look":   T(ctx, "ui.form.wrong", "Count", 0),
		"Signed in as {{.Name}}":       T(ctx, "ui.viewer"),
		"Hides itself in 7 s":          T(ctx, "ui.reveal.left", "N", 7),
		"there-is-no-such-word":        T(ctx, "there-is-no-such-word"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNamesNeverBecomeMarks(t *testing.T) {
	b := books["en"]()
	b.messages["test.rich"] = cut(message0("test.rich", "**{{.Who}}** wrote `{{.Key}}` <now>"))
	t.Cleanup(func() { delete(b.messages, "test.rich") })
	var out strings.Builder
	if err := Rich("test.rich", "Who", "**<Bart>", "Key", "a`b").Render(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if want := "<strong>**&lt;Bart&gt;</strong> wrote <code>a`b</code> &lt;now&gt;"; out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}

// asked finds ids where they are asked for; quoted finds any mention.
var (
	asked  = regexp.MustCompile(`\b(?:T\([^",\n]+, |Rich\()"([^"]+)"`)
	quoted = regexp.MustCompile(`"([a-z0-9-]+(?:\.[a-z0-9-]+)+)"`)
)

// TestEveryWordIsInTheCatalogue reads all pages: a message that is asked for must
// exist, and one that exists must be asked for.
func TestEveryWordIsInTheCatalogue(t *testing.T) {
	mentioned := map[string]bool{}
	read := func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "_test.go") ||
			!(strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".templ")) {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range asked.FindAllStringSubmatch(withoutComments(string(src)), -1) {
			if _, ok := books["en"]().messages[m[1]]; !ok {
				t.Errorf("%s asks for %q, which no catalogue has", name, m[1])
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(string(src), -1) {
			mentioned[m[1]] = true
		}
		return nil
	}
	for _, dir := range []string{"..", "../../orgs", "../../devices"} { // some rooms name sentences that every door tells
		if err := filepath.WalkDir(dir, read); err != nil {
			t.Fatal(err)
		}
	}
	for lang, book := range books {
		for id := range book().messages {
			if !mentioned[id] && !strings.HasPrefix(id, "fault.") { // those are looked up by their sentence
				t.Errorf("%s: nobody asks for %q", lang, id)
			}
		}
	}
}

func withoutComments(src string) string {
	return regexp.MustCompile(`(?m)^\s*//.*$`).ReplaceAllString(src, "")
}

// TestAnIDIsWrittenOnce finds a message that another of the same id would hide.
func TestAnIDIsWrittenOnce(t *testing.T) {
	files, err := filepath.Glob("catalogue/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^  ?"([^"]+)":`).FindAllStringSubmatch(string(text), -1) {
			if seen[m[1]] {
				t.Errorf("%s has %q twice", file, m[1])
			}
			seen[m[1]] = true
		}
	}
}

// TestEveryLanguageIsComplete keeps half a translation from being offered.
func TestEveryLanguageIsComplete(t *testing.T) {
	english := books["en"]().messages
	for lang, book := range books {
		other := book().messages
		for id := range english {
			if _, ok := other[id]; !ok {
				t.Errorf("%s lacks %q", lang, id)
			}
		}
		for id := range other {
			if _, ok := english[id]; !ok {
				t.Errorf("%s has %q, English has not", lang, id)
			}
		}
	}
}

func BenchmarkT(b *testing.B) {
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		T(ctx, "ui.copy")
		T(ctx, "ui.ago.min", "N", 7)
	}
}
