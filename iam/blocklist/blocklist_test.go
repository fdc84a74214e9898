package blocklist

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatEverybodyTriesIsKnown(t *testing.T) {
	for _, p := range []string{"password", "PASSWORD", "qwertyuiop", "Password12345", "iloveyou!!!", "monkeymonkeymonkey", "trustno1", "12345678"} {
		if found, err := Common(p, ""); !found || err != nil {
			t.Errorf("%q passes: %v", p, err)
		}
	}
	for _, p := range []string{"donuts are round and good", "a donut a day, every day", "correct horse battery staple", "ďábelské ódy žluťoučký", "", "x"} {
		if found, err := Common(p, ""); found || err != nil {
			t.Errorf("%q is on the list: %v", p, err)
		}
	}
}

func TestAStrangerIsHardlyEverTakenForOneOfThem(t *testing.T) {
	wrong := 0
	for i := range 20_000 {
		if found, _ := Common(fmt.Sprintf("a sentence of mine, the %dth one?x", i), ""); found {
			wrong++
		}
	}
	if wrong > 4 {
		t.Errorf("%d of 20,000", wrong)
	}
}

func TestAListBecomesAFilter(t *testing.T) {
	dir := t.TempDir()
	list, to := filepath.Join(dir, "list"), filepath.Join(dir, "filter")
	lines := "the springfield tire fire\r\n\n" + fmt.Sprintf("%X:17\n", sha1.Sum([]byte("everything is coming up milhouse"))) + "no newline at the end"
	if err := os.WriteFile(list, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := Import(list, to); n != 3 || err != nil {
		t.Fatalf("%d entries, %v", n, err)
	}
	for _, p := range []string{"the springfield tire fire", "everything is coming up milhouse", "no newline at the end"} {
		if found, err := Common(p, to); !found || err != nil {
			t.Errorf("%q passes: %v", p, err)
		}
		if found, _ := Common(p, filepath.Join(dir, "none")); found {
			t.Errorf("%q is known without the list", p)
		}
	}
	if found, err := Common("donuts are round and good", to); found || err != nil {
		t.Errorf("%v %v", found, err)
	}
	if err := os.WriteFile(to, []byte("something else altogether, long enough for a header"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Common("donuts are round and good", to); !errors.Is(err, ErrFilter) {
		t.Errorf("a broken file: %v", err)
	}
	if err := os.WriteFile(list, []byte("short\n"+strings.Repeat("x", 2000)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(list, to); !errors.Is(err, ErrLine) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"password", "", "\r\n", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824\r\n", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FDX:1", "a:b:c", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		sum, ok, err := parseLine([]byte(line))
		if err == nil && !ok && strings.Trim(line, "\r\n") != "" {
			t.Errorf("%q is passed over", line)
		}
		if ok && len(line) < 40 && sum != sha1.Sum([]byte(strings.TrimRight(line, "\r\n"))) {
			t.Errorf("%q is read otherwise than it is", line)
		}
	})
}

func FuzzVariants(f *testing.F) {
	for _, s := range []string{"", "a", "aaaa", "Password12345", "abcabc", "ǅ1", "\xff\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if all := variants(s); all[0] != s {
			t.Errorf("%q itself is not looked up", s)
		}
		if u := repeated(s); s != "" && (u == "" || len(s)%len(u) != 0 || strings.Repeat(u, len(s)/len(u)) != s) {
			t.Errorf("%q is not %q again and again", s, u)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add(common[:headerSize+100], "password")
	f.Add(magic+strings.Repeat("\x00", 16), "x")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, file, password string) {
		_, _ = looked(strings.NewReader(file), password) // whatever is found, nothing breaks
	})
}
