package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// jobCols are what a table shows of a job.
const jobCols = "id kind state attempt max_attempts next_at error"

// jobs are the verbs of what is done beside requests.
var jobs = []group{{"job", "What is done beside requests, for who runs the platform", []verb{
	{use: "ls", short: "Jobs, newest first", call: "GET /jobs", query: "state=--state", columns: jobCols,
		flags: []string{"state text discarded, retryable, running, available, scheduled, completed or cancelled"}},
	{use: "retry JOB-ID", short: "Have a job run now, whatever became of it", call: "POST /jobs/{JOB-ID}/retry"},
	{use: "drop JOB-ID", short: "Let a job go: what it was to do is not done", call: "POST /jobs/{JOB-ID}/drop"},
	{use: "again KIND", short: "Try all of a kind again that failed", call: "POST /job_kinds/{KIND}/retry", columns: "count"},
}}}

// Doctor says what is broken now, and fails when something is.
func Doctor(open Open) *cobra.Command {
	v := verb{use: "doctor", short: "Say what is broken now, since when, and what mends it", call: "GET /findings", query: "org=--in:org", flags: []string{"in text this place and those below it"}}
	c := v.command(open)
	c.RunE = func(c *cobra.Command, _ []string) error {
		client, base, done, err := open(c)
		if err != nil {
			return err
		}
		r := run{verb: v, cmd: c, api: api{client: client, base: base, ctx: c.Context()}, given: map[string]string{}}
		err = r.diagnose()
		if end := done(); err == nil {
			err = end
		}
		return err
	}
	return c
}

func (r *run) diagnose() error {
	query, err := r.values(r.query)
	if err != nil {
		return err
	}
	path := "/findings"
	if org, ok := query["org"]; ok {
		path += "?org=" + fmt.Sprint(org)
	}
	doc, err := r.one("GET", path, nil)
	if err != nil {
		return err
	}
	var found struct{ Items []map[string]any }
	if err := json.Unmarshal(doc, &found); err != nil {
		return fmt.Errorf("the answer is not JSON: %w", err)
	}
	if r.cmd.Flags().Lookup("output").Value.String() != "table" {
		err = r.print(doc)
	} else {
		tellFindings(r.cmd.OutOrStdout(), found.Items)
	}
	if err != nil {
		return err
	}
	broken := 0
	for _, f := range found.Items {
		if f["weight"] == "broken" {
			broken++
		}
	}
	switch broken {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("one thing is broken")
	}
	return fmt.Errorf("%d things are broken", broken)
}

// tellFindings writes each with its cause, since when, and what mends it.
func tellFindings(out io.Writer, all []map[string]any) {
	if len(all) == 0 {
		fmt.Fprintln(out, "Nothing is broken.")
	}
	for _, f := range all {
		since := cell(f, "since")
		if since != "" {
			since = " (since " + since + ")"
		}
		fmt.Fprintf(out, "%-7s %s%s\n", strings.ToUpper(cell(f, "weight")), cell(f, "title"), since)
		fmt.Fprintf(out, "        %s\n", cell(f, "text"))
		if url := cell(f, "url"); url != "" && cell(f, "fix") != "" {
			fmt.Fprintf(out, "        %s: %s\n", cell(f, "fix"), url)
		}
		if command := cell(f, "command"); command != "" {
			fmt.Fprintf(out, "        $ %s\n", command)
		}
	}
}
