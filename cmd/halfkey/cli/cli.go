// Package cli is the verbs of the command line. Each is one call of the API, so
// that it does the same here, at a distance and on a page. It knows nothing of
// the house behind the API.
package cli

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Open gives a client for what the flags say: the house itself or a server. The
// address has no slash at the end; done ends what was opened.
type Open func(c *cobra.Command) (client *http.Client, base string, done func() error, err error)

// verb is a command and the call that it is.
type verb struct {
	use     string   // its name and arguments, in capitals
	short   string   //
	call    string   // method and path, with arguments and their kinds: "POST /devices/{DEVICE}/move"
	body    string   // members of the body and the arguments or flags that they come from: "to=ORG"
	query   string   // the same for the address
	flags   []string // name, kind and help: "until time the last moment"
	columns string   // what a table shows
	within  string   // the member that is a table's list, where it is not the answer itself
	lines   string   // the member that is shown in a table's place, line by line
	file    bool     // the answer is a file, which is written as it is
}

// group is a noun with its verbs.
type group struct {
	name, short string
	verbs       []verb
}

// Noun marks a command that is nothing but its verbs, for those who list commands.
const Noun = "noun"

// Commands are all nouns with their verbs.
func Commands(open Open) []*cobra.Command {
	var all []*cobra.Command
	for _, g := range groups {
		noun := &cobra.Command{Use: g.name, Short: g.short, Annotations: map[string]string{Noun: g.name}}
		noun.AddCommand(commands(g.verbs, open)...)
		all = append(all, noun)
	}
	return all
}

// Flags are those that every verb has.
func Flags(c *cobra.Command) {
	f := c.Flags()
	f.StringP("output", "o", "table", "table, json or yaml")
	f.String("server", "", "address of a server; without it the database is opened here")
	f.String("token-file", "", "file with the token for --server; or put it into HALFKEY_TOKEN")
	f.String("as", "", "e-mail address of the person to act as, where no --server is named; a platform administrator unless said otherwise")
}

func (v verb) command(open Open) *cobra.Command {
	name, args, _ := strings.Cut(v.use, " ")
	c := &cobra.Command{Use: v.use, Short: v.short}
	least, most := 0, 0
	for arg := range strings.FieldsSeq(args) {
		if most++; !strings.HasPrefix(arg, "[") {
			least++
		}
	}
	c.Args = func(_ *cobra.Command, given []string) error {
		if len(given) < least || len(given) > most {
			return fmt.Errorf("%s takes %s", name, orNothing(args))
		}
		return nil
	}
	Flags(c)
	for _, f := range v.flags {
		addFlag(c, f)
	}
	c.RunE = func(c *cobra.Command, given []string) error {
		client, base, done, err := open(c)
		if err != nil {
			return err
		}
		r := run{verb: v, cmd: c, api: api{client: client, base: base, ctx: c.Context()}}
		err = r.do(args, given)
		if end := done(); err == nil {
			err = end
		}
		return err
	}
	return c
}

func orNothing(args string) string {
	if args == "" {
		return "no arguments"
	}
	return args
}

// addFlag makes a flag of "name kind help".
func addFlag(c *cobra.Command, f string) {
	name, rest, _ := strings.Cut(f, " ")
	kind, help, _ := strings.Cut(rest, " ")
	switch kind {
	case "bool":
		c.Flags().Bool(name, false, help)
	case "int":
		c.Flags().Int(name, 0, help)
	case "list":
		c.Flags().StringSlice(name, nil, help)
	default:
		c.Flags().String(name, "", help)
	}
}

// moment takes a day or a time; a day is its end, in the local zone.
func moment(s string) (string, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Format(time.RFC3339), nil
	}
	if t, err := time.ParseInLocation("2006-01-02T15:04", s, time.Local); err == nil {
		return t.UTC().Format(time.RFC3339), nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, time.Local)
	if err != nil {
		return "", fmt.Errorf("%q is no time: write 2026-11-29, 2026-11-29T18:00 or 2026-11-29T18:00:00+01:00", s)
	}
	return t.AddDate(0, 0, 1).Add(-time.Second).UTC().Format(time.RFC3339), nil
}
