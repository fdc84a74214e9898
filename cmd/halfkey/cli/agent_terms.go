package cli

import (
	"fmt"
	"net/http"
	"time"
)

// treatment is how an organisation's agents are treated.
type treatment struct {
	Size    string `json:"size"`
	Used    int    `json:"used"`
	Most    int    `json:"most,omitempty"`
	Alg     string `json:"alg"`
	Seconds int64  `json:"tokenSeconds"`
	Replays bool   `json:"replays"`
	Key     signer `json:"signingKey"`
}

type signer struct {
	Kid   string `json:"kid"`
	Alg   string `json:"alg"`
	Since string `json:"since"`
	Until string `json:"until"`
	Own   bool   `json:"own"`
}

// terms shows how agents are treated, after changing what flags say.
func (a agents) terms(given []string) error {
	org, err := a.organisation(given)
	if err != nil {
		return err
	}
	change := map[string]any{}
	for _, name := range []string{"size", "alg"} {
		if a.cmd.Flags().Changed(name) {
			change[name] = a.flag(name)
		}
	}
	if change["size"] == "none" {
		change["size"] = ""
	}
	if a.cmd.Flags().Changed("token") {
		life, _ := a.cmd.Flags().GetDuration("token")
		change["tokenSeconds"] = int64(life / time.Second)
	}
	if a.cmd.Flags().Changed("replays") {
		change["replays"], _ = a.cmd.Flags().GetBool("replays")
	}
	var is treatment
	if len(change) > 0 {
		err = a.call(http.MethodPut, "/terms/"+org, "", change, &is)
	} else {
		err = a.call(http.MethodGet, "/terms/"+org, "", nil, &is)
	}
	if err != nil {
		return err
	}
	return a.tell(is, "size used most alg tokenSeconds replays signingKey")
}

// newKey changes a signing key: the platform's where no organisation is named.
func (a agents) newKey(given []string) error {
	org, err := "platform", error(nil)
	if len(given) > 0 {
		if org, err = a.organisation(given); err != nil {
			return err
		}
	}
	var is signer
	if err := a.call(http.MethodPost, "/terms/"+org+"/key", "", nil, &is); err != nil {
		return err
	}
	return a.tell(is, "kid alg since until own")
}

// organisation is the one that was named, or the only one that there is to see.
func (a agents) organisation(given []string) (string, error) {
	if len(given) > 0 {
		return a.resolve("org", given[0])
	}
	places, err := a.api.list("/orgs")
	if err != nil {
		return "", err
	}
	found := ""
	for _, p := range places {
		if p["kind"] != "tenant" {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("which organisation? Name it")
		}
		found = fmt.Sprint(p["id"])
	}
	if found == "" {
		return "", fmt.Errorf("there is no organisation that you may see")
	}
	return found, nil
}
