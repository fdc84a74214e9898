package agents

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"halfkey/connectors/channels"
	"halfkey/iam/fault"
	"halfkey/policies"
)

// A Reading is what was measured at one moment.
type Reading struct {
	At     time.Time
	Values []Value
}

// A Value belongs to a point of the data source configuration. Quality is "0"
// for a good one.
type Value struct {
	Point   string
	Quality string
	Value   string
}

// ErrReading is a value that cannot be kept.
var ErrReading = fault.New(fault.Malformed, "agent-reading", "The time series cannot be kept.")

// atOnce is how many moments one transaction carries, so that nobody waits long.
const atOnce = 1000

// Exchange keeps what an agent measured, all of it or, when a point is unknown or
// a value is none, nothing. What comes again is there once. What is kept before
// a failure of ours stays; the agent sends it all again.
func (s *Service) Exchange(ctx context.Context, id ID, readings []Reading) error {
	r, err := s.findOwn(ctx, id, policies.ManageAgent)
	if err != nil {
		return err
	}
	spots, err := spotsOf(ctx, s.DB.WithContext(ctx), id)
	if err != nil {
		return err
	}
	sorted, err := sortOut(spots, readings)
	if err != nil {
		return err
	}
	for len(sorted) > 0 {
		n := min(len(sorted), atOnce)
		var grown []channels.Grown
		err := s.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			grown, err = s.keep(ctx, tx, sorted[:n])
			return err
		})
		if err != nil {
			return fmt.Errorf("values of %s: %w", r.ID, err)
		}
		for _, g := range grown {
			s.Channels.Told(g)
		}
		sorted = sorted[n:]
	}
	return nil
}

// A batch is what goes into one channel at one moment.
type batch struct {
	channel channels.ID
	channels.Sample
}

func (s *Service) keep(ctx context.Context, tx *gorm.DB, list []batch) (grown []channels.Grown, err error) {
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].channel == list[0].channel {
			n++
		}
		samples := make([]channels.Sample, n)
		for i := range samples {
			samples[i] = list[i].Sample
		}
		g, err := s.Channels.Append(ctx, tx, list[0].channel, samples)
		if err != nil {
			return nil, err
		}
		grown, list = append(grown, g), list[n:]
	}
	return grown, nil
}

// sortOut finds for every value its channel and field. The result is in the
// order of channels, so that two that lock them cannot wait for each other.
func sortOut(spots []spot, readings []Reading) ([]batch, error) {
	known := make(map[string]spot, len(spots))
	for _, p := range spots {
		if p.live {
			known[p.point] = p
		}
	}
	byChannel := map[string][]batch{}
	for i, reading := range readings {
		at := "[" + strconv.Itoa(i) + "]"
		moment := map[string]*batch{}
		for j, v := range reading.Values {
			where := at + ".values[" + strconv.Itoa(j) + "]"
			p, ok := known[v.Point]
			if !ok {
				return nil, ErrReading.At(where+".dataPointId", "is none of the data source configuration")
			}
			value, err := p.value(v, where)
			if err != nil {
				return nil, err
			}
			b := moment[p.channel]
			if b == nil {
				id, err := channels.ParseID(p.channel)
				if err != nil {
					return nil, err
				}
				b = &batch{channel: id, Sample: channels.Sample{At: reading.At}}
				moment[p.channel] = b
			}
			b.Fields[p.field-1] = &value
			b.note(p, v)
		}
		for channel, b := range moment {
			byChannel[channel] = append(byChannel[channel], *b)
		}
	}
	return inOrder(byChannel), nil
}

// value is v as a channel keeps it: truth as 1 and 0, so that it can be drawn.
func (p spot) value(v Value, where string) (string, error) {
	text := v.Value
	switch {
	case p.kind == "BOOLEAN":
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "true", "1":
			return "1", nil
		case "false", "0":
			return "0", nil
		}
		return "", ErrReading.At(where+".value", "is true or false")
	case types[p.kind]:
		if _, ok := channels.Number(text); !ok {
			return "", ErrReading.At(where+".value", "is a number")
		}
	}
	if !storable(text, 0, channels.MaxValue) {
		return "", ErrReading.At(where+".value", "has at most 255 bytes of UTF-8")
	}
	return text, nil
}

// note keeps a quality that is not good beside the values.
func (b *batch) note(p spot, v Value) {
	if v.Quality == "" || strings.Trim(v.Quality, "0") == "" || !storable(v.Quality, 0, 32) {
		return
	}
	text := "quality of field " + strconv.Itoa(p.field) + ": " + v.Quality
	if b.Status != nil {
		text = *b.Status + "; " + text
	}
	if len(text) <= channels.MaxValue {
		b.Status = &text
	}
}
