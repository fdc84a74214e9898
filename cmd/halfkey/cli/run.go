package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// run is a verb at work.
type run struct {
	verb
	cmd *cobra.Command
	api
	given map[string]string // arguments by their names
}

// isID knows the API's ids from names and serials.
var isID = regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{20}$`)

func (r *run) do(names string, given []string) error {
	r.given = map[string]string{}
	for i, name := range strings.Fields(names) {
		if i < len(given) {
			r.given[strings.Trim(name, "[]")] = given[i]
		}
	}
	method, path, _ := strings.Cut(r.call, " ")
	path, err := r.path(path)
	if err != nil {
		return err
	}
	query, err := r.values(r.query)
	if err != nil {
		return err
	}
	q := url.Values{}
	for name, v := range query {
		q.Set(name, fmt.Sprint(v))
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	var body []byte
	if r.body != "" {
		members, err := r.values(r.body)
		if err != nil {
			return err
		}
		if body, err = json.Marshal(members); err != nil {
			return err
		}
	}
	answer, err := r.one(method, path, body)
	if err != nil {
		return r.asTyped(err)
	}
	return r.print(answer)
}

// asTyped has a refusal name the flag or argument that it is about, and not the
// member of the API's body.
func (r *run) asTyped(err error) error {
	if f, ok := errors.AsType[*Failed](err); ok {
		for one := range strings.FieldsSeq(r.query + " " + r.body) {
			member, from, _ := strings.Cut(one, "=")
			from, _, _ = strings.Cut(from, ":")
			for i := range f.Errors {
				if f.Errors[i].Where == member {
					f.Errors[i].Where = from
				}
			}
		}
	}
	return err
}

// path fills in the arguments, which may be names where the API wants ids.
func (r *run) path(path string) (string, error) {
	for name, value := range r.given {
		if !strings.Contains(path, "{"+name+"}") {
			continue
		}
		v, err := r.resolve(kindOf(name), value)
		if err != nil {
			return "", err
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(v))
	}
	return path, nil
}

// kindOf is what an argument of that name stands for.
func kindOf(name string) string {
	switch name {
	case "ORG":
		return "org"
	case "DEVICE":
		return "device"
	case "PERSON":
		return "person"
	}
	return ""
}

// values reads "member=ARGUMENT" and "member=--flag:kind", leaving out flags that
// nobody set.
func (r *run) values(what string) (map[string]any, error) {
	all := map[string]any{}
	for one := range strings.FieldsSeq(what) {
		member, from, _ := strings.Cut(one, "=")
		from, kind, _ := strings.Cut(from, ":")
		text := r.given[from]
		if flag, ok := strings.CutPrefix(from, "--"); ok {
			f := r.cmd.Flags().Lookup(flag)
			if !f.Changed {
				continue
			}
			text = strings.Trim(f.Value.String(), "[]") // a list's brackets
			if f.Value.Type() == "bool" {
				kind = "bool"
			}
		}
		v, err := r.value(kind, text)
		if err != nil {
			return nil, err
		}
		if whole, part, inner := strings.Cut(member, "."); inner {
			m, _ := all[whole].(map[string]any)
			if m == nil {
				m = map[string]any{}
				all[whole] = m
			}
			m[part] = v
			continue
		}
		all[member] = v
	}
	return all, nil
}

func (r *run) value(kind, text string) (any, error) {
	switch kind {
	case "time":
		return moment(text)
	case "bool":
		return strconv.ParseBool(text)
	case "int":
		return strconv.Atoi(text)
	case "list":
		return split(text), nil
	case "pairs":
		return pairsOf(split(text))
	case "file":
		doc, err := r.content(text)
		return strings.TrimSpace(string(doc)), err
	case "items":
		return r.items(text)
	}
	return r.resolve(kind, text)
}

// api is the other end of the line.
type api struct {
	client *http.Client
	base   string
	ctx    context.Context
}

// Failed is an answer that is a problem.
type Failed struct {
	Status int
	Type   string
	Title  string
	Errors []struct{ Where, What string }
}

func (f *Failed) Error() string {
	s := f.Title
	for _, e := range f.Errors {
		s += "\n  " + e.Where + ": " + e.What
	}
	return s + " (" + strings.TrimPrefix(f.Type, "urn:halfkey:problem:") + ")"
}

// answerMost is the longest answer that is read, in bytes.
const answerMost = 64 << 20

// one does one call and gives the answer's document, nil where there is none. A
// list is followed to its end.
func (a api) one(method, path string, body []byte) (json.RawMessage, error) {
	doc, err := a.send(method, path, body)
	if err != nil || method != http.MethodGet {
		return doc, err
	}
	var page struct {
		Items []json.RawMessage
		Next  string
	}
	if json.Unmarshal(doc, &page) != nil || page.Next == "" {
		return doc, nil
	}
	all := page.Items
	for page.Next != "" {
		next, err := url.Parse(page.Next)
		if err != nil {
			return nil, fmt.Errorf("the next page: %w", err)
		}
		page.Items, page.Next = nil, ""
		if doc, err = a.send(method, strings.TrimPrefix(next.Path, prefix)+"?"+next.RawQuery, nil); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(doc, &page); err != nil {
			return nil, fmt.Errorf("the next page: %w", err)
		}
		all = append(all, page.Items...)
	}
	return json.Marshal(map[string]any{"items": all})
}

const prefix = "/api/v1"

func (a api) send(method, path string, body []byte) (json.RawMessage, error) {
	r, err := http.NewRequestWithContext(a.ctx, method, a.base+prefix+path, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := a.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	doc, err := io.ReadAll(io.LimitReader(res.Body, answerMost))
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 {
		f := &Failed{Status: res.StatusCode}
		if json.Unmarshal(doc, f) != nil || f.Title == "" {
			f.Title = "The server answered " + res.Status
		}
		return nil, f
	}
	return doc, nil
}
