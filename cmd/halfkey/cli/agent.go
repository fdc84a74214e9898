package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/spf13/cobra"
)

// management is where agents are managed: the address that other tools for them
// use as well.
const management = "/api/agentmanagement/v3"

// agent is what that address says of one.
type agent struct {
	ID      string `json:"id"`
	ETag    string `json:"eTag"`
	Name    string `json:"name"`
	Profile string `json:"securityProfile"`
	Status  string `json:"status,omitempty"` // asked for by itself
}

// agents is the calls about agents.
type agents struct {
	api
	cmd *cobra.Command
}

// Agents is the noun of industrial agents: making them, and being one.
func Agents(open Open) *cobra.Command {
	noun := &cobra.Command{Use: "agent", Short: "Industrial agents", Annotations: map[string]string{Noun: "agent"}}
	with := func(use, short string, args cobra.PositionalArgs, do func(a agents, given []string) error) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Args: args}
		Flags(c)
		c.RunE = func(c *cobra.Command, given []string) error {
			client, base, done, err := open(c)
			if err != nil {
				return err
			}
			err = do(agents{api{client: client, base: base, ctx: c.Context()}, c}, given)
			if end := done(); err == nil {
				err = end
			}
			return err
		}
		noun.AddCommand(c)
		return c
	}
	with("ls", "Agents with their boarding status", cobra.NoArgs, agents.list)
	making := with("new [NAME]", "Make an agent, or one for each line of a list", cobra.MaximumNArgs(1), agents.make)
	making.Flags().String("profile", "RSA_3072", "RSA_3072 or SHARED_SECRET")
	making.Flags().String("org", "", "in this place")
	making.Flags().String("network", "", "file with a network profile as JSON")
	making.Flags().String("list", "", "CSV file of name, profile and place; - is standard input")
	making.Flags().String("out", "", "file for the boarding configuration; with --list a folder for them")
	editing := with("edit AGENT", "Give an agent another name, profile or network profile", cobra.ExactArgs(1), agents.edit)
	editing.Flags().String("name", "", "its name from now on")
	editing.Flags().String("profile", "", "RSA_3072 or SHARED_SECRET, while it is not onboarded")
	editing.Flags().String("network", "", "file with a network profile as JSON")
	with("boarding AGENT", "Its boarding configuration, which stays the same until it is used", cobra.ExactArgs(1), agents.boarding).
		Flags().String("out", "", "file for it; else it is printed")
	with("offboard AGENT", "End all that an agent holds; it may come again with a new boarding configuration", cobra.ExactArgs(1), agents.offboard)
	with("rm AGENT", "Delete an agent that is not onboarded", cobra.ExactArgs(1), agents.remove)
	terms := with("terms [ORG]", "How an organisation's agents are treated: size, signature and life of tokens", cobra.MaximumNArgs(1), agents.terms)
	terms.Flags().String("size", "", "XXS, XS, S, M, L, XL or none (who runs the platform says it)")
	terms.Flags().String("alg", "", "tokens are signed with ES256 or RS256")
	terms.Flags().Duration("token", 0, "how long an access token lives, 5m to 24h")
	terms.Flags().Bool("replays", false, "an assertion may come twice, for clients that send one again and again")
	with("new-key [ORG]", "Change the key that signs tokens: an organisation's own, or the platform's", cobra.MaximumNArgs(1), agents.newKey)
	noun.AddCommand(asAgent()...)
	return noun
}

// call sends a request and reads the answer into what, if it is not nil.
func (a agents) call(method, path, ifMatch string, body, into any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(a.ctx, method, a.base+management+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	if r.Header.Set("Content-Type", "application/json"); ifMatch != "" {
		r.Header.Set("If-Match", ifMatch)
	}
	res, err := a.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	doc, err := io.ReadAll(io.LimitReader(res.Body, answerMost))
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		var f struct{ Message string }
		if json.Unmarshal(doc, &f) != nil || f.Message == "" {
			f.Message = "The server answered " + res.Status
		}
		return &Failed{Status: res.StatusCode, Type: "agent", Title: f.Message}
	}
	if into == nil || len(doc) == 0 {
		return nil
	}
	if raw, whole := into.(*json.RawMessage); whole {
		*raw = doc
		return nil
	}
	return json.Unmarshal(doc, into)
}

