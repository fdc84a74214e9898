package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
)

// ReadingFiles are the verbs that carry a channel's readings as files, piece by
// piece, however long they are.
func ReadingFiles(open Open) []*cobra.Command {
	out := &cobra.Command{Use: "export CHANNEL", Short: "Write every entry of a channel to the output, as CSV or NDJSON", Args: cobra.ExactArgs(1)}
	out.Flags().Bool("csv", false, "as CSV, which can be imported again; the default")
	out.Flags().Bool("ndjson", false, "an object for each line")
	out.Flags().String("from", "", "not before")
	out.Flags().String("until", "", "the last day, or moment")
	in := &cobra.Command{Use: "import CHANNEL FILE", Short: "Import a CSV file as ThingSpeak exports one; - is the input", Args: cobra.ExactArgs(2)}
	in.Flags().Bool("good", false, "keep the good lines if some cannot be read; else nothing is taken then")
	out.RunE, in.RunE = opened(open, exportReadings), opened(open, importReadings)
	Flags(out)
	Flags(in)
	return []*cobra.Command{out, in}
}

func opened(open Open, do func(*cobra.Command, api, []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, given []string) error {
		client, base, done, err := open(c)
		if err != nil {
			return err
		}
		patient := *client
		patient.Timeout = 0 // a file takes as long as it takes
		return errors.Join(do(c, api{&patient, base, c.Context()}, given), done())
	}
}

func exportReadings(c *cobra.Command, a api, given []string) error {
	q := url.Values{"form": {"csv"}}
	if ndjson, _ := c.Flags().GetBool("ndjson"); ndjson {
		if csv, _ := c.Flags().GetBool("csv"); csv {
			return errors.New("either --csv or --ndjson")
		}
		q.Set("form", "ndjson")
	}
	for flag, name := range map[string]string{"from": "from", "until": "to"} {
		if text, _ := c.Flags().GetString(flag); text != "" {
			at, err := moment(text)
			if err != nil {
				return err
			}
			q.Set(name, at)
		}
	}
	body, err := a.carry(http.MethodGet, "/channels/"+url.PathEscape(given[0])+"/file?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(c.OutOrStdout(), body)
	return err
}

func importReadings(c *cobra.Command, a api, given []string) error {
	from := c.InOrStdin()
	if given[1] != "-" {
		f, err := os.Open(given[1])
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	path := "/channels/" + url.PathEscape(given[0]) + "/file"
	if good, _ := c.Flags().GetBool("good"); good {
		path += "?good_rows=true"
	}
	body, err := a.carry(http.MethodPost, path, from)
	if err != nil {
		return err
	}
	defer body.Close()
	doc, err := io.ReadAll(io.LimitReader(body, answerMost))
	if err != nil {
		return err
	}
	return (&run{verb: verb{columns: runCols}, cmd: c}).print(doc)
}

// carry does a call whose body or answer is a file.
func (a api) carry(method, path string, body io.Reader) (io.ReadCloser, error) {
	ctx := a.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	r, err := http.NewRequestWithContext(ctx, method, a.base+prefix+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "text/csv")
	}
	res, err := a.client.Do(r)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 300 {
		return res.Body, nil
	}
	defer res.Body.Close()
	f := &Failed{Status: res.StatusCode, Title: fmt.Sprint("The server answered ", res.Status)}
	doc, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	_ = json.Unmarshal(doc, f)
	return nil, f
}
