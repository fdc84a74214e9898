package client

import (
	"hash/fnv"
	"math"
	"strconv"
	"time"
)

// A Thermometer stands in for a real one in a living room: warmest in the
// afternoon, coolest before dawn, with doors and clouds in between. What it
// shows depends on the time alone, so that a day of history and the values
// measured now join without a step.
type Thermometer struct {
	seed        uint64
	mean, swing float64 // °C
}

// NewThermometer makes the one with this serial: the same serial is the same
// room.
func NewThermometer(serial string) Thermometer {
	h := fnv.New64a()
	h.Write([]byte(serial))
	t := Thermometer{seed: h.Sum64()}
	t.mean = 21 + t.noise(1, 0)
	t.swing = 1.8 + 0.5*t.noise(2, 0)
	return t
}

// At gives the temperature in °C, between 15 and 27, by the local time of day.
func (t Thermometer) At(at time.Time) float64 {
	h, m, s := at.Clock()
	hours := float64(h) + float64(m)/60 + float64(s)/3600
	return t.mean + t.swing*math.Sin(2*math.Pi*(hours-9.5)/24) +
		0.5*t.drift(3, at, 53*time.Minute) + 0.15*t.drift(4, at, 7*time.Minute) + 0.03*t.noise(5, at.Unix())
}

// Measure is a row for Run and Backfill: °C with two decimals in field1.
func (t Thermometer) Measure(at time.Time) (Row, error) {
	return Row{Fields: []string{strconv.FormatFloat(t.At(at), 'f', 2, 64)}}, nil
}

// drift wanders smoothly between -1 and 1, turning once a period.
func (t Thermometer) drift(kind uint64, at time.Time, period time.Duration) float64 {
	seconds := int64(period / time.Second)
	n := at.Unix() / seconds
	x := float64(at.Unix()%seconds) / float64(seconds)
	x = x * x * (3 - 2*x)
	return t.noise(kind, n)*(1-x) + t.noise(kind, n+1)*x
}

// noise gives a number between -1 and 1, always the same for the same n
// (the finaliser of splitmix64).
func (t Thermometer) noise(kind uint64, n int64) float64 {
	z := t.seed + kind*0x9E3779B97F4A7C15 + uint64(n)*0xD1B54A32D192ED03
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	z ^= z >> 31
	return float64(z>>11)/(1<<52) - 1
}
