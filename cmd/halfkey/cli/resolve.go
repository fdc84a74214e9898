package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// resolve turns what a person calls a place, a device or a person into its id.
func (a api) resolve(kind, text string) (string, error) {
	if isID.MatchString(text) {
		return text, nil
	}
	switch kind {
	case "org":
		return a.only(text, "/orgs", "place", "slug", "name")
	case "device":
		return a.only(text, "/devices?q="+url.QueryEscape(text), "device", "serial", "name")
	case "person":
		return a.person(text)
	}
	return text, nil
}

// only finds the one thing of a list that is called so.
func (a api) only(text, list, what string, by ...string) (string, error) {
	found, err := a.list(list)
	if err != nil {
		return "", err
	}
	for _, member := range by {
		var ids []string
		for _, item := range found {
			if s, _ := item[member].(string); strings.EqualFold(s, text) {
				ids = append(ids, fmt.Sprint(item["id"]))
			}
		}
		if len(ids) == 1 {
			return ids[0], nil
		}
		if len(ids) > 1 {
			return "", fmt.Errorf("there is more than one %s called %q; name it by its id: %s", what, text, strings.Join(ids, ", "))
		}
	}
	return "", fmt.Errorf("there is no %s called %q", what, text)
}

// person looks in the highest places, whose lists have everybody below.
func (a api) person(text string) (string, error) {
	places, err := a.list("/orgs")
	if err != nil {
		return "", err
	}
	for _, p := range places {
		if p["kind"] == "platform" || p["kind"] == "tenant" || fmt.Sprint(p["depth"]) == "0" {
			if id, err := a.only(text, "/orgs/"+fmt.Sprint(p["id"])+"/people", "person", "email", "name"); err == nil {
				return id, nil
			}
		}
	}
	return "", fmt.Errorf("there is nobody called %q", text)
}

func (a api) list(path string) ([]map[string]any, error) {
	doc, err := a.one("GET", path, nil)
	if err != nil {
		return nil, err
	}
	var page struct{ Items []map[string]any }
	return page.Items, json.Unmarshal(doc, &page)
}
