package connectortest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"gorm.io/gorm"

	"halfkey/connectors"
)

func takesValues(t *testing.T, h House) {
	c := h.create(t, "op-1")
	if c.ID == "" || c.WriteKey == "" {
		t.Fatalf("channel %q with key %v, want both", c.ID, c.WriteKey != "")
	}
	if err := h.Write(c.WriteKey.Reveal(), "21.5"); err != nil {
		t.Fatalf("the first value: %v", err)
	}
}

func grantedOnce(t *testing.T, h House) {
	if a, b := h.create(t, "op-1"), h.create(t, "op-1"); a != b {
		t.Errorf("the same wish made channel %s and then %s, or another key", a.ID, b.ID)
	}
}

func failsWhole(t *testing.T, h House) {
	var lost connectors.Channel
	stop := errors.New("the deed fails later")
	err := h.DB.WithContext(t.Context()).Transaction(func(tx *gorm.DB) (err error) {
		if lost, err = h.Provider.Create(t.Context(), tx, h.wish("op-1")); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	if h.Write(lost.WriteKey.Reveal(), "21.5") == nil {
		t.Error("the key of a channel that was never made takes values")
	}
	if c := h.create(t, "op-1"); h.Write(c.WriteKey.Reveal(), "21.5") != nil {
		t.Error("the wish cannot be granted after it failed once")
	}
}

func noticesUse(t *testing.T, h House) {
	c := h.create(t, "op-1")
	used := func() (used bool) {
		h.in(t, func(ctx context.Context, tx *gorm.DB) (err error) {
			used, err = h.Provider.WriteKeyUsed(ctx, tx, c.ID)
			return err
		})
		return used
	}
	if used() {
		t.Error("a key that nobody used is said to be used")
	}
	if err := h.Write(c.WriteKey.Reveal(), "21.5"); err != nil {
		t.Fatal(err)
	}
	h.settle(t)
	if !used() {
		t.Error("a key that wrote is said not to be used")
	}
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Close(ctx, tx, c.ID) })
	if !used() {
		t.Error("with the channel's end its use is forgotten")
	}
}

func wallsOff(t *testing.T, h House) {
	c := h.create(t, "op-1")
	if got, err := h.Provider.Keys(t.Context(), h.DB, "another-tenant", c.ID); !errors.Is(err, connectors.ErrChannel) || got.WriteKey != "" {
		t.Errorf("another tenant got %v, want ErrChannel", err)
	}
}

func closes(t *testing.T, h House) {
	c := h.create(t, "op-1")
	if err := h.Write(c.WriteKey.Reveal(), "21.5"); err != nil {
		t.Fatal(err)
	}
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Close(ctx, tx, c.ID) })
	h.settle(t)
	if h.endsKeys() && h.Write(c.WriteKey.Reveal(), "22.0") == nil {
		t.Error("a closed channel took a value")
	}
	if h.keys(t, c.ID).WriteKey != "" {
		t.Error("a closed channel still hands out a write key")
	}
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Close(ctx, tx, c.ID) }) // again changes nothing
}

func holds(t *testing.T, h House) {
	c := h.create(t, "op-1")
	for range 2 {
		h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Hold(ctx, tx, c.ID) })
		if h.endsKeys() && h.Write(c.WriteKey.Reveal(), "21.5") == nil {
			t.Error("a key that is held took a value")
		}
		if !h.endsKeys() && h.keys(t, c.ID).WriteKey != "" {
			t.Error("a key that is held is handed out")
		}
	}
	for range 2 {
		h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Release(ctx, tx, c.ID) })
		if err := h.Write(h.keys(t, c.ID).WriteKey.Reveal(), "21.5"); err != nil {
			t.Errorf("a key that was released: %v", err)
		}
	}
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Close(ctx, tx, c.ID) })
	h.settle(t)
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Release(ctx, tx, c.ID) })
	if h.endsKeys() && h.Write(c.WriteKey.Reveal(), "21.5") == nil || h.keys(t, c.ID).WriteKey != "" {
		t.Error("releasing opened a closed channel")
	}
}

