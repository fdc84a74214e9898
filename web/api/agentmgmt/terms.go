package agentmgmt

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"halfkey/devices/agents"
	"halfkey/iam"
	"halfkey/iam/token"
)

// wireTerms is how an organisation's agents are treated. These addresses are ours:
// the platform's clients know nothing of them.
type wireTerms struct {
	Size    string     `json:"size"` // "" where nothing bounds the number of agents
	Used    int        `json:"used"`
	Most    int        `json:"most,omitempty"`
	Alg     token.Alg  `json:"alg"`
	Seconds int64      `json:"tokenSeconds"`
	Replays bool       `json:"replays"`
	Key     wireSigner `json:"signingKey"`
}

type wireSigner struct {
	Kid   string    `json:"kid"`
	Alg   token.Alg `json:"alg"`
	Since string    `json:"since"`
	Until string    `json:"until"`
	Own   bool      `json:"own"`
}

// changedTerms are those of them that a caller wants otherwise.
type changedTerms struct {
	Size    *string    `json:"size"`
	Alg     *token.Alg `json:"alg"`
	Seconds *int64     `json:"tokenSeconds"`
	Replays *bool      `json:"replays"`
}

func (h *Handler) terms(c echo.Context) error {
	tenant, err := iam.ParseOrgID(c.Param("org"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	t, q, err := h.Agents.ReadTerms(ctx, tenant)
	if err != nil {
		return err
	}
	k, err := h.Agents.SignerOf(ctx, tenant)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, wireTerms{t.Size, q.Used, q.Most, t.Alg, int64(t.Token / time.Second), t.Replays, signerOnWire(k)})
}

func signerOnWire(k agents.Signer) wireSigner {
	return wireSigner{k.Kid, k.Alg, wireTime(k.Since), wireTime(k.Until), k.Own}
}

func (h *Handler) setTerms(c echo.Context) error {
	tenant, err := iam.ParseOrgID(c.Param("org"))
	if err != nil {
		return err
	}
	var in changedTerms
	if err := readJSON(c, documentMost, &in); err != nil {
		return err
	}
	ctx := c.Request().Context()
	t, _, err := h.Agents.ReadTerms(ctx, tenant)
	if err != nil {
		return err
	}
	if in.Size != nil {
		if err := h.Agents.SetSize(ctx, tenant, *in.Size); err != nil {
			return err
		}
	}
	if in.Alg != nil || in.Seconds != nil || in.Replays != nil {
		if err := h.Agents.SetTerms(ctx, tenant, in.on(t)); err != nil {
			return err
		}
	}
	return h.terms(c)
}

// on is t with what was said of it.
func (in changedTerms) on(t agents.Terms) agents.Terms {
	if in.Alg != nil {
		t.Alg = *in.Alg
	}
	if in.Seconds != nil {
		t.Token = time.Duration(min(max(*in.Seconds, 0), 1<<20)) * time.Second // what is beyond that is refused as this is
	}
	if in.Replays != nil {
		t.Replays = *in.Replays
	}
	return t
}

// rotateKey changes the key that signs an organisation's tokens; "platform"
// stands for the key of all who have none of their own.
func (h *Handler) rotateKey(c echo.Context) error {
	tenant := iam.OrgID("")
	if raw := c.Param("org"); raw != "platform" {
		var err error
		if tenant, err = iam.ParseOrgID(raw); err != nil {
			return err
		}
	}
	ctx := c.Request().Context()
	if err := h.Agents.RotateKey(ctx, tenant); err != nil {
		return err
	}
	k, err := h.Agents.SignerOf(ctx, tenant)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, signerOnWire(k))
}
