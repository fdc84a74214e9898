package main

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"halfkey/connectors/channels"
	"halfkey/iam"
	"halfkey/migrations"
	"halfkey/web/api"
)

// The rooms count for themselves, in a few atomic numbers; the registry reads
// them when somebody asks, so that no room knows of it.

func (m *meters) counter(name, help string, labels prometheus.Labels, count func() uint64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels},
		func() float64 { return float64(count()) }))
}

func (m *meters) registrations(t *api.Tally) {
	t.Each(func(door, outcome string, count func() uint64) {
		m.counter("halfkey_registrations_total", "Registrations of devices, by door and what they came to.",
			prometheus.Labels{"door": door, "outcome": outcome}, count)
	})
}

func (m *meters) values(t *channels.Tally) {
	m.counter("halfkey_values_stored_total", "Entries that are on disk.", nil, t.Stored.Load)
	for cause, count := range map[string]*atomic.Uint64{
		"wrong-key": &t.WrongKey, "too-soon": &t.TooSoon, "time-taken": &t.TimeTaken, "bad-value": &t.BadValue, "unavailable": &t.Failed,
	} {
		m.counter("halfkey_values_refused_total", "Entries that were not stored, by cause.", prometheus.Labels{"cause": cause}, count.Load)
	}
}

func (m *meters) passwords(p *iam.Passwords) {
	m.counter("halfkey_password_hashes_total", "Password hashes made: one for each try to sign in, whoever tries.", nil, func() uint64 { return uint64(p.Worked()) })
}

func (m *meters) streams(open func() int64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "halfkey_streams_open", Help: "Pages that are kept live now."},
		func() float64 { return float64(open()) }))
}

// commits shows how well deeds share SQLite's syncs. PostgreSQL has its own numbers.
func (m *meters) commits(db *migrations.DB) {
	if _, ok := db.Commits(); !ok {
		return
	}
	m.registry.MustRegister(commits{db, prometheus.NewDesc("halfkey_commit_deeds", "How many deeds each commit of the database carried.", nil, nil)})
	m.counter("halfkey_commits_failed_total", "Commits that the database gave up, with every deed in them.", nil, func() uint64 {
		c, _ := db.Commits()
		return c.Failed
	})
}

// commits is a histogram that the writer has already counted.
type commits struct {
	db   *migrations.DB
	desc *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c commits) Describe(to chan<- *prometheus.Desc) { to <- c.desc }

// Collect implements prometheus.Collector.
func (c commits) Collect(to chan<- prometheus.Metric) {
	now, _ := c.db.Commits()
	to <- prometheus.MustNewConstHistogram(c.desc, now.Count, float64(now.Deeds), now.UpTo)
}
