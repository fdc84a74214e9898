package ui

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed catalogue
var catalogue embed.FS

// message is a text cut at its placeholders, so that filling it in is a join.
// A text without placeholders is its first piece.
type message struct {
	forms map[string][]string // plural form → text, name, text, name, ... text
	plain string              // the whole of "other" when nothing is to be filled in
}

// book is one language: its messages and which plural form a number takes.
type book struct {
	lang     string
	messages map[string]*message
	form     func(n int) string
}

var books = map[string]func() *book{}

func init() {
	dirs, _ := catalogue.ReadDir("catalogue")
	for _, d := range dirs {
		books[d.Name()] = sync.OnceValue(func() *book { return read(d.Name()) })
	}
}

// read loads every file of a language. go-i18n parses them and knows the plurals.
func read(lang string) *book {
	tag := language.MustParse(lang)
	bundle := i18n.NewBundle(tag)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	b := &book{lang: lang, messages: map[string]*message{}}
	for _, name := range catalogueFiles(lang) {
		raw, _ := catalogue.ReadFile(name)
		f, err := bundle.ParseMessageFileBytes(raw, lang+".json")
		if err != nil {
			panic(fmt.Sprintf("ui: %s: %v", name, err))
		}
		for _, m := range f.Messages {
			if _, twice := b.messages[m.ID]; twice {
				panic("ui: message " + m.ID + " is in two files, the second is " + name)
			}
			b.messages[m.ID] = cut(m)
		}
	}
	b.form = plural(bundle, tag)
	return b
}

func catalogueFiles(lang string) []string {
	entries, _ := catalogue.ReadDir(path.Join("catalogue", lang))
	var names []string
	for _, e := range entries {
		names = append(names, path.Join("catalogue", lang, e.Name()))
	}
	return names
}

// plural asks go-i18n once per number which form it takes, and remembers.
func plural(bundle *i18n.Bundle, tag language.Tag) func(int) string {
	bundle.MustAddMessages(tag, &i18n.Message{ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other"})
	loc := i18n.NewLocalizer(bundle, tag.String())
	var seen sync.Map
	return func(n int) string {
		if f, ok := seen.Load(n % 1000); ok && n >= 0 && n < 1000 {
			return f.(string)
		}
		f, err := loc.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})
		if err != nil {
			return "other"
		}
		if n >= 0 && n < 1000 {
			seen.Store(n, f)
		}
		return f
	}
}

func cut(m *i18n.Message) *message {
	out := &message{forms: map[string][]string{}}
	for form, text := range map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other} {
		if text == "" {
			continue
		}
		var pieces []string
		for {
			before, rest, found := strings.Cut(text, "{{.")
			pieces = append(pieces, before)
			if !found {
				break
			}
			name, after, closed := strings.Cut(rest, "}}")
			if !closed {
				panic("ui: message " + m.ID + " opens a placeholder and does not close it")
			}
			pieces, text = append(pieces, name), after
		}
		out.forms[form] = pieces
	}
	if other := out.forms["other"]; len(other) == 1 && len(out.forms) == 1 {
		out.plain = other[0]
	}
	return out
}

// Lang is the language of the request.
func Lang(ctx context.Context) string { return bookOf(ctx).lang }

// bookOf is the catalogue for a request. English is the only one so far; where
// there is a second, the request chooses here.
func bookOf(context.Context) *book { return books["en"]() }

// T gives a message of the catalogue in the request's language. kv are pairs of
// placeholder and value: T(ctx, "people.invited", "Name", "Marge"). The value of
// "Count" (an int) chooses the plural form. A missing message is its own id; a
// test over all pages makes sure that there is none.
func T(ctx context.Context, id string, kv ...any) string {
	b := bookOf(ctx)
	m, ok := b.messages[id]
	if !ok {
		return id
	}
	if m.plain != "" {
		return m.plain
	}
	var out strings.Builder
	for i, piece := range b.pick(m, kv) {
		if i%2 == 1 {
			piece = value(piece, kv)
		}
		out.WriteString(piece)
	}
	return out.String()
}

func (b *book) pick(m *message, kv []any) []string {
	for i := 0; i+1 < len(kv); i += 2 {
		if n, ok := kv[i+1].(int); ok && kv[i] == "Count" {
			if pieces := m.forms[b.form(n)]; pieces != nil {
				return pieces
			}
		}
	}
	return m.forms["other"]
}

func value(name string, kv []any) string {
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i] != name {
			continue
		}
		switch v := kv[i+1].(type) {
		case string:
			return v
		case int:
			return strconv.Itoa(v)
		default:
			return fmt.Sprint(v)
		}
	}
	return "{{." + name + "}}"
}
