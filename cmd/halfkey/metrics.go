package main

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meters are what an operator watches. Labels are route patterns and outcomes, never
// what a caller sent.
type meters struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec

	mu    sync.RWMutex
	found map[series]prometheus.Observer // requests by labels, spared the search for each
}

// series are the labels of a request.
type series struct {
	door, method, route string
	status              int
}

func (m *meters) observe(s series, took time.Duration) {
	m.mu.RLock()
	o, ok := m.found[s]
	m.mu.RUnlock()
	if !ok {
		o = m.requests.WithLabelValues(s.door, s.method, s.route, strconv.Itoa(s.status))
		m.mu.Lock()
		m.found[s] = o
		m.mu.Unlock()
	}
	o.Observe(took.Seconds())
}

func newMeters() *meters {
	m := &meters{
		registry: prometheus.NewRegistry(),
		found:    map[series]prometheus.Observer{},
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "halfkey_request_seconds",
			Help:    "Time to answer a request, by door, method, route pattern and status.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5, 10},
		}, []string{"door", "method", "route", "status"}),
	}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch measures every request of a door. A live stream counts by its status alone,
// for it lasts as long as somebody looks.
func (m *meters) watch(door string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			err := next(c)
			if err != nil {
				c.Error(err)
			}
			took := time.Since(start)
			if c.Response().Header().Get(echo.HeaderContentType) == "text/event-stream" {
				took = 0
			}
			route := c.Path()
			if route == "" {
				route = "none"
			}
			m.observe(series{door, method(c.Request().Method), route, c.Response().Status}, took)
			return nil
		}
	}
}

// watchWhole measures a door that is no echo, by the first word of the path where that
// is one of ours.
func (m *meters) watchWhole(door string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, status := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(status, r)
		route := "other"
		switch first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); first {
		case "update", "update.json", "update.xml":
			route = "/update"
		case "channels", "channels.json":
			route = "/channels"
		}
		m.observe(series{door, method(r.Method), route, status.status}, time.Since(start))
	})
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// method keeps invented methods from growing the series.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions, http.MethodPatch:
		return m
	}
	return "other"
}

func (m *meters) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
