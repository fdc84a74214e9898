package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
)

// print shows an answer as the flag says.
func (r *run) print(doc json.RawMessage) error {
	out, form := r.cmd.OutOrStdout(), r.cmd.Flags().Lookup("output").Value.String()
	if r.file {
		_, err := out.Write(doc)
		return err
	}
	if len(doc) == 0 {
		if form == "table" {
			fmt.Fprintln(out, "Done.")
		}
		return nil
	}
	var v any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return fmt.Errorf("the answer is not JSON: %w", err)
	}
	switch form {
	case "json":
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	case "yaml":
		return yaml.NewEncoder(out).Encode(plain(v))
	case "table":
		if m, ok := v.(map[string]any); ok && r.lines != "" {
			return lines(out, m[r.lines])
		}
		if m, ok := v.(map[string]any); ok && r.within != "" {
			v = map[string]any{"items": m[r.within]}
		}
		return table(out, v, strings.Fields(r.columns))
	}
	return fmt.Errorf("-o is table, json or yaml, not %q", form)
}

// plain lets numbers be numbers in YAML.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}

// table shows a list as lines, and one thing as pairs.
func table(out io.Writer, v any, columns []string) error {
	w := tabwriter.NewWriter(out, 2, 4, 2, ' ', 0)
	m, ok := v.(map[string]any)
	if !ok {
		fmt.Fprintln(w, v)
		return w.Flush()
	}
	items, isList := m["items"].([]any)
	if !isList {
		pairs(w, m, columns)
		return w.Flush()
	}
	fmt.Fprintln(w, strings.ToUpper(strings.Join(columns, "\t")))
	for _, item := range items {
		var cells []string
		for _, c := range columns {
			cells = append(cells, cell(item, c))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// lines shows sentences as they are.
func lines(out io.Writer, v any) error {
	all, _ := v.([]any)
	for _, line := range all {
		if _, err := fmt.Fprintln(out, cell(map[string]any{"line": line}, "line")); err != nil {
			return err
		}
	}
	return nil
}

// pairs shows one thing: its columns, or all there is where it has none of them.
func pairs(w io.Writer, m map[string]any, columns []string) {
	if !slices.ContainsFunc(columns, func(c string) bool { return cell(m, c) != "" }) {
		columns = slices.Sorted(maps.Keys(m))
	}
	for _, c := range columns {
		if s := cell(m, c); s != "" {
			fmt.Fprintf(w, "%s\t%s\n", c, s)
		}
	}
}

// cell is a member, or a member of a member, as text that keeps to its line.
func cell(v any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	s := ""
	switch v := v.(type) {
	case nil:
	case string:
		s = v
	case map[string]any, []any:
		b, _ := json.Marshal(v)
		s = string(b)
	default:
		s = fmt.Sprint(v)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '�' // what a device called itself does not steer the terminal
	}, s)
}

func commands(all []verb, open Open) (list []*cobra.Command) {
	for _, v := range all {
		list = append(list, v.command(open))
	}
	return list
}
