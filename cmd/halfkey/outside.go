package main

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"halfkey/connectors"
	"halfkey/connectors/agenttoken"
	"halfkey/connectors/thingspeak"
)

// outside joins the desk that works outside with the providers that write down
// what it has to do. Devices hear what became of their channels; they are
// joined later than this.
func (h *house) outside() []connectors.Provider {
	services := map[string]connectors.Service{}
	for _, s := range []connectors.Service{thingspeak.New(h.config.PrivateTargets), agenttoken.New(h.config.PrivateTargets)} {
		services[s.Name()] = s
	}
	h.desk = &connectors.Desk{
		DB: h.db.Gorm, Vault: h.vault, Decider: h.decider, Services: services, Keeps: h.channels, Now: h.now, Log: h.log,
		Told: func(ctx context.Context, tx *gorm.DB, n connectors.News) error {
			return h.devices.ChannelNews(ctx, tx, n)
		},
		After: func(n connectors.News) { h.devices.ChannelTold(n) },
	}
	var providers []connectors.Provider
	for _, s := range services {
		providers = append(providers, &connectors.Outside{Service: s, Vault: h.vault, Keeps: h.channels, Now: h.now, Wake: h.desk.Wake})
	}
	return providers
}

// abroad is a look at what is due with services outside, for what nobody has woken
// the desk for: second tries, hourly comparisons.
type abroad struct{}

// Kind names the job in the queue.
func (abroad) Kind() string { return "connectors" }

type clerk struct {
	river.WorkerDefaults[abroad]
	house *house
}

// Timeout leaves room for very many channels.
func (*clerk) Timeout(*river.Job[abroad]) time.Duration { return 10 * time.Minute }

// Work does what is due.
func (w *clerk) Work(ctx context.Context, _ *river.Job[abroad]) error { return w.house.desk.Run(ctx) }

// overseas is a look at what channels outside hold, for what nobody looks at.
type overseas struct{}

// Kind names the job in the queue.
func (overseas) Kind() string { return "readings" }

type reader struct {
	river.WorkerDefaults[overseas]
	house *house
}

// Work reads what is due.
func (w *reader) Work(ctx context.Context, _ *river.Job[overseas]) error {
	return w.house.desk.ReadDue(ctx)
}

func (h *house) workOutside(workers *river.Workers) []*river.PeriodicJob {
	river.AddWorker(workers, &clerk{house: h})
	river.AddWorker(workers, &reader{house: h})
	once := &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
	return []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(20*time.Second), func() (river.JobArgs, *river.InsertOpts) { return abroad{}, once }, &river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(30*time.Second), func() (river.JobArgs, *river.InsertOpts) { return overseas{}, once }, nil),
	}
}