var isAgent = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)

// find is the agent of that id or name.
func (a agents) find(text string) (found agent, err error) {
	if isAgent.MatchString(text) {
		return found, a.call(http.MethodGet, "/agents/"+text, "", nil, &found)
	}
	filter, err := json.Marshal(map[string]string{"name": text})
	if err != nil {
		return found, err
	}
	var page struct{ Content []agent }
	if err := a.call(http.MethodGet, "/agents?filter="+url.QueryEscape(string(filter)), "", nil, &page); err != nil {
		return found, err
	}
	if len(page.Content) != 1 {
		return found, fmt.Errorf("there is no agent called %q", text)
	}
	return page.Content[0], nil
}

func (a agents) list([]string) error {
	all := []agent{}
	for n := 0; ; n++ {
		var page struct {
			Content []agent
			Last    bool
		}
		if err := a.call(http.MethodGet, "/agents?size=500&sort=name&page="+strconv.Itoa(n), "", nil, &page); err != nil {
			return err
		}
		for _, one := range page.Content {
			if err := a.call(http.MethodGet, "/agents/"+one.ID+"/boarding/status", "", nil, &one); err != nil {
				return err
			}
			all = append(all, one)
		}
		if page.Last || len(page.Content) == 0 {
			return a.tell(map[string]any{"items": all}, "id name securityProfile status")
		}
	}
}

// tell prints an answer as the flag says.
func (a agents) tell(v any, columns string) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return err
	}
	r := run{verb: verb{columns: columns}, cmd: a.cmd}
	return r.print(doc)
}

func (a agents) flag(name string) string {
	f := a.cmd.Flags().Lookup(name)
	if f == nil {
		return ""
	}
	return f.Value.String()
}

// network is the profile in the file that the flag names, nil for none.
func (a agents) network() (json.RawMessage, error) {
	if a.flag("network") == "" {
		return nil, nil
	}
	return os.ReadFile(a.flag("network"))
}

func (a agents) edit(given []string) error {
	is, err := a.find(given[0])
	if err != nil {
		return err
	}
	network, err := a.network()
	if err != nil {
		return err
	}
	if name := a.flag("name"); name != "" {
		is.Name = name
	}
	if profile := a.flag("profile"); profile != "" {
		is.Profile = profile
	}
	body := map[string]any{"name": is.Name, "securityProfile": is.Profile}
	if network != nil {
		body["network"] = network
	}
	if err := a.call(http.MethodPut, "/agents/"+is.ID, is.ETag, body, &is); err != nil {
		return err
	}
	return a.tell(is, "id name securityProfile eTag")
}

func (a agents) boarding(given []string) error {
	is, err := a.find(given[0])
	if err != nil {
		return err
	}
	return a.hand(is, a.flag("out"))
}

// hand writes an agent's boarding configuration into a file, or prints it.
func (a agents) hand(is agent, file string) error {
	var doc json.RawMessage
	if err := a.call(http.MethodGet, "/agents/"+is.ID+"/boarding/configuration", "", nil, &doc); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, doc, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	if file == "" {
		_, err := text.WriteTo(a.cmd.OutOrStdout())
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o600)
}

func (a agents) offboard(given []string) error {
	is, err := a.find(given[0])
	if err != nil {
		return err
	}
	if err := a.call(http.MethodPost, "/agents/"+is.ID+"/boarding/offboard", "", nil, &is); err != nil {
		return err
	}
	return a.tell(is, "id name status")
}

func (a agents) remove(given []string) error {
	is, err := a.find(given[0])
	if err != nil {
		return err
	}
	if err := a.call(http.MethodDelete, "/agents/"+is.ID, is.ETag, nil, nil); err != nil {
		return err
	}
	r := run{cmd: a.cmd}
	return r.print(nil)
}