// endsKeys tells whether the provider can make a key useless; one that cannot
// hands it out no more.
func (h House) endsKeys() bool { return h.Provider.Capabilities().EndKeys }

func keepsKeys(t *testing.T, h House) {
	c := h.create(t, "op-1")
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Rename(ctx, tx, c.ID, "Cellar") })
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Move(ctx, tx, c.ID, h.Other) })
	h.settle(t)
	if h.keys(t, c.ID) != c {
		t.Error("the keys changed with the name or the place")
	}
	if err := h.Write(c.WriteKey.Reveal(), "21.5"); err != nil {
		t.Errorf("a moved channel takes no values: %v", err)
	}
}

func saysUnknown(t *testing.T, h House) {
	for _, id := range []string{"999999", "", "no number", "-1"} {
		ctx, tx := t.Context(), h.DB
		_, keys := h.Provider.Keys(ctx, tx, h.Tenant, id)
		for call, err := range map[string]error{"Keys": keys, "Rename": h.Provider.Rename(ctx, tx, id, "x"),
			"Move": h.Provider.Move(ctx, tx, id, h.Other), "Close": h.Provider.Close(ctx, tx, id)} {
			if !errors.Is(err, connectors.ErrChannel) {
				t.Errorf("%s of %q: %v, want ErrChannel", call, id, err)
			}
		}
	}
}

func tellsApart(t *testing.T, h House) {
	a, b := h.create(t, "op-1"), h.create(t, "op-2")
	if a.ID == b.ID || a.WriteKey == b.WriteKey {
		t.Error("two wishes got one channel or one key")
	}
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Close(ctx, tx, a.ID) })
	h.settle(t)
	if err := h.Write(b.WriteKey.Reveal(), "21.5"); err != nil {
		t.Errorf("closing one channel closed the other: %v", err)
	}
}

func introducesItself(t *testing.T, h House) {
	if h.Provider.Name() == "" {
		t.Error("the provider has no name")
	}
	if c := h.Provider.Capabilities(); c.MultipleWriteKeys && !c.RotateWriteKey {
		t.Error("several write keys at once are of no use without rotation")
	}
}

func keepsWishesApart(t *testing.T, h House) {
	h.create(t, "op-1")
	w := h.wish("op-1")
	w.Tenant = "another-tenant"
	err := h.DB.WithContext(t.Context()).Transaction(func(tx *gorm.DB) error {
		_, err := h.Provider.Create(t.Context(), tx, w)
		return err
	})
	if err == nil {
		t.Error("another tenant was given the channel of a wish that is not his")
	}
}

func showsWhatCame(t *testing.T, h House) {
	c, other := h.create(t, "op-1"), h.create(t, "op-2")
	var came []string
	sees := func(when string) {
		t.Helper()
		if seen := h.Seen(t, c.ID); !slices.Equal(seen, came) {
			t.Errorf("%s %v is seen, %v came", when, seen, came)
		}
	}
	writes := func(values ...string) {
		t.Helper()
		for _, v := range values {
			if err := h.Write(c.WriteKey.Reveal(), v); err != nil {
				t.Fatal(err)
			}
			came = append(came, v)
		}
	}
	sees("at first")
	writes("21.5", "22.0")
	sees("then")
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Rename(ctx, tx, c.ID, "Cellar") })
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Move(ctx, tx, c.ID, h.Other) })
	h.settle(t)
	writes("22.0", "warm", "")
	sees("renamed and moved")
	if seen := h.Seen(t, other.ID); len(seen) > 0 {
		t.Errorf("of a channel that got nothing %v is seen", seen)
	}
	h.in(t, func(ctx context.Context, tx *gorm.DB) error { return h.Provider.Close(ctx, tx, c.ID) })
	h.settle(t)
	sees("closed")
}
