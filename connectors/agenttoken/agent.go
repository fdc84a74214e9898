package agenttoken

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"halfkey/connectors"
	"halfkey/devices/wire"
	"halfkey/iam/vault"
)

// said is an agent as the API writes it.
type said struct {
	ID   string `json:"id"`
	ETag string `json:"eTag"`
	Name string `json:"name"`
}

const (
	pageSize = 100
	maxPages = 1000
	maxID    = 64 // characters; those of the API have 32
)

// outer judges what the platform said.
func (g said) outer() (connectors.Outer, error) {
	if g.ID == "" || len(g.ID) > maxID || strings.Trim(g.ID, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return connectors.Outer{}, fmt.Errorf("%w: an agent without an id", connectors.ErrUnsure)
	}
	o := connectors.Outer{ID: g.ID, Name: g.Name, Agent: true}
	if by, of, two := strings.Cut(g.Name, "."); two && by != "" && of != "" && len(g.Name) <= 2*maxID {
		o.Marker = g.Name
	}
	return o, nil
}

// List implements connectors.Service. It tells who is there, and of nobody what
// he boards with.
func (s *Service) List(ctx context.Context, a connectors.Access) ([]connectors.Outer, error) {
	return s.find(ctx, a, "")
}

func (s *Service) find(ctx context.Context, a connectors.Access, filter string) (list []connectors.Outer, err error) {
	for n := range maxPages {
		var page struct {
			Content []said `json:"content"`
			Last    *bool  `json:"last"`
		}
		query := url.Values{"page": {strconv.Itoa(n)}, "size": {strconv.Itoa(pageSize)}, "sort": {"entityId,ASC"}}
		if filter != "" {
			query.Set("filter", filter)
		}
		if err := s.call(ctx, a, http.MethodGet, "/agents?"+query.Encode(), "", nil, &page); err != nil {
			return nil, err
		}
		for _, g := range page.Content {
			o, err := g.outer()
			if err != nil {
				return nil, err
			}
			list = append(list, o)
		}
		if page.Last == nil {
			break
		}
		if *page.Last || len(page.Content) == 0 {
			return list, nil
		}
	}
	return nil, fmt.Errorf("%w: the list cannot be read", connectors.ErrUnsure)
}

// Create implements connectors.Service. Where the name is taken, that is the agent
// that was asked for before.
func (s *Service) Create(ctx context.Context, a connectors.Access, marker string, _ connectors.Wish) (connectors.Outer, error) {
	var made said
	err := s.call(ctx, a, http.MethodPost, "/agents", "", map[string]string{"name": marker, "securityProfile": a.Settings["profile"]}, &made)
	if errors.Is(err, errConflict) {
		filter, _ := json.Marshal(map[string]string{"name": marker}) // texts always marshal
		found, failed := s.find(ctx, a, string(filter))
		if failed != nil || len(found) != 1 || found[0].Marker != marker {
			return connectors.Outer{}, err
		}
		made.ID, err = found[0].ID, nil
	}
	if err != nil {
		return connectors.Outer{}, err
	}
	o, err := s.Boarding(ctx, a, made.ID)
	if err != nil {
		err = fmt.Errorf("%w: it was made, and then: %w", connectors.ErrUnsure, err)
	}
	return o, err
}

// Change implements connectors.Service. An agent's name is its marker, so there is
// nothing to give it.
func (s *Service) Change(ctx context.Context, a connectors.Access, id string, _ connectors.Wish) (connectors.Outer, error) {
	return s.Boarding(ctx, a, id)
}

// Boarding implements connectors.Boarder.
func (s *Service) Boarding(ctx context.Context, a connectors.Access, id string) (connectors.Outer, error) {
	at := "/agents/" + url.PathEscape(id)
	var g said
	if err := s.call(ctx, a, http.MethodGet, at, "", nil, &g); err != nil {
		return connectors.Outer{}, err
	}
	o, err := g.outer()
	if err != nil {
		return o, err
	}
	var state struct {
		Status string `json:"status"`
	}
	if err := s.call(ctx, a, http.MethodGet, at+"/boarding/status", "", nil, &state); err != nil {
		return o, err
	}
	if state.Status == "ONBOARDED" {
		o.Entries = 1
		return o, nil
	}
	var config wire.Agent
	if err := s.call(ctx, a, http.MethodGet, at+"/boarding/configuration", "", nil, &config); err != nil {
		if errors.Is(err, errConflict) {
			err = fmt.Errorf("%w: it came aboard meanwhile", connectors.ErrUnsure)
		}
		return o, err
	}
	if t := a.Settings["tenant"]; t != "" && config.Content.Tenant != t {
		return o, fmt.Errorf("%w: the agent is of another tenant than the connection says", connectors.ErrDenied)
	}
	if config.Content.ClientID != o.ID || config.Content.IAT == "" || config.Check() != nil {
		return o, fmt.Errorf("%w: a boarding configuration that cannot be one", connectors.ErrUnsure)
	}
	o.WriteKey = vault.Secret(config.Marshal())
	return o, nil
}

// Delete implements connectors.Service: the agent is put off board, whereupon all
// it holds is dead, and goes.
func (s *Service) Delete(ctx context.Context, a connectors.Access, id string) error {
	at := "/agents/" + url.PathEscape(id)
	if err := s.call(ctx, a, http.MethodPost, at+"/boarding/offboard", "", nil, nil); err != nil && !errors.Is(err, errConflict) {
		return err // a conflict: it was not aboard
	}
	var g said
	if err := s.call(ctx, a, http.MethodGet, at, "", nil, &g); err != nil {
		return err
	}
	return s.call(ctx, a, http.MethodDelete, at, g.ETag, nil, nil)
}
